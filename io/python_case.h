// Upper and lower case as Python's str has them: one character may become several ("ß" in upper case). The published metrics and
// the chat templates are written for these rules. Pure functions on code points; thread-safe.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace zlens::python {

std::u32string lower(std::u32string_view text);  // str.lower, with the final sigma and the two code points of U+0130
std::u32string upper(std::u32string_view text);
std::size_t upper_length(std::u32string_view text);
std::u32string title(std::u32string_view text);       // str.title: upper case behind whatever has no case, lower elsewhere
std::u32string capitalize(std::u32string_view text);  // str.capitalize: the first character, as in a title
std::u32string casefold(std::u32string_view text);

bool is_lower(std::u32string_view text);  // str.islower: some characters have case, and all of these are lower
bool is_upper(std::u32string_view text);  // str.isupper

}  // namespace zlens::python
