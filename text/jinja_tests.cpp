#include <cmath>
#include <map>

#include "text/jinja_args.h"
#include "text/jinja_filters.h"
#include "text/jinja_operators.h"
#include "text/jinja_text.h"

namespace zlens {
namespace {

using Value = const JinjaValue&;

template <bool (*test)(Value)>
bool plain(JinjaBudget& budget, Value value, const JinjaArgs& args) {
  const JinjaBinding bound(budget, args, "a test", {});
  return test(value);
}

bool is_defined(Value value) {
  return !value.is_undefined();
}
bool is_undefined(Value value) {
  return value.is_undefined();
}
bool is_none(Value value) {
  return value.is_none();
}
bool is_text(Value value) {
  return value.is_text();
}
bool is_number(Value value) {
  return value.is_number();
}
bool is_integer(Value value) {
  return value.is_integral() && !value.is_bool();
}
bool is_float(Value value) {
  return value.is_float();
}
bool is_boolean(Value value) {
  return value.is_bool();
}
bool is_true(Value value) {
  return value.is_bool() && value.truthy();
}
bool is_false(Value value) {
  return value.is_bool() && !value.truthy();
}
bool is_mapping(Value value) {
  return value.dict() != nullptr;
}
bool is_callable(Value value) {
  return value.object() && value.object()->callable();
}

bool is_sequence(Value value) {
  const JinjaSequence* list = value.sequence();
  return value.is_undefined() || value.is_text() || value.dict() || (list && list->kind <= JinjaSequenceKind::range);
}

template <bool (*test)(JinjaBudget&, std::string_view)>
bool of_text(JinjaBudget& budget, Value value, const JinjaArgs& args) {
  const JinjaBinding bound(budget, args, "a test", {});
  return test(budget, to_text(budget, value));
}

JinjaValue remainder(JinjaBudget& budget, Value value, Value divisor) {
  return apply_operator(budget, JinjaOperator::mod, value, divisor);
}

template <int parity>
bool has_parity(JinjaBudget& budget, Value value, const JinjaArgs& args) {
  const JinjaBinding bound(budget, args, "a test", {});
  return equal_values(budget, remainder(budget, value, std::int64_t{2}), std::int64_t{parity});
}

bool is_divisible(JinjaBudget& budget, Value value, const JinjaArgs& args) {
  const JinjaBinding bound(budget, args, "divisibleby", {"num"});
  return equal_values(budget, remainder(budget, value, bound.required(0)), std::int64_t{0});
}

template <bool equal>
bool equals(JinjaBudget& budget, Value value, const JinjaArgs& args) {
  const JinjaBinding bound(budget, args, "a comparison", {"other"});
  return equal_values(budget, value, bound.required(0)) == equal;
}

// 'l' is <, 'L' is <=, 'g' is >, 'G' is >=.
template <char comparison>
bool compares(JinjaBudget& budget, Value value, const JinjaArgs& args) {
  const JinjaBinding bound(budget, args, "a comparison", {"other"});
  const char* const sign = comparison == 'l' ? "<" : comparison == 'L' ? "<=" : comparison == 'g' ? ">" : ">=";
  return ordered(budget, sign, value, bound.required(0));
}

bool is_in(JinjaBudget& budget, Value value, const JinjaArgs& args) {
  const JinjaBinding bound(budget, args, "in", {"seq"});
  return contains(budget, bound.required(0), value);
}

bool is_same(JinjaBudget& budget, Value value, const JinjaArgs& args) {
  const JinjaBinding bound(budget, args, "sameas", {"other"});
  Value other = bound.required(0);
  if (value.sequence() || other.sequence()) return value.sequence() == other.sequence();
  if (value.dict() || other.dict()) return value.dict() == other.dict();
  return value.type_name() == other.type_name() && equal_values(budget, value, other);
}

template <bool test_names>
bool is_known(JinjaBudget& budget, Value value, const JinjaArgs& args) {
  const JinjaBinding bound(budget, args, "a test", {});
  if (!value.is_text()) return false;
  return test_names ? find_test(*value.text()) != nullptr : find_filter(*value.text()) != nullptr;
}

}  // namespace

JinjaTest find_test(std::string_view name) {
  static const std::map<std::string, JinjaTest, std::less<>> tests = {
      {"defined", plain<is_defined>},
      {"undefined", plain<is_undefined>},
      {"none", plain<is_none>},
      {"string", plain<is_text>},
      {"number", plain<is_number>},
      {"integer", plain<is_integer>},
      {"float", plain<is_float>},
      {"boolean", plain<is_boolean>},
      {"true", plain<is_true>},
      {"false", plain<is_false>},
      {"mapping", plain<is_mapping>},
      {"iterable", plain<is_iterable>},
      {"sequence", plain<is_sequence>},
      {"callable", plain<is_callable>},
      {"lower", of_text<is_lower_text>},
      {"upper", of_text<is_upper_text>},
      {"odd", has_parity<1>},
      {"even", has_parity<0>},
      {"divisibleby", is_divisible},
      {"in", is_in},
      {"sameas", is_same},
      {"filter", is_known<false>},
      {"test", is_known<true>},
      {"==", equals<true>},
      {"eq", equals<true>},
      {"equalto", equals<true>},
      {"!=", equals<false>},
      {"ne", equals<false>},
      {"<", compares<'l'>},
      {"lt", compares<'l'>},
      {"lessthan", compares<'l'>},
      {"<=", compares<'L'>},
      {"le", compares<'L'>},
      {">", compares<'g'>},
      {"gt", compares<'g'>},
      {"greaterthan", compares<'g'>},
      {">=", compares<'G'>},
      {"ge", compares<'G'>},
  };
  const auto found = tests.find(name);
  return found == tests.end() ? nullptr : found->second;
}

}  // namespace zlens
