// The fixed parts of a report: style, script, escaping.
#pragma once

#include <string>
#include <string_view>

#include "io/json.h"

namespace zlens {

// Text for an element or a quoted attribute. Control characters but newline and tab become U+FFFD.
std::string html(std::string_view text);

// <!doctype … up to <main>, with the security policy that allows exactly the page's own style and script. `more_style` follows
// the common style.
std::string page_head(std::string_view title, std::string_view more_style = {});

// A section to unfold: the object's values by dotted path.
std::string settings_section(std::string_view title, const Json& object);

// A label over a value, for a page's head.
std::string figure(std::string_view label, std::string_view value);

// From </main> to the end, with the script.
std::string page_foot();

}  // namespace zlens
