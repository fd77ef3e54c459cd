// Python's operators on template values, and how values print.
#pragma once

#include <string>
#include <string_view>

#include "text/jinja_value.h"

namespace zlens {

enum class JinjaOperator { add, sub, mul, div, floor_div, mod, pow };

// Fails with Python's reason where the operator does not know the types, on division by zero and past 64 bits.
JinjaValue apply_operator(JinjaBudget& budget, JinjaOperator op, const JinjaValue& left, const JinjaValue& right);
JinjaValue negate(JinjaBudget& budget, const JinjaValue& value);

bool equal_values(JinjaBudget& budget, const JinjaValue& left, const JinjaValue& right);
// Below, equal, above: negative, 0, positive. Fails where Python has no order for the types, and on NaN.
int compare_values(JinjaBudget& budget, const JinjaValue& left, const JinjaValue& right);
// left < right (and the other three), which is false for NaN.
bool ordered(JinjaBudget& budget, std::string_view comparison, const JinjaValue& left, const JinjaValue& right);
// `item in container`.
bool contains(JinjaBudget& budget, const JinjaValue& container, const JinjaValue& item);

// container.name: methods and attributes before keys. container[key]: items before attributes. Undefined where there is nothing;
// fails on what is undefined itself.
JinjaValue get_attribute(JinjaBudget& budget, const JinjaValue& container, const std::string& name);
JinjaValue get_item(JinjaBudget& budget, const JinjaValue& container, const JinjaValue& key);

// Bounds of container[start:stop:step]; each may be none.
struct JinjaSlice {
  JinjaValue start = JinjaNone{}, stop = JinjaNone{}, step = JinjaNone{};
};
JinjaValue get_slice(JinjaBudget& budget, const JinjaValue& container, const JinjaSlice& slice);

// str(value) and repr(value). Fail on functions and generators, whose text in Python is an address.
std::string to_text(JinjaBudget& budget, const JinjaValue& value);
std::string to_repr(JinjaBudget& budget, const JinjaValue& value);
// Shortest digits that read back as `value`, in Python's layout.
std::string float_text(double value);

}  // namespace zlens
