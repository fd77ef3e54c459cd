#include "text/jinja_literal.h"

#include <algorithm>
#include <charconv>

#include "io/utf8.h"
#include "text/jinja_text.h"

namespace zlens {
namespace {

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

// Value of the digits of `base` at the start of text, at most `most` of them; their number in `count`.
char32_t read_digits(std::string_view text, int base, std::size_t most, std::size_t& count) {
  std::uint32_t value = 0;
  const std::string_view digits = text.substr(0, most);
  count = static_cast<std::size_t>(std::from_chars(digits.data(), digits.data() + digits.size(), value, base).ptr - digits.data());
  return value;
}

class StringDecoder {
 public:
  StringDecoder(std::string_view inner, int line) : rest_(inner), line_(line) {}

  std::string run() {
    while (!rest_.empty()) {
      const std::size_t mark = std::min(rest_.find('\\'), rest_.size());
      out_ += rest_.substr(0, mark);
      rest_.remove_prefix(mark);
      if (rest_.size() >= 2) take_escape();
    }
    return valid_utf8(out_);
  }

 private:
  void take_escape() {
    static constexpr std::string_view names = "abfnrtv\\'\"", values = "\a\b\f\n\r\t\v\\'\"";
    const char c = rest_[1];
    if (const std::size_t known = names.find(c); known != std::string_view::npos) {
      out_ += values[known];
      return rest_.remove_prefix(2);
    }
    if (c == '\n') return rest_.remove_prefix(2);  // a line continued
    if (c >= '0' && c <= '7') return take_code(1, 8, 3, false);
    if (c == 'x') return take_code(2, 16, 2, true);
    if (c == 'u') return take_code(2, 16, 4, true);
    if (c == 'U') return take_code(2, 16, 8, true);
    if (c == 'N') fail_in_template(line_, "escapes \\N{...} are not supported; write the character itself");
    out_ += rest_.substr(0, 2);
    rest_.remove_prefix(2);
  }

  void take_code(std::size_t start, int base, std::size_t digits, bool all) {
    std::size_t count = 0;
    const char32_t code = read_digits(rest_.substr(start), base, digits, count);
    if ((all && count != digits) || code > 0x10ffff || (code >= 0xd800 && code < 0xe000)) {
      fail_in_template(line_, "a string has a broken escape");
    }
    append_utf8(out_, code);
    rest_.remove_prefix(start + count);
  }

  std::string_view rest_;
  int line_;
  std::string out_;
};

// Length of the digits at text[at] with single underscores between them.
std::size_t digits_end(std::string_view text, std::size_t at) {
  while (at < text.size() && (is_digit(text[at]) || (text[at] == '_' && at + 1 < text.size() && is_digit(text[at + 1])))) ++at;
  return at;
}

// End of the exponent or fraction that makes a float of the digits before `at`; `at` where there is none.
std::size_t float_end(std::string_view text, std::size_t at) {
  std::size_t end = at;
  if (end + 1 < text.size() && text[end] == '.' && is_digit(text[end + 1])) end = digits_end(text, end + 1);
  if (end < text.size() && (text[end] == 'e' || text[end] == 'E')) {
    const std::size_t sign = end + 1 < text.size() && (text[end + 1] == '+' || text[end + 1] == '-') ? 1 : 0;
    if (end + 1 + sign < text.size() && is_digit(text[end + 1 + sign])) end = digits_end(text, end + 1 + sign);
  }
  return end;
}

JinjaNumberLiteral whole_number(std::string_view text, std::size_t length, std::size_t prefix, int line) {
  std::string digits(text.substr(prefix, length - prefix));
  std::erase(digits, '_');
  const int base = prefix == 0 ? 10 : (text[1] | 0x20) == 'x' ? 16 : (text[1] | 0x20) == 'o' ? 8 : 2;
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value, base);
  if (error == std::errc::result_out_of_range) fail_in_template(line, "a whole number is past 64 bits");
  if (error != std::errc() || end != digits.data() + digits.size()) fail_in_template(line, "a broken number");
  return {value, length};
}

}  // namespace

std::string decode_string_literal(std::string_view inner, int line) {
  return StringDecoder(inner, line).run();
}

JinjaNumberLiteral read_number_literal(std::string_view text, bool after_dot, int line) {
  const char second = text.size() > 1 ? static_cast<char>(text[1] | 0x20) : '\0';
  if (text[0] == '0' && (second == 'x' || second == 'o' || second == 'b')) {
    std::size_t end = 2;
    while (end < text.size() && (std::isxdigit(static_cast<unsigned char>(text[end])) || text[end] == '_')) ++end;
    return whole_number(text, end, 2, line);
  }
  const std::size_t whole = digits_end(text, 0);
  const std::size_t end = after_dot ? whole : float_end(text, whole);
  if (end == whole) return whole_number(text, whole, 0, line);
  std::string digits(text.substr(0, end));
  std::erase(digits, '_');
  return {std::strtod(digits.c_str(), nullptr), end};
}

}  // namespace zlens
