// Methods of text, lists and dicts. Those that would change a container are refused, as in Jinja's immutable sandbox.
#pragma once

#include <optional>
#include <string>

#include "text/jinja_value.h"

namespace zlens {

// The method `name` of `receiver`, to be called later; nothing where its type has none of that name.
std::optional<JinjaValue> bound_method(const JinjaValue& receiver, const std::string& name);

using JinjaMethod = JinjaValue (*)(JinjaBudget& budget, const JinjaValue& receiver, const JinjaArgs& args);
// Null where text has no such method here.
JinjaMethod find_text_method(const std::string& name);

}  // namespace zlens
