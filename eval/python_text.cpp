#include "eval/python_text.h"

#include <utf8proc.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <limits>

#include "eval/python_tables.h"
#include "io/utf8.h"

namespace zlens::python {
namespace {

constexpr char32_t kCapitalSigma = 0x3A3;
constexpr char32_t kFinalSigma = 0x3C2;

utf8proc_category_t category(char32_t c) {
  return utf8proc_category(static_cast<utf8proc_int32_t>(c));
}

// Unicode's Cased, as far as it can differ from "ignorable", which is asked first.
bool is_cased(char32_t c) {
  const auto kind = category(c);
  if (kind == UTF8PROC_CATEGORY_LU || kind == UTF8PROC_CATEGORY_LL || kind == UTF8PROC_CATEGORY_LT) return true;
  return c == 0xAA || c == 0xBA || (c >= 0x2160 && c <= 0x217F) || (c >= 0x24B6 && c <= 0x24E9) || (c >= 0x1F130 && c <= 0x1F149) ||
         (c >= 0x1F150 && c <= 0x1F169) || (c >= 0x1F170 && c <= 0x1F189);
}

// Unicode's Case_Ignorable: some categories, and the punctuation that stands inside words.
bool is_case_ignorable(char32_t c) {
  static constexpr std::array<char32_t, 17> kInsideWords = {0x27,   0x2E,   0x3A,   0xB7,   0x387,  0x55F,  0x5F4,  0x2018, 0x2019,
                                                            0x2024, 0x2027, 0xFE13, 0xFE52, 0xFE55, 0xFF07, 0xFF0E, 0xFF1A};
  switch (category(c)) {
    case UTF8PROC_CATEGORY_MN:
    case UTF8PROC_CATEGORY_ME:
    case UTF8PROC_CATEGORY_CF:
    case UTF8PROC_CATEGORY_LM:
    case UTF8PROC_CATEGORY_SK:
      return true;
    default:
      return std::binary_search(kInsideWords.begin(), kInsideWords.end(), c);
  }
}

// Whether no cased character follows, ignorable ones aside.
bool ends_word(std::u32string_view text, std::size_t at) {
  for (std::size_t i = at + 1; i < text.size(); ++i) {
    if (!is_case_ignorable(text[i])) return !is_cased(text[i]);
  }
  return true;
}

const FullUppercase* full_uppercase(char32_t c) {
  const auto found = std::lower_bound(std::begin(kFullUppercase), std::end(kFullUppercase), c,
                                      [](const FullUppercase& entry, char32_t value) { return entry.from < value; });
  return found != std::end(kFullUppercase) && found->from == c ? found : nullptr;
}

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
  const auto kind = category(c);
  return kind >= UTF8PROC_CATEGORY_LU && kind <= UTF8PROC_CATEGORY_LO;
}

std::u32string lower(std::u32string_view text) {
  std::u32string out;
  out.reserve(text.size());
  bool after_cased = false;  // the nearest character before that is not ignorable is cased
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char32_t c = text[i];
    if (c == 0x130) {
      out += U"i\u0307";
    } else if (c == kCapitalSigma && after_cased && ends_word(text, i)) {
      out += kFinalSigma;
    } else {
      out += static_cast<char32_t>(utf8proc_tolower(static_cast<utf8proc_int32_t>(c)));
    }
    if (!is_case_ignorable(c)) after_cased = is_cased(c);
  }
  return out;
}

std::u32string upper(std::u32string_view text) {
  std::u32string out;
  out.reserve(text.size());
  for (const char32_t c : text) {
    if (const FullUppercase* full = full_uppercase(c)) {
      for (const char32_t part : full->to) {
        if (part != 0) out += part;
      }
    } else {
      out += static_cast<char32_t>(utf8proc_toupper(static_cast<utf8proc_int32_t>(c)));
    }
  }
  return out;
}

std::size_t upper_length(std::u32string_view text) {
  return upper(text).size();
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

std::string lower_utf8(std::string_view text) {
  return to_utf8(lower(to_utf32(text)));
}

std::string strip_utf8(std::string_view text) {
  return to_utf8(strip(to_utf32(text)));
}

}  // namespace zlens::python
