// Literals of template expressions.
#pragma once

#include <string>
#include <string_view>

#include "text/jinja_value.h"

namespace zlens {

// The text between the quotes, with Python's escapes resolved. Throws InputError on broken ones and on \N{…}.
std::string decode_string_literal(std::string_view inner, int line);

struct JinjaNumberLiteral {
  JinjaValue value;  // int or float
  std::size_t length;
};
// The number at the start of `text`, which starts with a digit. `after_dot`: only whole numbers, as in a.0.1.
// Throws InputError where it is past 64 bits.
JinjaNumberLiteral read_number_literal(std::string_view text, bool after_dot, int line);

}  // namespace zlens
