// Runs a parsed template.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "text/jinja_ast.h"
#include "text/jinja_objects.h"

namespace zlens {

struct JinjaScope {
  std::map<std::string, JinjaValue, std::less<>> variables;
  std::shared_ptr<JinjaScope> parent;
};

// One rendering; not thread-safe, and not to be used twice. The tree must outlive it.
class JinjaInterpreter {
 public:
  // `variables` is an object; strftime_now sees `now`, seconds since 1970 in UTC.
  JinjaInterpreter(const OrderedJson& variables, std::int64_t now);
  ~JinjaInterpreter();
  JinjaInterpreter(const JinjaInterpreter&) = delete;
  JinjaInterpreter& operator=(const JinjaInterpreter&) = delete;

  // The text of the template. Throws InputError with the line where it fails or exceeds a limit.
  std::string run(const JinjaBody& body);

 private:
  class Macro;
  class InScope;
  enum class Flow { normal, leave, next_round };
  using Scope = std::shared_ptr<JinjaScope>;

  JinjaValue eval(const JinjaExpr& expr);
  JinjaValue eval_name(const std::string& name) const;
  JinjaValue eval_sequence(const JinjaExpr& expr);
  JinjaValue eval_dict(const JinjaExpr& expr);
  JinjaValue eval_access(const JinjaExpr& expr);
  JinjaValue eval_logic(const JinjaExpr& expr);
  JinjaValue eval_sign(const JinjaExpr& expr);
  JinjaValue eval_compare(const JinjaExpr& expr);
  bool compare(const std::string& op, const JinjaValue& left, const JinjaValue& right);
  JinjaValue eval_concat(const JinjaExpr& expr);
  JinjaValue eval_call(const JinjaExpr& expr);
  // `input` stands for the null value at the root of a chain of filters.
  JinjaValue eval_filter(const JinjaExpr& expr, const JinjaValue* input = nullptr);
  JinjaArgs eval_args(const JinjaExpr& expr);
  JinjaValue call(const JinjaValue& callee, const JinjaArgs& args);

  Flow exec(const JinjaBody& body);
  Flow exec(const JinjaStmt& stmt);
  Flow exec_condition(const JinjaStmt& stmt);
  Flow exec_loop(const JinjaStmt& stmt);
  std::vector<JinjaValue> loop_items(const JinjaStmt& stmt);
  Flow exec_scope(const JinjaStmt& stmt);
  void exec_block(const JinjaStmt& stmt);
  void exec_call_block(const JinjaStmt& stmt);
  void assign(const JinjaTarget& target, const JinjaValue& value);
  void assign_attribute(const JinjaTarget& target, const JinjaValue& value);

  void write(std::string_view text);
  // What the body writes, in a scope of its own below `parent`.
  std::string capture(const JinjaBody& body, Scope scope);
  Scope child_scope() const;
  JinjaValue make_macro(const JinjaStmt& stmt);
  JinjaValue make_namespace(const JinjaArgs& args);

  JinjaBudget budget_;
  int nesting_ = 0;
  std::string* out_ = nullptr;
  Scope scope_;
  // Macros hold their scope and scopes their macros; namespaces may hold each other. Emptied at the end.
  std::vector<Scope> captured_;
  std::vector<std::shared_ptr<JinjaNamespace>> namespaces_;
};

}  // namespace zlens
