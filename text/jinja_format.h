// Text from values: "%" formatting, str.format, strftime and JSON.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "text/jinja_value.h"

namespace zlens {

struct JinjaPadding {
  char alignment = '<';  // '<', '>', '^', 'c' (str.center, which rounds otherwise than '^'), or 'z' (zeros after the sign)
  std::int64_t width = 0;
  std::string fill = " ";  // one character
};
std::string pad_text(JinjaBudget& budget, std::string_view text, const JinjaPadding& padding);

// format % values: conversions s, r, d, i, f, x, X, with flags "-", "0", "+", " ", width and precision. A tuple holds several
// values, a dict serves %(name)s. Fails on other conversions and on too few or too many values.
std::string format_percent(JinjaBudget& budget, std::string_view format, const JinjaValue& values);

// format.format(…): fields "", "0", "name" with .attributes and [items], "!r", "!s", and specs
// [[fill]align][sign][0][width][,][.precision][d|f|s|x|X|%].
std::string format_braces(JinjaBudget& budget, std::string_view format, const JinjaArgs& args);

// strftime of `seconds` since 1970 in UTC, English names. Fails on directives that it does not know.
std::string format_time(JinjaBudget& budget, std::string_view format, std::int64_t seconds);

struct JinjaJsonStyle {
  std::string indent;  // of one level
  bool indented = false;
  bool ascii = false;
  bool sort_keys = false;
  std::string item_separator = ", ", key_separator = ": ";
};
// json.dumps(value). Fails on what JSON does not know (undefined values, functions, generators).
std::string to_json_text(JinjaBudget& budget, const JinjaValue& value, const JinjaJsonStyle& style);

}  // namespace zlens
