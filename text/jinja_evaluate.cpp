// Expressions.
#include "text/jinja_interpreter.h"
#include "text/jinja_nesting.h"
#include "text/jinja_operators.h"

namespace zlens {

JinjaValue JinjaInterpreter::eval(const JinjaExpr& expr) {
  budget_.at_line(expr.line);
  budget_.step();
  const JinjaNesting nesting(budget_, nesting_);
  switch (expr.kind) {
    case JinjaExprKind::constant:
      return expr.value;
    case JinjaExprKind::name:
      return eval_name(expr.text);
    case JinjaExprKind::list:
    case JinjaExprKind::tuple:
      return eval_sequence(expr);
    case JinjaExprKind::dict:
      return eval_dict(expr);
    case JinjaExprKind::attribute:
    case JinjaExprKind::item:
    case JinjaExprKind::slice:
      return eval_access(expr);
    case JinjaExprKind::call:
      return eval_call(expr);
    case JinjaExprKind::filter:
    case JinjaExprKind::test:
      return eval_filter(expr);
    case JinjaExprKind::negate:
    case JinjaExprKind::plus:
      return eval_sign(expr);
    case JinjaExprKind::invert:
    case JinjaExprKind::both:
    case JinjaExprKind::either:
    case JinjaExprKind::choice:
      return eval_logic(expr);
    case JinjaExprKind::binary: {
      const JinjaValue left = eval(*expr.children[0]);
      const JinjaValue right = eval(*expr.children[1]);
      return apply_operator(budget_, expr.op, left, right);
    }
    case JinjaExprKind::concat:
      return eval_concat(expr);
    case JinjaExprKind::compare:
      return eval_compare(expr);
  }
  budget_.fail("an expression of an unknown kind");
}

JinjaValue JinjaInterpreter::eval_name(const std::string& name) const {
  for (const JinjaScope* scope = scope_.get(); scope; scope = scope->parent.get()) {
    const auto found = scope->variables.find(name);
    if (found != scope->variables.end()) return found->second;
  }
  return JinjaValue::undefined("'" + name + "' is undefined");
}

JinjaValue JinjaInterpreter::eval_sequence(const JinjaExpr& expr) {
  std::vector<JinjaValue> items;
  items.reserve(expr.children.size());
  for (const auto& child : expr.children) items.push_back(eval(*child));
  return make_sequence(budget_, std::move(items),
                       expr.kind == JinjaExprKind::tuple ? JinjaSequenceKind::tuple : JinjaSequenceKind::list);
}

JinjaValue JinjaInterpreter::eval_dict(const JinjaExpr& expr) {
  std::vector<std::pair<JinjaValue, JinjaValue>> entries;
  for (std::size_t i = 0; i + 1 < expr.children.size(); i += 2) {
    JinjaValue key = eval(*expr.children[i]);
    entries.emplace_back(std::move(key), eval(*expr.children[i + 1]));
  }
  return make_dict(budget_, std::move(entries));
}

JinjaValue JinjaInterpreter::eval_access(const JinjaExpr& expr) {
  const JinjaValue container = eval(*expr.children[0]);
  if (expr.kind == JinjaExprKind::attribute) return get_attribute(budget_, container, expr.text);
  if (expr.kind == JinjaExprKind::item) return get_item(budget_, container, eval(*expr.children[1]));
  JinjaSlice slice;
  if (expr.children[1]) slice.start = eval(*expr.children[1]);
  if (expr.children[2]) slice.stop = eval(*expr.children[2]);
  if (expr.children[3]) slice.step = eval(*expr.children[3]);
  return get_slice(budget_, container, slice);
}

JinjaValue JinjaInterpreter::eval_logic(const JinjaExpr& expr) {
  if (expr.kind == JinjaExprKind::choice) {
    if (eval(*expr.children[1]).truthy()) return eval(*expr.children[0]);
    return expr.children[2] ? eval(*expr.children[2]) : JinjaValue::undefined("the inline if is false and has no else");
  }
  JinjaValue first = eval(*expr.children[0]);
  if (expr.kind == JinjaExprKind::invert) return !first.truthy();
  const bool decided = first.truthy() == (expr.kind == JinjaExprKind::either);
  return decided ? first : eval(*expr.children[1]);
}

JinjaValue JinjaInterpreter::eval_sign(const JinjaExpr& expr) {
  const JinjaValue value = negate(budget_, eval(*expr.children[0]));
  return expr.kind == JinjaExprKind::negate ? value : negate(budget_, value);
}

bool JinjaInterpreter::compare(const std::string& op, const JinjaValue& left, const JinjaValue& right) {
  if (op == "==") return equal_values(budget_, left, right);
  if (op == "!=") return !equal_values(budget_, left, right);
  if (op == "in") return contains(budget_, right, left);
  if (op == "not in") return !contains(budget_, right, left);
  return ordered(budget_, op, left, right);
}

JinjaValue JinjaInterpreter::eval_compare(const JinjaExpr& expr) {
  JinjaValue left = eval(*expr.children[0]);
  for (std::size_t i = 0; i < expr.operators.size(); ++i) {
    JinjaValue right = eval(*expr.children[i + 1]);
    if (!compare(expr.operators[i], left, right)) return false;
    left = std::move(right);
  }
  return true;
}

JinjaValue JinjaInterpreter::eval_concat(const JinjaExpr& expr) {
  std::string text;
  for (const auto& child : expr.children) {
    text += to_text(budget_, eval(*child));
    if (text.size() > JinjaLimits::string_bytes) budget_.string_of(text.size());
  }
  return text;
}

JinjaArgs JinjaInterpreter::eval_args(const JinjaExpr& expr) {
  JinjaArgs args;
  for (std::size_t i = 1; i < expr.children.size(); ++i) args.positional.push_back(eval(*expr.children[i]));
  for (const auto& [name, value] : expr.named) args.named.emplace_back(name, eval(*value));
  return args;
}

JinjaValue JinjaInterpreter::call(const JinjaValue& callee, const JinjaArgs& args) {
  if (JinjaObject* object = callee.object()) return object->call(budget_, args);
  if (callee.is_undefined()) budget_.fail(callee.hint() ? *callee.hint() : "a function is undefined");
  budget_.fail("'" + callee.type_name() + "' object is not callable");
}

JinjaValue JinjaInterpreter::eval_call(const JinjaExpr& expr) {
  const JinjaValue callee = eval(*expr.children[0]);
  const JinjaArgs args = eval_args(expr);
  budget_.at_line(expr.line);
  return call(callee, args);
}

JinjaValue JinjaInterpreter::eval_filter(const JinjaExpr& expr, const JinjaValue* input) {
  const JinjaExpr* inner = expr.children[0].get();
  JinjaValue value;
  if (!inner) {
    if (input) value = *input;
  } else {
    value = input ? eval_filter(*inner, input) : eval(*inner);
  }
  const JinjaArgs args = eval_args(expr);
  budget_.at_line(expr.line);
  if (expr.test) return expr.test(budget_, value, args);
  return expr.filter(budget_, value, args);
}

}  // namespace zlens
