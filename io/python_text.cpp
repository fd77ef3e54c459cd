#include "io/python_text.h"

#include <utf8proc.h>

#include <algorithm>
#include <charconv>
#include <limits>

#include "io/python_tables.h"
#include "io/utf8.h"

namespace zlens::python {
namespace {

std::optional<char> decimal_digit(char32_t c) {
  const auto after = std::upper_bound(std::begin(kDecimalZeros), std::end(kDecimalZeros), c);
  if (after == std::begin(kDecimalZeros) || c - *(after - 1) > 9) return std::nullopt;
  return static_cast<char>('0' + (c - *(after - 1)));
}

// Digits of every script become ASCII; anything else beyond ASCII cannot be part of a number.
std::optional<std::string> ascii_number(std::u32string_view text) {
  std::string out;
  for (const char32_t c : text) {
    if (c < 0x80) {
      out += static_cast<char>(c);
    } else if (const auto digit = decimal_digit(c)) {
      out += *digit;
    } else {
      return std::nullopt;
    }
  }
  return out;
}

// float() skips what str.isspace() calls space, the four ASCII separators aside.
bool is_space_around_number(char32_t c) {
  return is_space(c) && !(c >= 0x1C && c <= 0x1F);
}

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

// Drops underscores; each must stand between two digits.
bool drop_underscores(std::string& number) {
  std::string out;
  for (std::size_t i = 0; i < number.size(); ++i) {
    if (number[i] != '_') {
      out += number[i];
    } else if (i == 0 || i + 1 == number.size() || !is_digit(number[i - 1]) || !is_digit(number[i + 1])) {
      return false;
    }
  }
  number = std::move(out);
  return true;
}

// What a well-formed number too large or too small for a double stands for: its decimal exponent tells.
double out_of_range_value(std::string_view number) {
  const std::size_t mark = number.find_first_of("eE");
  const std::string_view mantissa = number.substr(0, mark);
  long long exponent = 0;
  if (mark != std::string_view::npos) {
    std::string_view digits = number.substr(mark + 1);
    if (digits.starts_with('+')) digits.remove_prefix(1);
    const auto result = std::from_chars(digits.data(), digits.data() + digits.size(), exponent);
    if (result.ec == std::errc::result_out_of_range) exponent = digits.starts_with('-') ? -(1LL << 60) : 1LL << 60;
  }
  const std::size_t point = std::min(mantissa.find('.'), mantissa.size());
  const std::size_t first = std::min(mantissa.find_first_not_of("0."), mantissa.size());
  const long long position = static_cast<long long>(point) - static_cast<long long>(first);
  return exponent + position > 0 ? std::numeric_limits<double>::infinity() : 0.0;
}

std::optional<double> special_value(std::string_view word) {
  std::string lowered(word);
  std::transform(lowered.begin(), lowered.end(), lowered.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
  if (lowered == "inf" || lowered == "infinity") return std::numeric_limits<double>::infinity();
  if (lowered == "nan") return std::numeric_limits<double>::quiet_NaN();
  return std::nullopt;
}

std::optional<double> unsigned_value(std::string_view number) {
  if (number.empty()) return std::nullopt;
  if (!is_digit(number[0]) && number[0] != '.') return special_value(number);
  double value = 0;
  const char* end = number.data() + number.size();
  const auto result = std::from_chars(number.data(), end, value);
  if (result.ptr != end || result.ec == std::errc::invalid_argument) return std::nullopt;
  return result.ec == std::errc::result_out_of_range ? out_of_range_value(number) : value;
}

}  // namespace

bool is_space(char32_t c) {
  return (c >= 0x9 && c <= 0xD) || (c >= 0x1C && c <= 0x20) || c == 0x85 || c == 0xA0 || c == 0x1680 ||
         (c >= 0x2000 && c <= 0x200A) || c == 0x2028 || c == 0x2029 || c == 0x202F || c == 0x205F || c == 0x3000;
}

bool is_alpha(char32_t c) {
  const auto kind = utf8proc_category(static_cast<utf8proc_int32_t>(c));
  return kind >= UTF8PROC_CATEGORY_LU && kind <= UTF8PROC_CATEGORY_LO;
}

std::u32string_view strip(std::u32string_view text) {
  while (!text.empty() && is_space(text.front())) text.remove_prefix(1);
  while (!text.empty() && is_space(text.back())) text.remove_suffix(1);
  return text;
}

std::vector<std::u32string_view> split(std::u32string_view text) {
  std::vector<std::u32string_view> words;
  std::size_t begin = 0;
  for (std::size_t i = 0; i <= text.size(); ++i) {
    if (i < text.size() && !is_space(text[i])) continue;
    if (i > begin) words.push_back(text.substr(begin, i - begin));
    begin = i + 1;
  }
  return words;
}

std::u32string collapse(std::u32string_view text) {
  std::u32string out;
  for (const std::u32string_view word : split(text)) {
    if (!out.empty()) out += U' ';
    out += word;
  }
  return out;
}

std::optional<double> parse_float(std::u32string_view text) {
  while (!text.empty() && is_space_around_number(text.front())) text.remove_prefix(1);
  while (!text.empty() && is_space_around_number(text.back())) text.remove_suffix(1);
  std::optional<std::string> ascii = ascii_number(text);
  if (!ascii || !drop_underscores(*ascii)) return std::nullopt;
  std::string_view number = *ascii;
  const bool negative = number.starts_with('-');
  if (negative || number.starts_with('+')) number.remove_prefix(1);
  const std::optional<double> value = unsigned_value(number);
  return value && negative ? -*value : value;
}

std::string strip_utf8(std::string_view text) {
  return to_utf8(strip(to_utf32(text)));
}

}  // namespace zlens::python
