#include "synth/amounts.h"

#include "synth/decimal.h"

namespace zlens::synth {
namespace {

constexpr std::size_t kLongestWholePart = 9;  // products with a factor stay inside int64

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

// What makes the digits beside it part of something longer.
bool ties(char c) {
  return is_digit(c) || c == '.' || c == ',' || c == '/' || c == '-';
}

char at(std::string_view text, std::size_t index) {
  return index < text.size() ? text[index] : '\0';
}

std::size_t digits_end(std::string_view text, std::size_t begin) {
  while (is_digit(at(text, begin))) ++begin;
  return begin;
}

// The end of the digits before the point, with their groups of three: 7, 1250, 1,250.
std::size_t whole_part_end(std::string_view text, std::size_t begin) {
  std::size_t end = digits_end(text, begin);
  if (end - begin > 3) return end;
  while (at(text, end) == ',' && digits_end(text, end + 1) == end + 4) end += 4;
  return end;
}

// 0 where no amount begins.
std::size_t amount_end(std::string_view text, std::size_t begin) {
  const std::size_t point = whole_part_end(text, begin), end = point + 3;
  if (point - begin > kLongestWholePart || at(text, point) != '.' || digits_end(text, point + 1) != end) return 0;
  const char next = at(text, end);
  if (next == '/' || next == '-' || (next == '.' && is_digit(at(text, end + 1)))) return 0;
  return end;
}

// Where a number may begin that `ties` to nothing before it.
template <typename FindEnd>
std::vector<TextSpan> find_numbers(std::string_view text, const FindEnd& find_end) {
  std::vector<TextSpan> out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (!is_digit(text[i]) || (i > 0 && ties(text[i - 1]))) continue;
    const std::size_t end = find_end(text, i);
    if (end == 0) continue;
    out.push_back({i, end - i});
    i = end - 1;
  }
  return out;
}

}  // namespace

std::vector<TextSpan> find_amounts(std::string_view text) {
  return find_numbers(text, amount_end);
}

std::vector<TextSpan> find_long_numbers(std::string_view text) {
  return find_numbers(text, [](std::string_view line, std::size_t begin) {
    const std::size_t end = digits_end(line, begin);
    return end - begin >= 4 && !ties(at(line, end)) ? end : 0;
  });
}

std::int64_t cents_of(std::string_view amount) {
  std::int64_t cents = 0;
  for (const char c : amount)
    if (is_digit(c)) cents = cents * 10 + (c - '0');
  return cents;
}

std::string amount_text(std::int64_t cents, bool thousands) {
  std::string text = Decimal{cents, 2}.text();
  const std::size_t first = cents < 0 ? 1 : 0;
  if (thousands)
    for (std::size_t at = text.size() - 3; at > first + 3; at -= 3) text.insert(at - 3, 1, ',');
  return text;
}

std::string replace_all(std::string_view text, std::string_view old, std::string_view replacement) {
  std::vector<TextSpan> parts;
  for (std::size_t found = text.find(old); found != text.npos; found = text.find(old, found + old.size()))
    parts.push_back({found, old.size()});
  return replace_parts(text, parts, [&](std::string_view) { return replacement; });
}

}  // namespace zlens::synth
