// Statements; jinja_evaluate.cpp has the expressions.
#include "text/jinja_interpreter.h"

#include "text/jinja_nesting.h"
#include "text/jinja_operators.h"

namespace zlens {

// Makes `scope` the current one as long as it lives.
class JinjaInterpreter::InScope {
 public:
  InScope(JinjaInterpreter& interpreter, Scope scope) : interpreter_(interpreter), outer_(std::move(scope)) {
    interpreter_.scope_.swap(outer_);
  }
  ~InScope() { interpreter_.scope_.swap(outer_); }
  InScope(const InScope&) = delete;
  InScope& operator=(const InScope&) = delete;

 private:
  JinjaInterpreter& interpreter_;
  Scope outer_;
};

class JinjaInterpreter::Macro : public JinjaObject {
 public:
  Macro(JinjaInterpreter& interpreter, const JinjaStmt& stmt, Scope scope)
      : interpreter_(interpreter), stmt_(stmt), scope_(std::move(scope)) {}
  std::string type_name() const override { return "Macro"; }
  bool callable() const override { return true; }

  JinjaValue call(JinjaBudget& budget, const JinjaArgs& args) override {
    auto inner = std::make_shared<JinjaScope>();
    inner->parent = scope_;
    bind_positional(budget, args, *inner);
    bind_named(budget, args, *inner);
    {
      const InScope in_scope(interpreter_, inner);
      bind_presets(*inner);
    }
    return interpreter_.capture(stmt_.bodies[0], inner);
  }

 private:
  void bind_positional(JinjaBudget& budget, const JinjaArgs& args, JinjaScope& inner) const {
    const std::size_t known = stmt_.parameters.size();
    std::vector<JinjaValue> extra;
    for (std::size_t i = 0; i < args.positional.size(); ++i) {
      if (i < known) {
        inner.variables[stmt_.parameters[i].name] = args.positional[i];
      } else {
        extra.push_back(args.positional[i]);
      }
    }
    if (!extra.empty() && !stmt_.takes_extra) {
      budget.fail("macro '" + stmt_.text + "' takes not more than " + std::to_string(known) + " arguments");
    }
    if (stmt_.takes_extra) inner.variables["varargs"] = make_sequence(budget, std::move(extra), JinjaSequenceKind::tuple);
  }

  void bind_named(JinjaBudget& budget, const JinjaArgs& args, JinjaScope& inner) const {
    std::vector<std::pair<JinjaValue, JinjaValue>> extra;
    for (const auto& [name, value] : args.named) {
      const bool known = name == "caller" || has_parameter(name);
      if (known && inner.variables.contains(name)) budget.fail("macro '" + stmt_.text + "' has two values for '" + name + "'");
      if (!known && !stmt_.takes_extra_named) budget.fail("macro '" + stmt_.text + "' has no argument '" + name + "'");
      if (known) {
        inner.variables[name] = value;
      } else {
        extra.emplace_back(name, value);
      }
    }
    if (stmt_.takes_extra_named) inner.variables["kwargs"] = make_dict(budget, std::move(extra));
  }

  bool has_parameter(const std::string& name) const {
    for (const JinjaParameter& parameter : stmt_.parameters) {
      if (parameter.name == name) return true;
    }
    return false;
  }

  void bind_presets(JinjaScope& inner) const {
    for (const JinjaParameter& parameter : stmt_.parameters) {
      if (inner.variables.contains(parameter.name)) continue;
      inner.variables[parameter.name] = parameter.preset
                                            ? interpreter_.eval(*parameter.preset)
                                            : JinjaValue::undefined("parameter '" + parameter.name + "' was not provided");
    }
  }

  JinjaInterpreter& interpreter_;
  const JinjaStmt& stmt_;
  Scope scope_;
};

JinjaInterpreter::JinjaInterpreter(const OrderedJson& variables, std::int64_t now) : scope_(std::make_shared<JinjaScope>()) {
  for (auto& [name, function] : builtin_functions(now)) scope_->variables[name] = function;
  scope_->variables["namespace"] = make_function([this](JinjaBudget&, const JinjaArgs& args) { return make_namespace(args); });
  scope_ = child_scope();
  for (const auto& [name, value] : variables.items()) scope_->variables[name] = from_json(value);
}

JinjaInterpreter::~JinjaInterpreter() {
  for (const auto& space : namespaces_) space->clear();
  for (const Scope& scope : captured_) scope->variables.clear();
}

std::string JinjaInterpreter::run(const JinjaBody& body) {
  return capture(body, child_scope());
}

JinjaInterpreter::Scope JinjaInterpreter::child_scope() const {
  auto scope = std::make_shared<JinjaScope>();
  scope->parent = scope_;
  return scope;
}

JinjaValue JinjaInterpreter::make_namespace(const JinjaArgs& args) {
  auto space = std::make_shared<JinjaNamespace>();
  namespaces_.push_back(space);
  for (auto& [name, value] : dict_arguments(budget_, args)) {
    if (!name.is_text()) budget_.fail("names in a namespace are texts");
    space->set(budget_, *name.text(), std::move(value));
  }
  return JinjaValue::Object(std::move(space));
}

JinjaValue JinjaInterpreter::make_macro(const JinjaStmt& stmt) {
  if (captured_.empty() || captured_.back() != scope_) captured_.push_back(scope_);
  return JinjaValue::Object(std::make_shared<Macro>(*this, stmt, scope_));
}

void JinjaInterpreter::write(std::string_view text) {
  if (text.size() > JinjaLimits::string_bytes - out_->size()) {
    budget_.fail("the output is over the limit of " + std::to_string(JinjaLimits::string_bytes) + " bytes");
  }
  budget_.bytes(text.size());
  *out_ += text;
}

std::string JinjaInterpreter::capture(const JinjaBody& body, Scope scope) {
  std::string buffer;
  std::string* const outer = std::exchange(out_, &buffer);
  const InScope in_scope(*this, std::move(scope));
  exec(body);
  out_ = outer;  // after an exception nothing is written any more
  return buffer;
}

JinjaInterpreter::Flow JinjaInterpreter::exec(const JinjaBody& body) {
  for (const auto& stmt : body) {
    const Flow flow = exec(*stmt);
    if (flow != Flow::normal) return flow;
  }
  return Flow::normal;
}

JinjaInterpreter::Flow JinjaInterpreter::exec(const JinjaStmt& stmt) {
  budget_.at_line(stmt.line);
  budget_.step();
  const JinjaNesting nesting(budget_, nesting_);
  switch (stmt.kind) {
    case JinjaStmtKind::text:
      write(stmt.text);
      break;
    case JinjaStmtKind::print:
      write(to_text(budget_, eval(*stmt.expr)));
      break;
    case JinjaStmtKind::condition:
      return exec_condition(stmt);
    case JinjaStmtKind::loop:
      return exec_loop(stmt);
    case JinjaStmtKind::assign:
      assign(stmt.target, eval(*stmt.expr));
      break;
    case JinjaStmtKind::assign_block:
    case JinjaStmtKind::filter_block:
      exec_block(stmt);
      break;
    case JinjaStmtKind::macro:
      scope_->variables[stmt.text] = make_macro(stmt);
      break;
    case JinjaStmtKind::call_block:
      exec_call_block(stmt);
      break;
    case JinjaStmtKind::scope:
      return exec_scope(stmt);
    case JinjaStmtKind::leave:
      return Flow::leave;
    case JinjaStmtKind::next_round:
      return Flow::next_round;
  }
  return Flow::normal;
}

JinjaInterpreter::Flow JinjaInterpreter::exec_condition(const JinjaStmt& stmt) {
  for (std::size_t i = 0; i < stmt.tests.size(); ++i) {
    if (eval(*stmt.tests[i]).truthy()) return exec(stmt.bodies[i]);
  }
  return stmt.bodies.size() > stmt.tests.size() ? exec(stmt.bodies.back()) : Flow::normal;
}

std::vector<JinjaValue> JinjaInterpreter::loop_items(const JinjaStmt& stmt) {
  std::vector<JinjaValue> items = iterate(budget_, eval(*stmt.expr));
  if (stmt.tests.empty()) return items;
  std::vector<JinjaValue> kept;
  const InScope in_scope(*this, child_scope());
  for (JinjaValue& item : items) {
    assign(stmt.target, item);
    if (eval(*stmt.tests[0]).truthy()) kept.push_back(std::move(item));
  }
  return kept;
}

JinjaInterpreter::Flow JinjaInterpreter::exec_loop(const JinjaStmt& stmt) {
  const auto loop = std::make_shared<JinjaLoop>(loop_items(stmt));
  if (loop->at_end()) {
    if (stmt.bodies.size() < 2) return Flow::normal;
    const InScope in_scope(*this, child_scope());
    return exec(stmt.bodies[1]);
  }
  for (; !loop->at_end(); loop->advance()) {
    budget_.step();
    // A scope for each round: what a round sets, the next one does not see.
    const InScope in_scope(*this, child_scope());
    scope_->variables["loop"] = JinjaValue::Object(loop);
    assign(stmt.target, loop->item());
    if (exec(stmt.bodies[0]) == Flow::leave) break;
  }
  return Flow::normal;
}

JinjaInterpreter::Flow JinjaInterpreter::exec_scope(const JinjaStmt& stmt) {
  const Scope inner = child_scope();
  // The values see the outer scope only.
  for (const JinjaParameter& parameter : stmt.parameters) inner->variables[parameter.name] = eval(*parameter.preset);
  const InScope in_scope(*this, inner);
  return exec(stmt.bodies[0]);
}

void JinjaInterpreter::exec_block(const JinjaStmt& stmt) {
  JinjaValue text = capture(stmt.bodies[0], child_scope());
  if (stmt.expr) text = eval_filter(*stmt.expr, &text);
  if (stmt.kind == JinjaStmtKind::assign_block) {
    assign(stmt.target, text);
  } else {
    write(to_text(budget_, text));
  }
}

void JinjaInterpreter::exec_call_block(const JinjaStmt& stmt) {
  const JinjaValue callee = eval(*stmt.expr->children[0]);
  JinjaArgs args = eval_args(*stmt.expr);
  args.named.emplace_back("caller", make_macro(stmt));
  write(to_text(budget_, call(callee, args)));
}

void JinjaInterpreter::assign(const JinjaTarget& target, const JinjaValue& value) {
  if (!target.attribute.empty()) return assign_attribute(target, value);
  if (!target.unpacks) {
    scope_->variables[target.names[0]] = value;
    return;
  }
  const std::vector<JinjaValue> parts = iterate(budget_, value);
  if (parts.size() != target.names.size()) {
    budget_.fail("cannot unpack " + std::to_string(parts.size()) + " values into " + std::to_string(target.names.size()) +
                 " names");
  }
  for (std::size_t i = 0; i < parts.size(); ++i) scope_->variables[target.names[i]] = parts[i];
}

void JinjaInterpreter::assign_attribute(const JinjaTarget& target, const JinjaValue& value) {
  const JinjaValue holder = eval_name(target.names[0]);
  auto* space = dynamic_cast<JinjaNamespace*>(holder.object());
  if (!space) budget_.fail("cannot assign attribute on non-namespace object '" + target.names[0] + "'");
  space->set(budget_, target.attribute, value);
}

}  // namespace zlens
