// Text as Python's str sees it: by code points, with Unicode's white space, case and printability.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "text/jinja_budget.h"

namespace zlens {

// `text` with U+FFFD for invalid sequences.
std::string valid_utf8(const std::string& text);

std::size_t count_characters(JinjaBudget& budget, std::string_view text);

enum class TextSide { left, right, both };
// str.strip and its kin: removes white space, or the characters of `chars` where it is given.
std::string_view strip_text(JinjaBudget& budget, std::string_view text, TextSide side, const std::string* chars = nullptr);

// str.lower and its kin, in which one character may become several ("ß" in upper case).
std::string lower_text(JinjaBudget& budget, std::string_view text);
std::string upper_text(JinjaBudget& budget, std::string_view text);
std::string capitalize_text(JinjaBudget& budget, std::string_view text);
std::string fold_text(JinjaBudget& budget, std::string_view text);  // str.casefold
// str.title: the first letter of each run of letters.
std::string title_text(JinjaBudget& budget, std::string_view text);

// True where the text has letters with case and all of them are lower (or upper).
bool is_lower_text(JinjaBudget& budget, std::string_view text);
bool is_upper_text(JinjaBudget& budget, std::string_view text);

enum class TextClass { alpha, digit, alnum, space };
// str.isalpha and its kin: false for empty text.
bool is_text_of(JinjaBudget& budget, std::string_view text, TextClass kind);

// Place of `needle` at or after `from`, or npos; linear in both lengths.
std::size_t find_text(JinjaBudget& budget, std::string_view text, std::string_view needle, std::size_t from = 0);
// str.replace: at most `count` times where it is not negative.
std::string replace_text(JinjaBudget& budget, std::string_view text, std::string_view from, std::string_view to,
                         long long count = -1);
std::vector<std::string_view> split_lines(JinjaBudget& budget, std::string_view text, bool keep_ends = false);

// repr() of a str: quotes and escapes.
std::string quote_text(JinjaBudget& budget, std::string_view text);

}  // namespace zlens
