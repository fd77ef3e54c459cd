// What follows a value: attributes, subscripts, calls, filters and tests.
#include <algorithm>

#include "text/jinja_parser.h"

namespace zlens {

JinjaExprPtr JinjaExprParser::postfix(JinjaExprPtr value) {
  while (true) {
    if (is_symbol(".")) {
      value = dotted(std::move(value));
    } else if (is_symbol("[")) {
      value = subscript(std::move(value));
    } else if (is_symbol("(")) {
      value = call(std::move(value));
    } else {
      return value;
    }
  }
}

JinjaExprPtr JinjaExprParser::filters_and_tests(JinjaExprPtr value) {
  while (true) {
    if (is_symbol("|")) {
      advance();
      value = filter(std::move(value));
    } else if (is_name("is")) {
      value = test(std::move(value));
    } else if (is_symbol("(")) {
      value = call(std::move(value));
    } else {
      return value;
    }
  }
}

JinjaExprPtr JinjaExprParser::filter_chain(JinjaExprPtr value, bool starts_inline) {
  if (starts_inline) value = filter(std::move(value));
  while (skip_symbol("|")) value = filter(std::move(value));
  return value;
}

JinjaExprPtr JinjaExprParser::filter(JinjaExprPtr value) {
  JinjaExprPtr expr = make(JinjaExprKind::filter, current().line);
  expr->text = take_name();
  expr->filter = find_filter(expr->text);
  if (!expr->filter) fail("no filter named '" + expr->text + "' in this engine");
  adopt(*expr, std::move(value));
  if (is_symbol("(")) arguments(*expr);
  return expr;
}

bool JinjaExprParser::starts_test_argument() const {
  switch (current().kind) {
    case JinjaTokenKind::name:
      return !is_name("else") && !is_name("or") && !is_name("and");
    case JinjaTokenKind::string:
    case JinjaTokenKind::integer:
    case JinjaTokenKind::real:
      return true;
    default:
      return is_symbol("[") || is_symbol("{");
  }
}

JinjaExprPtr JinjaExprParser::test(JinjaExprPtr value) {
  JinjaExprPtr expr = make(JinjaExprKind::test, current().line);
  expect_name("is");
  const bool negated = skip_name("not");
  expr->text = take_name();
  expr->test = find_test(expr->text);
  if (!expr->test) fail("no test named '" + expr->text + "' in this engine");
  adopt(*expr, std::move(value));
  if (is_symbol("(")) {
    arguments(*expr);
  } else if (starts_test_argument()) {
    if (is_name("is")) fail("tests cannot be chained with is");
    adopt(*expr, postfix(primary()));
  }
  if (!negated) return expr;
  JinjaExprPtr inverse = make(JinjaExprKind::invert, expr->line);
  adopt(*inverse, std::move(expr));
  return inverse;
}

JinjaExprPtr JinjaExprParser::dotted(JinjaExprPtr value) {
  const int line = current().line;
  expect_symbol(".");
  const bool by_index = current().kind == JinjaTokenKind::integer;
  JinjaExprPtr expr = make(by_index ? JinjaExprKind::item : JinjaExprKind::attribute, line);
  adopt(*expr, std::move(value));
  if (!by_index) {
    expr->text = take_name();
    return expr;
  }
  JinjaExprPtr index = make(JinjaExprKind::constant, line);
  index->value = current().number;
  advance();
  adopt(*expr, std::move(index));
  return expr;
}

JinjaExprPtr JinjaExprParser::subscript(JinjaExprPtr value) {
  const int line = current().line;
  expect_symbol("[");
  if (is_symbol("]")) fail("expected an expression in []");
  JinjaExprPtr key = is_symbol(":") ? nullptr : expression();
  if (is_symbol(":")) return slice(std::move(value), std::move(key), line);
  JinjaExprPtr expr = make(JinjaExprKind::item, line);
  adopt(*expr, std::move(value));
  adopt(*expr, std::move(key));
  expect_symbol("]");
  return expr;
}

JinjaExprPtr JinjaExprParser::slice(JinjaExprPtr value, JinjaExprPtr start, int line) {
  JinjaExprPtr expr = make(JinjaExprKind::slice, line);
  adopt(*expr, std::move(value));
  adopt(*expr, std::move(start));
  for (int part = 0; part < 2; ++part) {
    const bool given = skip_symbol(":") && !is_symbol(":") && !is_symbol("]");
    adopt(*expr, given ? expression() : nullptr);
  }
  expect_symbol("]");
  return expr;
}

JinjaExprPtr JinjaExprParser::call(JinjaExprPtr value) {
  JinjaExprPtr expr = make(JinjaExprKind::call, current().line);
  adopt(*expr, std::move(value));
  arguments(*expr);
  return expr;
}

void JinjaExprParser::arguments(JinjaExpr& call) {
  expect_symbol("(");
  while (!is_symbol(")")) {
    if (is_symbol("*") || is_symbol("**")) fail("arguments unpacked with * or ** are not supported");
    const JinjaToken& next = tokens_[std::min(at_ + 1, tokens_.size() - 1)];
    if (current().kind == JinjaTokenKind::name && next.kind == JinjaTokenKind::symbol && next.text == "=") {
      std::string name = take_name();
      advance();
      JinjaExprPtr value = expression();
      call.depth = std::max(call.depth, value->depth + 1);
      call.named.emplace_back(std::move(name), std::move(value));
    } else {
      if (!call.named.empty()) fail("a plain argument follows a named one");
      adopt(call, expression());
    }
    if (!is_symbol(")")) expect_symbol(",");
  }
  advance();
}

}  // namespace zlens
