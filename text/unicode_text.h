// Unicode properties and normal forms, by utf8proc (Unicode 14).
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace zlens {

enum class NormalForm { Nfc, Nfd, Nfkc, Nfkd };

// `text` (valid UTF-8) in a normal form, in O(n log n): runs of combining marks are sorted, never bubbled.
std::string to_normal_form(std::string_view text, NormalForm form);
// Every character's own lower-case form, without regard to its neighbours.
std::string to_lower(std::string_view text);

bool is_white_space(char32_t c);     // White_Space
bool is_number(char32_t c);          // N: digits, letters that are numbers, others
bool is_word_character(char32_t c);  // \w: letters, marks, decimal digits, connectors, joiners

// U+FFFD for an empty text.
char32_t first_code_point(std::string_view text);
char32_t last_code_point(std::string_view text);
// Bytes of white space at the beginning and at the end.
std::size_t leading_space(std::string_view text);
std::size_t trailing_space(std::string_view text);

}  // namespace zlens
