// Tokens to the tree. JinjaExprParser does expressions, JinjaParser adds statements.
#pragma once

#include <initializer_list>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "text/jinja_ast.h"
#include "text/jinja_lexer.h"

namespace zlens {

// Parses `source`. Throws InputError with the line on anything outside the subset, too deep nesting and too long sources.
JinjaBody parse_template(std::string_view source);

class JinjaExprParser {
 public:
  explicit JinjaExprParser(std::vector<JinjaToken> tokens) : tokens_(std::move(tokens)) {}

 protected:
  JinjaExprPtr expression(bool with_choice = true);
  // One expression, or a tuple where commas stand; ends before `end_name` and at a tag's end.
  JinjaExprPtr tuple(bool with_choice = true, std::string_view end_name = {}, bool in_brackets = false);
  // The chain of filters after a `|` (or, first, without one), over `value`, which may be null.
  JinjaExprPtr filter_chain(JinjaExprPtr value, bool starts_inline);

  const JinjaToken& current() const { return tokens_[at_]; }
  bool is_symbol(std::string_view symbol) const;
  bool is_name(std::string_view name) const;
  bool skip_symbol(std::string_view symbol);
  bool skip_name(std::string_view name);
  void expect_symbol(std::string_view symbol);
  void expect_name(std::string_view name);
  void expect_kind(JinjaTokenKind kind);
  std::string take_name();
  void advance() { at_ += at_ + 1 < tokens_.size(); }
  [[noreturn]] void fail(std::string_view why) const;
  [[noreturn]] void fail_unexpected() const;

  JinjaExprPtr make(JinjaExprKind kind, int line) const;
  // Appends a child (or null) and keeps the depth within bounds.
  void adopt(JinjaExpr& parent, JinjaExprPtr child) const;

  // Bounds the parser's own recursion.
  class Nesting {
   public:
    explicit Nesting(JinjaExprParser& parser);
    ~Nesting() { --parser_.nesting_; }
    Nesting(const Nesting&) = delete;
    Nesting& operator=(const Nesting&) = delete;

   private:
    JinjaExprParser& parser_;
  };

  std::set<std::string, std::less<>> seen_names_;  // of the macro being read

 private:
  JinjaExprPtr either();
  JinjaExprPtr both();
  JinjaExprPtr inverted();
  JinjaExprPtr comparison();
  JinjaExprPtr sum();
  JinjaExprPtr concatenation();
  JinjaExprPtr product();
  JinjaExprPtr power();
  JinjaExprPtr unary(bool with_filter);
  JinjaExprPtr primary();
  JinjaExprPtr string_constant();
  JinjaExprPtr named_constant(const JinjaToken& token);
  JinjaExprPtr list();
  JinjaExprPtr dict();
  JinjaExprPtr postfix(JinjaExprPtr value);
  JinjaExprPtr filters_and_tests(JinjaExprPtr value);
  JinjaExprPtr filter(JinjaExprPtr value);
  JinjaExprPtr test(JinjaExprPtr value);
  bool starts_test_argument() const;
  JinjaExprPtr dotted(JinjaExprPtr value);
  JinjaExprPtr subscript(JinjaExprPtr value);
  JinjaExprPtr slice(JinjaExprPtr value, JinjaExprPtr start, int line);
  JinjaExprPtr call(JinjaExprPtr value);
  void arguments(JinjaExpr& call);
  std::string comparison_operator();
  JinjaExprPtr binary(JinjaExprPtr left, JinjaOperator op, JinjaExprPtr right, int line) const;

  std::vector<JinjaToken> tokens_;
  std::size_t at_ = 0;
  int nesting_ = 0;
};

}  // namespace zlens
