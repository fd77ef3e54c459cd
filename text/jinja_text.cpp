#include "text/jinja_text.h"

#include <string.h>  // memmem
#include <utf8proc.h>

#include <algorithm>
#include <cstdio>
#include <iterator>
#include <string>
#include <utility>

#include "io/python_text.h"
#include "io/utf8.h"

namespace zlens {

std::string valid_utf8(const std::string& text) {
  return is_valid_utf8(text) ? text : to_utf8(to_utf32(text));
}

std::size_t count_characters(JinjaBudget& budget, std::string_view text) {
  budget.bytes(text.size());
  std::size_t count = 0;
  for (const char c : text) count += (static_cast<unsigned char>(c) & 0xc0) != 0x80;
  return count;
}

namespace {

// The last character of valid, non-empty UTF-8.
CodePoint last_character(std::string_view text) {
  std::size_t start = text.size() - 1;
  while (start > 0 && (static_cast<unsigned char>(text[start]) & 0xc0) == 0x80) --start;
  return decode_utf8(text.substr(start));
}

utf8proc_category_t category(char32_t c) {
  return utf8proc_category(static_cast<utf8proc_int32_t>(c));
}

}  // namespace

std::string_view strip_text(JinjaBudget& budget, std::string_view text, TextSide side, const std::string* chars) {
  const std::u32string set = chars ? to_utf32(*chars) : std::u32string();
  const std::size_t before = text.size();
  const auto strips = [&](char32_t c) { return chars ? set.find(c) != std::u32string::npos : python::is_space(c); };
  while (side != TextSide::right && !text.empty()) {
    const auto [value, length] = decode_utf8(text);
    if (!strips(value)) break;
    text.remove_prefix(length);
  }
  while (side != TextSide::left && !text.empty()) {
    const auto [value, length] = last_character(text);
    if (!strips(value)) break;
    text.remove_suffix(length);
  }
  budget.bytes((before - text.size() + 1) * (set.size() + 1));
  return text;
}

namespace {

// Unicode's Numeric_Type=Digit: superscripts, circled digits and their like.
bool is_other_digit(char32_t c) {
  static constexpr std::pair<char32_t, char32_t> ranges[] = {
      {0xb2, 0xb3},     {0xb9, 0xb9},       {0x1369, 0x1371},   {0x19da, 0x19da},   {0x2070, 0x2070},
      {0x2074, 0x2079}, {0x2080, 0x2089},   {0x2460, 0x2468},   {0x2474, 0x247c},   {0x2488, 0x2490},
      {0x24ea, 0x24ea}, {0x24f5, 0x24fd},   {0x24ff, 0x24ff},   {0x2776, 0x277e},   {0x2780, 0x2788},
      {0x278a, 0x2792}, {0x10a40, 0x10a43}, {0x10e60, 0x10e68}, {0x11052, 0x1105a}, {0x1f100, 0x1f10a}};
  return std::any_of(std::begin(ranges), std::end(ranges),
                     [&](const auto& range) { return c >= range.first && c <= range.second; });
}

bool is_character_of(char32_t c, TextClass kind) {
  switch (kind) {
    case TextClass::alpha:
      return python::is_alpha(c);
    case TextClass::digit:
      return category(c) == UTF8PROC_CATEGORY_ND || is_other_digit(c);
    case TextClass::alnum:
      return python::is_alpha(c) || (category(c) >= UTF8PROC_CATEGORY_ND && category(c) <= UTF8PROC_CATEGORY_NO);
    case TextClass::space:
      return python::is_space(c);
  }
  return false;
}

}  // namespace

bool is_text_of(JinjaBudget& budget, std::string_view text, TextClass kind) {
  budget.bytes(4 * text.size());
  if (text.empty()) return false;
  while (!text.empty()) {
    const auto [value, length] = decode_utf8(text);
    if (!is_character_of(value, kind)) return false;
    text.remove_prefix(length);
  }
  return true;
}

std::size_t find_text(JinjaBudget& budget, std::string_view text, std::string_view needle, std::size_t from) {
  if (from > text.size()) return std::string_view::npos;
  std::size_t place = std::string_view::npos;
  if (needle.size() == 1) {
    place = text.find(needle[0], from);
  } else if (const void* found = ::memmem(text.data() + from, text.size() - from, needle.data(), needle.size())) {
    // memmem and not string_view::find: the latter takes quadratic time on text such as "aaaa…ab".
    place = static_cast<std::size_t>(static_cast<const char*>(found) - text.data());
  }
  budget.bytes((place != std::string_view::npos ? place : text.size()) - from + needle.size());
  return place;
}

namespace {

// str.replace with an empty needle: `to` stands between all characters.
std::string interleave(JinjaBudget& budget, std::string_view text, std::string_view to, long long count) {
  const std::size_t gaps = count_characters(budget, text) + 1;
  std::size_t left = count < 0 ? gaps : std::min(gaps, static_cast<std::size_t>(count));
  if (to.size() > JinjaLimits::string_bytes / gaps) budget.fail("a text is over the limit of bytes");
  budget.string_of(text.size() + left * to.size());
  std::string out;
  while (left-- > 0) {
    out += to;
    if (text.empty()) break;
    const std::size_t length = decode_utf8(text).length;
    out += text.substr(0, length);
    text.remove_prefix(length);
  }
  return out.append(text);
}

}  // namespace

std::string replace_text(JinjaBudget& budget, std::string_view text, std::string_view from, std::string_view to, long long count) {
  if (from.empty()) return interleave(budget, text, to, count);
  std::string out;
  std::size_t place = 0;
  while (count-- != 0) {
    const std::size_t found = find_text(budget, text, from, place);
    if (found == std::string_view::npos) break;
    budget.step();
    budget.string_of(to.size());
    out.append(text, place, found - place).append(to);
    if (out.size() > JinjaLimits::string_bytes) budget.string_of(out.size());
    place = found + from.size();
  }
  budget.string_of(out.size() + text.size() - place);
  return out.append(text, place);
}

std::vector<std::string_view> split_lines(JinjaBudget& budget, std::string_view text, bool keep_ends) {
  budget.bytes(4 * text.size());
  std::vector<std::string_view> lines;
  std::size_t start = 0, at = 0;
  while (at < text.size()) {
    const auto [c, length] = decode_utf8(text.substr(at));
    const std::size_t end = at;
    at += length;
    const bool breaks = (c >= 0x0a && c <= 0x0d) || (c >= 0x1c && c <= 0x1e) || c == 0x85 || c == 0x2028 || c == 0x2029;
    if (!breaks) continue;
    if (c == '\r' && at < text.size() && text[at] == '\n') ++at;
    budget.step();
    lines.push_back(text.substr(start, (keep_ends ? at : end) - start));
    start = at;
  }
  if (start < text.size()) lines.push_back(text.substr(start));
  return lines;
}

namespace {

bool is_printable(char32_t c) {
  switch (category(c)) {
    case UTF8PROC_CATEGORY_CC:
    case UTF8PROC_CATEGORY_CF:
    case UTF8PROC_CATEGORY_CS:
    case UTF8PROC_CATEGORY_CO:
    case UTF8PROC_CATEGORY_CN:
    case UTF8PROC_CATEGORY_ZL:
    case UTF8PROC_CATEGORY_ZP:
      return false;
    case UTF8PROC_CATEGORY_ZS:
      return c == ' ';
    default:
      return true;
  }
}

void append_quoted(std::string& out, char32_t c, char quote) {
  if (c == static_cast<unsigned char>(quote) || c == '\\') {
    out += '\\';
    out += static_cast<char>(c);
  } else if (c == '\n' || c == '\r' || c == '\t') {
    out += c == '\n' ? "\\n" : c == '\r' ? "\\r" : "\\t";
  } else if (is_printable(c)) {
    append_utf8(out, c);
  } else {
    char escape[16];
    std::snprintf(escape, sizeof escape, c < 0x100 ? "\\x%02x" : c < 0x10000 ? "\\u%04x" : "\\U%08x", static_cast<unsigned>(c));
    out += escape;
  }
}

}  // namespace

std::string quote_text(JinjaBudget& budget, std::string_view text) {
  budget.bytes(4 * text.size());
  const bool has_single = text.find('\'') != std::string_view::npos;
  const char quote = has_single && text.find('"') == std::string_view::npos ? '"' : '\'';
  std::string out(1, quote);
  while (!text.empty()) {
    const auto [value, length] = decode_utf8(text);
    append_quoted(out, value, quote);
    text.remove_prefix(length);
  }
  out += quote;
  budget.string_of(out.size());
  return out;
}

}  // namespace zlens
