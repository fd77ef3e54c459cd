// UTF-8 text by code points.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace zlens {

bool is_valid_utf8(std::string_view text);

// One decoded step: the code point at text[0] and its length in bytes. An invalid or torn sequence yields U+FFFD and the length
// that Unicode's recommended practice skips (at least 1). `text` must not be empty.
struct CodePoint {
  char32_t value;
  std::size_t length;
};
CodePoint decode_utf8(std::string_view text);

// Replaces every invalid sequence by U+FFFD.
std::u32string to_utf32(std::string_view text);
// A surrogate or a value beyond U+10FFFF is written as U+FFFD.
void append_utf8(std::string& out, char32_t code_point);
std::string to_utf8(std::u32string_view text);

}  // namespace zlens
