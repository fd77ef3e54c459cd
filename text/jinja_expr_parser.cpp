#include <algorithm>

#include "text/jinja_parser.h"

namespace zlens {

JinjaExprParser::Nesting::Nesting(JinjaExprParser& parser) : parser_(parser) {
  if (parser_.nesting_ >= JinjaLimits::syntax_depth) {
    parser_.fail("brackets or blocks nest deeper than " + std::to_string(JinjaLimits::syntax_depth) + " levels");
  }
  ++parser_.nesting_;
}

bool JinjaExprParser::is_symbol(std::string_view symbol) const {
  return current().kind == JinjaTokenKind::symbol && current().text == symbol;
}

bool JinjaExprParser::is_name(std::string_view name) const {
  return current().kind == JinjaTokenKind::name && current().text == name;
}

bool JinjaExprParser::skip_symbol(std::string_view symbol) {
  const bool found = is_symbol(symbol);
  if (found) advance();
  return found;
}

bool JinjaExprParser::skip_name(std::string_view name) {
  const bool found = is_name(name);
  if (found) advance();
  return found;
}

void JinjaExprParser::expect_symbol(std::string_view symbol) {
  if (!skip_symbol(symbol)) fail("expected '" + std::string(symbol) + "'");
}

void JinjaExprParser::expect_name(std::string_view name) {
  if (!skip_name(name)) fail("expected '" + std::string(name) + "'");
}

void JinjaExprParser::expect_kind(JinjaTokenKind kind) {
  if (current().kind != kind) fail_unexpected();
  advance();
}

std::string JinjaExprParser::take_name() {
  if (current().kind != JinjaTokenKind::name) fail("expected a name");
  std::string name = current().text;
  advance();
  return name;
}

void JinjaExprParser::fail(std::string_view why) const {
  fail_in_template(current().line, why);
}

void JinjaExprParser::fail_unexpected() const {
  const bool has_text = !current().text.empty() && current().kind != JinjaTokenKind::data;
  fail(has_text ? "unexpected '" + current().text + "'" : std::string("unexpected end of a tag or of the template"));
}

JinjaExprPtr JinjaExprParser::make(JinjaExprKind kind, int line) const {
  auto expr = std::make_unique<JinjaExpr>();
  expr->kind = kind;
  expr->line = line;
  return expr;
}

void JinjaExprParser::adopt(JinjaExpr& parent, JinjaExprPtr child) const {
  if (child) parent.depth = std::max(parent.depth, child->depth + 1);
  parent.children.push_back(std::move(child));
  if (parent.depth > JinjaLimits::tree_depth) {
    fail("an expression nests or chains deeper than " + std::to_string(JinjaLimits::tree_depth) + " levels");
  }
}

JinjaExprPtr JinjaExprParser::binary(JinjaExprPtr left, JinjaOperator op, JinjaExprPtr right, int line) const {
  JinjaExprPtr expr = make(JinjaExprKind::binary, line);
  expr->op = op;
  adopt(*expr, std::move(left));
  adopt(*expr, std::move(right));
  return expr;
}

JinjaExprPtr JinjaExprParser::expression(bool with_choice) {
  const Nesting nesting(*this);
  JinjaExprPtr value = either();
  while (with_choice && is_name("if")) {
    JinjaExprPtr choice = make(JinjaExprKind::choice, current().line);
    advance();
    adopt(*choice, std::move(value));
    adopt(*choice, either());
    adopt(*choice, skip_name("else") ? expression() : nullptr);
    value = std::move(choice);
  }
  return value;
}

JinjaExprPtr JinjaExprParser::either() {
  JinjaExprPtr left = both();
  while (is_name("or")) {
    JinjaExprPtr expr = make(JinjaExprKind::either, current().line);
    advance();
    adopt(*expr, std::move(left));
    adopt(*expr, both());
    left = std::move(expr);
  }
  return left;
}

JinjaExprPtr JinjaExprParser::both() {
  JinjaExprPtr left = inverted();
  while (is_name("and")) {
    JinjaExprPtr expr = make(JinjaExprKind::both, current().line);
    advance();
    adopt(*expr, std::move(left));
    adopt(*expr, inverted());
    left = std::move(expr);
  }
  return left;
}

JinjaExprPtr JinjaExprParser::inverted() {
  if (!is_name("not")) return comparison();
  const Nesting nesting(*this);
  JinjaExprPtr expr = make(JinjaExprKind::invert, current().line);
  advance();
  adopt(*expr, inverted());
  return expr;
}

std::string JinjaExprParser::comparison_operator() {
  for (const std::string_view symbol : {"==", "!=", "<", "<=", ">", ">="}) {
    if (skip_symbol(symbol)) return std::string(symbol);
  }
  if (skip_name("in")) return "in";
  const JinjaToken& next = tokens_[std::min(at_ + 1, tokens_.size() - 1)];
  if (is_name("not") && next.kind == JinjaTokenKind::name && next.text == "in") {
    advance();
    advance();
    return "not in";
  }
  return {};
}

JinjaExprPtr JinjaExprParser::comparison() {
  const int line = current().line;
  JinjaExprPtr first = sum();
  std::string op = comparison_operator();
  if (op.empty()) return first;
  JinjaExprPtr expr = make(JinjaExprKind::compare, line);
  adopt(*expr, std::move(first));
  for (; !op.empty(); op = comparison_operator()) {
    expr->operators.push_back(op);
    adopt(*expr, sum());
  }
  return expr;
}

JinjaExprPtr JinjaExprParser::sum() {
  JinjaExprPtr left = concatenation();
  while (is_symbol("+") || is_symbol("-")) {
    const JinjaOperator op = is_symbol("+") ? JinjaOperator::add : JinjaOperator::sub;
    const int line = current().line;
    advance();
    left = binary(std::move(left), op, concatenation(), line);
  }
  return left;
}

JinjaExprPtr JinjaExprParser::concatenation() {
  const int line = current().line;
  JinjaExprPtr first = product();
  if (!is_symbol("~")) return first;
  JinjaExprPtr expr = make(JinjaExprKind::concat, line);
  adopt(*expr, std::move(first));
  while (skip_symbol("~")) adopt(*expr, product());
  return expr;
}

JinjaExprPtr JinjaExprParser::product() {
  static const std::pair<std::string_view, JinjaOperator> operators[] = {
      {"*", JinjaOperator::mul}, {"/", JinjaOperator::div}, {"//", JinjaOperator::floor_div}, {"%", JinjaOperator::mod}};
  JinjaExprPtr left = power();
  while (true) {
    const auto* found =
        std::find_if(std::begin(operators), std::end(operators), [&](const auto& op) { return is_symbol(op.first); });
    if (found == std::end(operators)) return left;
    const int line = current().line;
    advance();
    left = binary(std::move(left), found->second, power(), line);
  }
}

JinjaExprPtr JinjaExprParser::power() {
  JinjaExprPtr left = unary(true);
  while (is_symbol("**")) {
    const int line = current().line;
    advance();
    left = binary(std::move(left), JinjaOperator::pow, unary(true), line);
  }
  return left;
}

JinjaExprPtr JinjaExprParser::unary(bool with_filter) {
  const Nesting nesting(*this);
  JinjaExprPtr value;
  if (is_symbol("-") || is_symbol("+")) {
    value = make(is_symbol("-") ? JinjaExprKind::negate : JinjaExprKind::plus, current().line);
    advance();
    adopt(*value, unary(false));
  } else {
    value = primary();
  }
  value = postfix(std::move(value));
  return with_filter ? filters_and_tests(std::move(value)) : std::move(value);
}

JinjaExprPtr JinjaExprParser::named_constant(const JinjaToken& token) {
  JinjaExprPtr expr = make(JinjaExprKind::constant, token.line);
  if (token.text == "true" || token.text == "True") {
    expr->value = true;
  } else if (token.text == "false" || token.text == "False") {
    expr->value = false;
  } else if (token.text == "none" || token.text == "None") {
    expr->value = JinjaNone{};
  } else {
    expr->kind = JinjaExprKind::name;
    expr->text = token.text;
    seen_names_.insert(token.text);
  }
  return expr;
}

JinjaExprPtr JinjaExprParser::string_constant() {
  JinjaExprPtr expr = make(JinjaExprKind::constant, current().line);
  std::string text;
  for (; current().kind == JinjaTokenKind::string; advance()) text += current().text;
  expr->value = std::move(text);
  return expr;
}

JinjaExprPtr JinjaExprParser::primary() {
  const JinjaToken& token = current();
  JinjaExprPtr expr;
  switch (token.kind) {
    case JinjaTokenKind::name:
      advance();
      return named_constant(token);
    case JinjaTokenKind::string:
      return string_constant();
    case JinjaTokenKind::integer:
    case JinjaTokenKind::real:
      expr = make(JinjaExprKind::constant, token.line);
      expr->value = token.number;
      advance();
      return expr;
    default:
      break;
  }
  if (skip_symbol("(")) {
    expr = tuple(true, {}, true);
    expect_symbol(")");
    return expr;
  }
  if (is_symbol("[")) return list();
  if (is_symbol("{")) return dict();
  fail_unexpected();
}

JinjaExprPtr JinjaExprParser::tuple(bool with_choice, std::string_view end_name, bool in_brackets) {
  const int line = current().line;
  const auto ends = [&] {
    const JinjaTokenKind kind = current().kind;
    return kind == JinjaTokenKind::variable_end || kind == JinjaTokenKind::block_end || is_symbol(")") ||
           (!end_name.empty() && is_name(end_name));
  };
  JinjaExprPtr expr = make(JinjaExprKind::tuple, line);
  if (ends()) {
    if (!in_brackets) fail("expected an expression");
    return expr;
  }
  JinjaExprPtr first = expression(with_choice);
  if (!is_symbol(",")) return first;
  adopt(*expr, std::move(first));
  while (skip_symbol(",") && !ends()) adopt(*expr, expression(with_choice));
  return expr;
}

JinjaExprPtr JinjaExprParser::list() {
  JinjaExprPtr expr = make(JinjaExprKind::list, current().line);
  expect_symbol("[");
  while (!is_symbol("]")) {
    adopt(*expr, expression());
    if (!is_symbol("]")) expect_symbol(",");
  }
  advance();
  return expr;
}

JinjaExprPtr JinjaExprParser::dict() {
  JinjaExprPtr expr = make(JinjaExprKind::dict, current().line);
  expect_symbol("{");
  while (!is_symbol("}")) {
    adopt(*expr, expression());
    expect_symbol(":");
    adopt(*expr, expression());
    if (!is_symbol("}")) expect_symbol(",");
  }
  advance();
  return expr;
}

}  // namespace zlens
