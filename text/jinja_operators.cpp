#include "text/jinja_operators.h"

#include <cmath>

#include "text/jinja_format.h"
#include "text/jinja_text.h"

namespace zlens {
namespace {

const char* symbol(JinjaOperator op) {
  static const char* const symbols[] = {"+", "-", "*", "/", "//", "%", "**"};
  return symbols[static_cast<int>(op)];
}

[[noreturn]] void fail_undefined(JinjaBudget& budget, const JinjaValue& value) {
  budget.fail(value.hint() ? *value.hint() : "a value is undefined");
}

[[noreturn]] void fail_types(JinjaBudget& budget, std::string_view op, const JinjaValue& left, const JinjaValue& right) {
  for (const JinjaValue* value : {&left, &right}) {
    if (value->is_undefined()) fail_undefined(budget, *value);
  }
  budget.fail("unsupported operand types for " + std::string(op) + ": '" + left.type_name() + "' and '" + right.type_name() + "'");
}

[[noreturn]] void fail_overflow(JinjaBudget& budget) {
  budget.fail("a whole number is past 64 bits");
}

JinjaValue integer_power(JinjaBudget& budget, std::int64_t base, std::int64_t exponent) {
  if (exponent < 0) {
    if (base == 0) budget.fail("0 cannot be raised to a negative power");
    return std::pow(static_cast<double>(base), static_cast<double>(exponent));
  }
  std::int64_t result = 1;
  while (exponent > 0) {
    if ((exponent & 1) && __builtin_mul_overflow(result, base, &result)) fail_overflow(budget);
    exponent >>= 1;
    if (exponent > 0 && __builtin_mul_overflow(base, base, &base)) fail_overflow(budget);
  }
  return result;
}

// Python rounds towards minus infinity, C++ towards zero.
JinjaValue floor_divide(JinjaBudget& budget, std::int64_t a, std::int64_t b, bool remainder) {
  if (b == 0) budget.fail("integer division or modulo by zero");
  if (b == -1) {
    if (remainder) return std::int64_t{0};
    std::int64_t negated = 0;
    if (__builtin_sub_overflow(std::int64_t{0}, a, &negated)) fail_overflow(budget);
    return negated;
  }
  const std::int64_t rest = a % b;
  const bool below = rest != 0 && ((rest < 0) != (b < 0));
  return remainder ? (below ? rest + b : rest) : a / b - (below ? 1 : 0);
}

JinjaValue integer_operator(JinjaBudget& budget, JinjaOperator op, std::int64_t a, std::int64_t b) {
  std::int64_t result = 0;
  bool overflow = false;
  switch (op) {
    case JinjaOperator::add:
      overflow = __builtin_add_overflow(a, b, &result);
      break;
    case JinjaOperator::sub:
      overflow = __builtin_sub_overflow(a, b, &result);
      break;
    case JinjaOperator::mul:
      overflow = __builtin_mul_overflow(a, b, &result);
      break;
    case JinjaOperator::div:
      if (b == 0) budget.fail("division by zero");
      return static_cast<double>(a) / static_cast<double>(b);
    case JinjaOperator::floor_div:
    case JinjaOperator::mod:
      return floor_divide(budget, a, b, op == JinjaOperator::mod);
    case JinjaOperator::pow:
      return integer_power(budget, a, b);
  }
  if (overflow) fail_overflow(budget);
  return result;
}

double float_modulo(double a, double b) {
  const double rest = std::fmod(a, b);
  if (rest == 0) return std::copysign(0.0, b);
  return (rest < 0) != (b < 0) ? rest + b : rest;
}

JinjaValue float_operator(JinjaBudget& budget, JinjaOperator op, double a, double b) {
  const bool divides = op == JinjaOperator::div || op == JinjaOperator::floor_div || op == JinjaOperator::mod;
  if (divides && b == 0) budget.fail("float division by zero");
  switch (op) {
    case JinjaOperator::add:
      return a + b;
    case JinjaOperator::sub:
      return a - b;
    case JinjaOperator::mul:
      return a * b;
    case JinjaOperator::div:
      return a / b;
    case JinjaOperator::floor_div:
      return std::round((a - float_modulo(a, b)) / b);
    case JinjaOperator::mod:
      return float_modulo(a, b);
    default:
      if (a < 0 && b != std::floor(b)) budget.fail("a negative number cannot be raised to a fraction");
      if (a == 0 && b < 0) budget.fail("0 cannot be raised to a negative power");
      return std::pow(a, b);
  }
}

std::size_t repeats(JinjaBudget& budget, std::int64_t count, std::size_t size, std::size_t limit) {
  if (count <= 0 || size == 0) return 0;
  if (static_cast<std::uint64_t>(count) > limit / size) budget.fail("a repetition is over the limit");
  return static_cast<std::size_t>(count);
}

JinjaValue repeat(JinjaBudget& budget, const JinjaValue& value, std::int64_t count) {
  if (const std::string* text = value.text()) {
    const std::size_t times = repeats(budget, count, text->size(), JinjaLimits::string_bytes);
    budget.string_of(times * text->size());
    budget.step(times / 8);
    std::string out;
    out.reserve(times * text->size());
    for (std::size_t i = 0; i < times; ++i) out += *text;
    return out;
  }
  const JinjaSequence& list = *value.sequence();
  const std::size_t times = repeats(budget, count, list.items.size(), JinjaLimits::steps);
  budget.step(times * list.items.size());
  std::vector<JinjaValue> items;
  for (std::size_t i = 0; i < times; ++i) items.insert(items.end(), list.items.begin(), list.items.end());
  return make_sequence(budget, std::move(items), list.kind);
}

bool is_list_or_tuple(const JinjaValue& value) {
  const JinjaSequence* list = value.sequence();
  return list && (list->kind == JinjaSequenceKind::list || list->kind == JinjaSequenceKind::tuple);
}

JinjaValue add_containers(JinjaBudget& budget, const JinjaValue& left, const JinjaValue& right) {
  if (left.text() && right.text()) {
    budget.string_of(left.text()->size() + right.text()->size());
    return *left.text() + *right.text();
  }
  if (!is_list_or_tuple(left) || !is_list_or_tuple(right) || left.sequence()->kind != right.sequence()->kind) {
    fail_types(budget, "+", left, right);
  }
  budget.step(left.sequence()->items.size() + right.sequence()->items.size());
  std::vector<JinjaValue> items = left.sequence()->items;
  items.insert(items.end(), right.sequence()->items.begin(), right.sequence()->items.end());
  return make_sequence(budget, std::move(items), left.sequence()->kind);
}

}  // namespace

JinjaValue apply_operator(JinjaBudget& budget, JinjaOperator op, const JinjaValue& left, const JinjaValue& right) {
  if (left.is_integral() && right.is_integral()) return integer_operator(budget, op, left.integer(), right.integer());
  if (left.is_number() && right.is_number()) return float_operator(budget, op, left.number(), right.number());
  if (left.is_undefined() || right.is_undefined()) {
    if (op != JinjaOperator::mod || !left.is_text()) fail_types(budget, symbol(op), left, right);
  }
  if (op == JinjaOperator::add) return add_containers(budget, left, right);
  if (op == JinjaOperator::mod && left.is_text()) return format_percent(budget, *left.text(), right);
  if (op == JinjaOperator::mul) {
    if ((left.is_text() || is_list_or_tuple(left)) && right.is_integral()) return repeat(budget, left, right.integer());
    if ((right.is_text() || is_list_or_tuple(right)) && left.is_integral()) return repeat(budget, right, left.integer());
  }
  fail_types(budget, symbol(op), left, right);
}

JinjaValue negate(JinjaBudget& budget, const JinjaValue& value) {
  if (value.is_float()) return -value.number();
  if (value.is_integral()) return integer_operator(budget, JinjaOperator::sub, 0, value.integer());
  if (value.is_undefined()) fail_undefined(budget, value);
  budget.fail("bad operand type for unary -: '" + value.type_name() + "'");
}

}  // namespace zlens
