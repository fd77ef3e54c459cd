// Text as Python's str treats it. The published metrics are Python programs: scores agree with them only where white space and
// numbers follow the same rules (case: python_case.h). Pure functions on code points; thread-safe.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace zlens::python {

bool is_space(char32_t c);  // str.isspace of one character: 29 of them, U+001C..U+001F and U+0085 too
bool is_alpha(char32_t c);  // str.isalpha of one character

std::u32string_view strip(std::u32string_view text);               // str.strip()
std::vector<std::u32string_view> split(std::u32string_view text);  // str.split(); views into `text`
std::u32string collapse(std::u32string_view text);                 // " ".join(text.split())

// float(text), or nothing where Python raises ValueError. Accepts what Python does: white space around, sign, exponent, inf,
// infinity and nan in any case, single underscores between digits, digits of every script. Overflow gives infinity.
std::optional<double> parse_float(std::u32string_view text);

std::string strip_utf8(std::string_view text);

}  // namespace zlens::python
