// The fixed parts of a report: style, script, escaping.
#pragma once

#include <string>
#include <string_view>

namespace zlens {

// Text for an element or a quoted attribute. Control characters but newline and tab become U+FFFD.
std::string html(std::string_view text);

// <!doctype … up to <main>, with the security policy that allows exactly the page's own style and script.
std::string page_head(std::string_view title);

// From </main> to the end, with the script.
std::string page_foot();

}  // namespace zlens
