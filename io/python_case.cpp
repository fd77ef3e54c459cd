#include "io/python_case.h"

#include <utf8proc.h>

#include <algorithm>
#include <array>
#include <iterator>

#include "io/python_tables.h"

namespace zlens::python {
namespace {

enum class Case { none, lower, upper, title };

utf8proc_category_t category(char32_t c) {
  return utf8proc_category(static_cast<utf8proc_int32_t>(c));
}

Case case_of(char32_t c) {
  switch (category(c)) {
    case UTF8PROC_CATEGORY_LL:
      return Case::lower;
    case UTF8PROC_CATEGORY_LU:
      return Case::upper;
    case UTF8PROC_CATEGORY_LT:
      return Case::title;
    default:
      break;
  }
  const auto after = std::upper_bound(std::begin(kOtherCased), std::end(kOtherCased), c,
                                      [](char32_t value, const CasedRange& range) { return value < range.first; });
  if (after == std::begin(kOtherCased) || c > (after - 1)->last) return Case::none;
  return (after - 1)->lower ? Case::lower : Case::upper;
}

bool is_cased(char32_t c) {
  return case_of(c) != Case::none;
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

const ManyCased* many_cased(char32_t c) {
  const auto found = std::lower_bound(std::begin(kManyCased), std::end(kManyCased), c,
                                      [](const ManyCased& entry, char32_t value) { return entry.from < value; });
  return found != std::end(kManyCased) && found->from == c ? found : nullptr;
}

void append_padded(std::u32string& out, const char32_t (&characters)[3]) {
  for (const char32_t c : characters) {
    if (c != 0) out += c;
  }
}

// A character of a text that is being mapped.
struct Place {
  std::u32string_view text;
  std::size_t at = 0;
  bool in_word = false;  // the nearest character before that is not ignorable has case

  char32_t value() const { return text[at]; }
};

void append_lower(std::u32string& out, const Place& place) {
  constexpr char32_t capital_sigma = 0x3A3, final_sigma = 0x3C2, dotted_capital_i = 0x130;
  if (place.value() == dotted_capital_i) {
    out += U"i\u0307";
  } else if (place.value() == capital_sigma && place.in_word && ends_word(place.text, place.at)) {
    out += final_sigma;
  } else {
    out += static_cast<char32_t>(utf8proc_tolower(static_cast<utf8proc_int32_t>(place.value())));
  }
}

void append_upper(std::u32string& out, const Place& place) {
  if (const ManyCased* many = many_cased(place.value())) return append_padded(out, many->upper);
  out += static_cast<char32_t>(utf8proc_toupper(static_cast<utf8proc_int32_t>(place.value())));
}

void append_title(std::u32string& out, const Place& place) {
  if (const ManyCased* many = many_cased(place.value())) return append_padded(out, many->title);
  out += static_cast<char32_t>(utf8proc_totitle(static_cast<utf8proc_int32_t>(place.value())));
}

void append_folded(std::u32string& out, const Place& place) {
  const char32_t value = place.value();
  utf8proc_int32_t folded[8];
  const auto count = utf8proc_decompose_char(static_cast<utf8proc_int32_t>(value), folded, 8, UTF8PROC_CASEFOLD, nullptr);
  if (count < 0 || count > 8) {
    out += value;
  } else {
    for (utf8proc_ssize_t i = 0; i < count; ++i) out += static_cast<char32_t>(folded[i]);
  }
}

// `append` adds what the character at a place becomes.
template <typename Append>
std::u32string mapped(std::u32string_view text, const Append& append) {
  std::u32string out;
  out.reserve(text.size());
  Place place{text};
  for (; place.at < text.size(); ++place.at) {
    append(out, place);
    if (!is_case_ignorable(place.value())) place.in_word = is_cased(place.value());
  }
  return out;
}

bool has_only(std::u32string_view text, Case wanted) {
  bool found = false;
  for (const char32_t c : text) {
    const Case kind = case_of(c);
    if (kind != Case::none && kind != wanted) return false;
    found = found || kind == wanted;
  }
  return found;
}

}  // namespace

std::u32string lower(std::u32string_view text) {
  return mapped(text, append_lower);
}

std::u32string upper(std::u32string_view text) {
  return mapped(text, append_upper);
}

std::size_t upper_length(std::u32string_view text) {
  return upper(text).size();
}

std::u32string title(std::u32string_view text) {
  return mapped(text, [](std::u32string& out, const Place& place) {
    const bool continues = place.at > 0 && is_cased(place.text[place.at - 1]);
    continues ? append_lower(out, place) : append_title(out, place);
  });
}

std::u32string capitalize(std::u32string_view text) {
  return mapped(
      text, [](std::u32string& out, const Place& place) { place.at == 0 ? append_title(out, place) : append_lower(out, place); });
}

std::u32string casefold(std::u32string_view text) {
  return mapped(text, append_folded);
}

bool is_lower(std::u32string_view text) {
  return has_only(text, Case::lower);
}

bool is_upper(std::u32string_view text) {
  return has_only(text, Case::upper);
}

}  // namespace zlens::python
