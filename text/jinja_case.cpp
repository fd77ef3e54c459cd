// Upper and lower case as Python's str has them: one character may become several.
#include <utf8proc.h>

#include <algorithm>
#include <map>
#include <string>

#include "io/utf8.h"
#include "text/jinja_text.h"

namespace zlens {
namespace {

// The characters that Unicode's SpecialCasing.txt maps to several, each followed by these; in upper case, and as the first letter
// of a word.
constexpr std::u32string_view kManyUpper =
    U"\u00dfSS \u0149\u02bcN \u01f0J\u030c \u0390\u0399\u0308\u0301 \u03b0\u03a5\u0308\u0301 \u0587\u0535\u0552 "
    U"\u1e96H\u0331 \u1e97T\u0308 \u1e98W\u030a \u1e99Y\u030a \u1e9aA\u02be \u1f50\u03a5\u0313 \u1f52\u03a5\u0313\u0300 "
    U"\u1f54\u03a5\u0313\u0301 \u1f56\u03a5\u0313\u0342 \u1f80\u1f08\u0399 \u1f81\u1f09\u0399 \u1f82\u1f0a\u0399 "
    U"\u1f83\u1f0b\u0399 \u1f84\u1f0c\u0399 \u1f85\u1f0d\u0399 \u1f86\u1f0e\u0399 \u1f87\u1f0f\u0399 \u1f88\u1f08\u0399 "
    U"\u1f89\u1f09\u0399 \u1f8a\u1f0a\u0399 \u1f8b\u1f0b\u0399 \u1f8c\u1f0c\u0399 \u1f8d\u1f0d\u0399 \u1f8e\u1f0e\u0399 "
    U"\u1f8f\u1f0f\u0399 \u1f90\u1f28\u0399 \u1f91\u1f29\u0399 \u1f92\u1f2a\u0399 \u1f93\u1f2b\u0399 \u1f94\u1f2c\u0399 "
    U"\u1f95\u1f2d\u0399 \u1f96\u1f2e\u0399 \u1f97\u1f2f\u0399 \u1f98\u1f28\u0399 \u1f99\u1f29\u0399 \u1f9a\u1f2a\u0399 "
    U"\u1f9b\u1f2b\u0399 \u1f9c\u1f2c\u0399 \u1f9d\u1f2d\u0399 \u1f9e\u1f2e\u0399 \u1f9f\u1f2f\u0399 \u1fa0\u1f68\u0399 "
    U"\u1fa1\u1f69\u0399 \u1fa2\u1f6a\u0399 \u1fa3\u1f6b\u0399 \u1fa4\u1f6c\u0399 \u1fa5\u1f6d\u0399 \u1fa6\u1f6e\u0399 "
    U"\u1fa7\u1f6f\u0399 \u1fa8\u1f68\u0399 \u1fa9\u1f69\u0399 \u1faa\u1f6a\u0399 \u1fab\u1f6b\u0399 \u1fac\u1f6c\u0399 "
    U"\u1fad\u1f6d\u0399 \u1fae\u1f6e\u0399 \u1faf\u1f6f\u0399 \u1fb2\u1fba\u0399 \u1fb3\u0391\u0399 \u1fb4\u0386\u0399 "
    U"\u1fb6\u0391\u0342 \u1fb7\u0391\u0342\u0399 \u1fbc\u0391\u0399 \u1fc2\u1fca\u0399 \u1fc3\u0397\u0399 "
    U"\u1fc4\u0389\u0399 \u1fc6\u0397\u0342 \u1fc7\u0397\u0342\u0399 \u1fcc\u0397\u0399 \u1fd2\u0399\u0308\u0300 "
    U"\u1fd3\u0399\u0308\u0301 \u1fd6\u0399\u0342 \u1fd7\u0399\u0308\u0342 \u1fe2\u03a5\u0308\u0300 "
    U"\u1fe3\u03a5\u0308\u0301 \u1fe4\u03a1\u0313 \u1fe6\u03a5\u0342 \u1fe7\u03a5\u0308\u0342 \u1ff2\u1ffa\u0399 "
    U"\u1ff3\u03a9\u0399 \u1ff4\u038f\u0399 \u1ff6\u03a9\u0342 \u1ff7\u03a9\u0342\u0399 \u1ffc\u03a9\u0399 \ufb00FF "
    U"\ufb01FI \ufb02FL \ufb03FFI \ufb04FFL \ufb05ST \ufb06ST \ufb13\u0544\u0546 \ufb14\u0544\u0535 \ufb15\u0544\u053b "
    U"\ufb16\u054e\u0546 \ufb17\u0544\u053d";
constexpr std::u32string_view kManyTitle =
    U"\u00dfSs \u0149\u02bcN \u01f0J\u030c \u0390\u0399\u0308\u0301 \u03b0\u03a5\u0308\u0301 \u0587\u0535\u0582 "
    U"\u1e96H\u0331 \u1e97T\u0308 \u1e98W\u030a \u1e99Y\u030a \u1e9aA\u02be \u1f50\u03a5\u0313 \u1f52\u03a5\u0313\u0300 "
    U"\u1f54\u03a5\u0313\u0301 \u1f56\u03a5\u0313\u0342 \u1fb2\u1fba\u0345 \u1fb4\u0386\u0345 \u1fb6\u0391\u0342 "
    U"\u1fb7\u0391\u0342\u0345 \u1fc2\u1fca\u0345 \u1fc4\u0389\u0345 \u1fc6\u0397\u0342 \u1fc7\u0397\u0342\u0345 "
    U"\u1fd2\u0399\u0308\u0300 \u1fd3\u0399\u0308\u0301 \u1fd6\u0399\u0342 \u1fd7\u0399\u0308\u0342 "
    U"\u1fe2\u03a5\u0308\u0300 \u1fe3\u03a5\u0308\u0301 \u1fe4\u03a1\u0313 \u1fe6\u03a5\u0342 \u1fe7\u03a5\u0308\u0342 "
    U"\u1ff2\u1ffa\u0345 \u1ff4\u038f\u0345 \u1ff6\u03a9\u0342 \u1ff7\u03a9\u0342\u0345 \ufb00Ff \ufb01Fi \ufb02Fl "
    U"\ufb03Ffi \ufb04Ffl \ufb05St \ufb06St \ufb13\u0544\u0576 \ufb14\u0544\u0565 \ufb15\u0544\u056b \ufb16\u054e\u0576 "
    U"\ufb17\u0544\u056d";

using CaseTable = std::map<char32_t, std::u32string_view>;

CaseTable case_table(std::u32string_view records) {
  CaseTable table;
  for (std::size_t begin = 0; begin < records.size();) {
    const std::size_t end = std::min(records.find(U' ', begin), records.size());
    table.emplace(records[begin], records.substr(begin + 1, end - begin - 1));
    begin = end + 1;
  }
  return table;
}

utf8proc_category_t category(char32_t c) {
  return utf8proc_category(static_cast<utf8proc_int32_t>(c));
}

bool is_cased(char32_t c) {
  return category(c) >= UTF8PROC_CATEGORY_LU && category(c) <= UTF8PROC_CATEGORY_LT;
}

// Unicode's Case_Ignorable: what may stand within a word without being a letter.
bool is_case_ignorable(char32_t c) {
  switch (category(c)) {
    case UTF8PROC_CATEGORY_MN:
    case UTF8PROC_CATEGORY_ME:
    case UTF8PROC_CATEGORY_CF:
    case UTF8PROC_CATEGORY_LM:
    case UTF8PROC_CATEGORY_SK:
      return true;
    default:
      return std::u32string_view(U"'.:\u00b7\u0387\u055f\u05f4\u2018\u2019\u2024\u2027\ufe13\ufe52\ufe55\uff07\uff0e\uff1a")
                 .find(c) != std::u32string_view::npos;
  }
}

// A character of a text that is being mapped.
struct CasePlace {
  char32_t value;
  std::string_view rest;  // what follows it
  char32_t previous;      // 0 at the start
  bool at_start;
  bool in_word;  // the last character before it that is not case-ignorable has case
};

// `map` appends to the text it gets what the character at a place becomes.
template <typename Map>
std::string map_text(JinjaBudget& budget, std::string_view text, const Map& map) {
  budget.bytes(4 * text.size());
  std::string out;
  out.reserve(text.size());
  CasePlace place{.at_start = true};
  while (!text.empty()) {
    const auto [value, length] = decode_utf8(text);
    text.remove_prefix(length);
    place.value = value;
    place.rest = text;
    map(out, place);
    place.previous = value;
    place.at_start = false;
    if (!is_case_ignorable(value)) place.in_word = is_cased(value);
  }
  budget.string_of(out.size());
  return out;
}

void append_all(std::string& out, std::u32string_view characters) {
  for (const char32_t c : characters) append_utf8(out, c);
}

// The sigma at the end of a word has a form of its own.
bool is_final_sigma(const CasePlace& place) {
  constexpr char32_t capital_sigma = 0x3a3;
  if (place.value != capital_sigma || !place.in_word) return false;
  std::string_view rest = place.rest;
  while (!rest.empty()) {
    const auto [value, length] = decode_utf8(rest);
    if (!is_case_ignorable(value)) return !is_cased(value);
    rest.remove_prefix(length);
  }
  return true;
}

void append_lower(std::string& out, const CasePlace& place) {
  constexpr char32_t final_sigma = 0x3c2, dotted_capital_i = 0x130;
  if (is_final_sigma(place)) return append_utf8(out, final_sigma);
  if (place.value == dotted_capital_i) return append_all(out, U"i\u0307");
  append_utf8(out, static_cast<char32_t>(utf8proc_tolower(static_cast<utf8proc_int32_t>(place.value))));
}

void append_upper(std::string& out, const CasePlace& place) {
  static const CaseTable many = case_table(kManyUpper);
  if (const auto found = many.find(place.value); found != many.end()) return append_all(out, found->second);
  append_utf8(out, static_cast<char32_t>(utf8proc_toupper(static_cast<utf8proc_int32_t>(place.value))));
}

void append_title(std::string& out, const CasePlace& place) {
  static const CaseTable many = case_table(kManyTitle);
  if (const auto found = many.find(place.value); found != many.end()) return append_all(out, found->second);
  append_utf8(out, static_cast<char32_t>(utf8proc_totitle(static_cast<utf8proc_int32_t>(place.value))));
}

void append_folded(std::string& out, const CasePlace& place) {
  utf8proc_int32_t folded[8];
  const auto count = utf8proc_decompose_char(static_cast<utf8proc_int32_t>(place.value), folded, 8, UTF8PROC_CASEFOLD, nullptr);
  if (count < 1 || count > 8) return append_utf8(out, place.value);
  for (utf8proc_ssize_t i = 0; i < count; ++i) append_utf8(out, static_cast<char32_t>(folded[i]));
}

bool has_only_case(JinjaBudget& budget, std::string_view text, utf8proc_category_t wanted) {
  budget.bytes(4 * text.size());
  bool found = false;
  while (!text.empty()) {
    const auto [value, length] = decode_utf8(text);
    if (is_cased(value) && category(value) != wanted) return false;
    found = found || category(value) == wanted;
    text.remove_prefix(length);
  }
  return found;
}

}  // namespace

std::string lower_text(JinjaBudget& budget, std::string_view text) {
  return map_text(budget, text, append_lower);
}

std::string upper_text(JinjaBudget& budget, std::string_view text) {
  return map_text(budget, text, append_upper);
}

std::string fold_text(JinjaBudget& budget, std::string_view text) {
  return map_text(budget, text, append_folded);
}

std::string capitalize_text(JinjaBudget& budget, std::string_view text) {
  return map_text(budget, text, [](std::string& out, const CasePlace& place) {
    place.at_start ? append_title(out, place) : append_lower(out, place);
  });
}

std::string title_text(JinjaBudget& budget, std::string_view text) {
  return map_text(budget, text, [](std::string& out, const CasePlace& place) {
    is_cased(place.previous) ? append_lower(out, place) : append_title(out, place);
  });
}

bool is_lower_text(JinjaBudget& budget, std::string_view text) {
  return has_only_case(budget, text, UTF8PROC_CATEGORY_LL);
}

bool is_upper_text(JinjaBudget& budget, std::string_view text) {
  return has_only_case(budget, text, UTF8PROC_CATEGORY_LU);
}

}  // namespace zlens
