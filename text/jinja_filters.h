// Filters (value | name) and tests (value is name), by Jinja's names.
#pragma once

#include <string>
#include <string_view>

#include "text/jinja_value.h"

namespace zlens {

using JinjaFilter = JinjaValue (*)(JinjaBudget& budget, const JinjaValue& value, const JinjaArgs& args);
using JinjaTest = bool (*)(JinjaBudget& budget, const JinjaValue& value, const JinjaArgs& args);

// Null where the engine has none of that name.
JinjaFilter find_filter(std::string_view name);
JinjaTest find_test(std::string_view name);

// The halves of find_filter: filters on single values, and on sequences.
JinjaFilter find_value_filter(std::string_view name);
JinjaFilter find_sequence_filter(std::string_view name);
JinjaFilter find_select_filter(std::string_view name);

// value.a.b.0 of a path such as "a.b.0" or an integer; `missing` where that is undefined and `missing` is not null.
JinjaValue get_path(JinjaBudget& budget, const JinjaValue& value, const JinjaValue& path, const JinjaValue* missing = nullptr);
// Lower case for text, anything else as it is: the key of orders that ignore case.
JinjaValue without_case(JinjaBudget& budget, const JinjaValue& value);

}  // namespace zlens
