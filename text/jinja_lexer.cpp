#include "text/jinja_lexer.h"

#include <algorithm>
#include <charconv>
#include <limits>

#include "io/python_text.h"
#include "io/utf8.h"
#include "text/jinja_literal.h"
#include "text/jinja_text.h"

namespace zlens {
namespace {

// As Jinja does: all line ends become "\n" and one at the very end is dropped.
std::string normalized(std::string_view source) {
  std::string out;
  out.reserve(source.size());
  for (std::size_t i = 0; i < source.size(); ++i) {
    if (source[i] == '\r') {
      out += '\n';
      if (i + 1 < source.size() && source[i + 1] == '\n') ++i;
    } else {
      out += source[i];
    }
  }
  if (out.ends_with('\n')) out.pop_back();
  return out;
}

bool is_name_start(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || (static_cast<unsigned char>(c) & 0x80);
}

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

class TemplateLexer {
 public:
  explicit TemplateLexer(std::string_view source) : source_(normalized(source)), rest_(source_) {}

  std::vector<JinjaToken> run() {
    while (!rest_.empty()) {
      const std::size_t tag = find_tag();
      if (tag == std::string_view::npos) {
        add_data(rest_);
        advance(rest_.size());
        break;
      }
      take_tag(tag);
    }
    add(JinjaTokenKind::end);
    return std::move(tokens_);
  }

 private:
  [[noreturn]] void fail(std::string_view why) const { fail_in_template(line_, why); }

  void add(JinjaTokenKind kind, std::string text = {}) { tokens_.push_back({kind, std::move(text), {}, line_}); }

  void add_data(std::string_view text) {
    if (!text.empty()) add(JinjaTokenKind::data, std::string(text));
  }

  void advance(std::size_t count) {
    if (count == 0) return;
    line_ += static_cast<int>(std::count(rest_.begin(), rest_.begin() + static_cast<std::ptrdiff_t>(count), '\n'));
    at_line_start_ = rest_[count - 1] == '\n';
    rest_.remove_prefix(count);
  }

  void skip_space() {
    std::size_t count = 0;
    while (count < rest_.size()) {
      const auto [value, length] = decode_utf8(rest_.substr(count));
      if (!python::is_space(value)) break;
      count += length;
    }
    advance(count);
  }

  std::size_t find_tag() const {
    for (std::size_t at = rest_.find('{'); at != std::string_view::npos; at = rest_.find('{', at + 1)) {
      const char next = at + 1 < rest_.size() ? rest_[at + 1] : '\0';
      if (next == '{' || next == '%' || next == '#') return at;
    }
    return std::string_view::npos;
  }

  // The literal text before a tag with the sign `sign` ('-', '+' or none).
  std::string_view before_tag(std::string_view text, char sign, bool strips_line) const {
    if (sign == '-') {
      JinjaBudget unlimited_enough;  // a source is short against the steps
      return strip_text(unlimited_enough, text, TextSide::right);
    }
    if (sign == '+' || !strips_line) return text;
    const std::size_t line_end = text.rfind('\n');
    const std::size_t start = line_end == std::string_view::npos ? 0 : line_end + 1;
    if (start == 0 && !at_line_start_) return text;
    std::string_view tail = text.substr(start);
    while (!tail.empty()) {
      const auto [value, length] = decode_utf8(tail);
      if (!python::is_space(value)) return text;
      tail.remove_prefix(length);
    }
    return text.substr(0, start);
  }

  void take_tag(std::size_t tag) {
    const char kind = rest_[tag + 1];
    const char sign = tag + 2 < rest_.size() && (rest_[tag + 2] == '-' || rest_[tag + 2] == '+') ? rest_[tag + 2] : '\0';
    add_data(before_tag(rest_.substr(0, tag), sign, kind != '{'));
    advance(tag + 2 + (sign ? 1 : 0));
    if (kind == '#') return skip_comment();
    if (kind == '%' && take_raw()) return;
    add(kind == '%' ? JinjaTokenKind::block_begin : JinjaTokenKind::variable_begin);
    take_expression(kind == '%' ? "%}" : "}}");
  }

  void skip_comment() {
    const std::size_t end = rest_.find("#}");
    if (end == std::string_view::npos) fail("Missing end of comment tag");
    const char sign = end > 0 ? rest_[end - 1] : '\0';
    advance(end + 2);
    after_block(sign);
  }

  // What a tag's end swallows: "-" all white space, nothing for "+", else one line end.
  void after_block(char sign) {
    if (sign == '-') {
      skip_space();
    } else if (sign != '+' && rest_.starts_with('\n')) {
      advance(1);
    }
  }

  // Length of `word` and the white space around it at the start of `text`; 0 where it is not there.
  static std::size_t word_length(std::string_view text, std::string_view word) {
    const auto spaces = [&](std::size_t at) {
      while (at < text.size() && python::is_space(static_cast<unsigned char>(text[at]))) ++at;
      return at;
    };
    const std::size_t start = spaces(0);
    return text.substr(start).starts_with(word) ? spaces(start + word.size()) : 0;
  }

  // {% raw %} … {% endraw %}; true where it stood here.
  bool take_raw() {
    std::size_t length = word_length(rest_, "raw");
    if (length == 0) return false;
    const bool strips = rest_.substr(length).starts_with("-%}");
    if (!strips && !rest_.substr(length).starts_with("%}")) return false;
    advance(length + (strips ? 3 : 2));
    if (strips) skip_space();
    for (std::size_t at = rest_.find("{%"); at != std::string_view::npos; at = rest_.find("{%", at + 2)) {
      if (end_raw(at)) return true;
    }
    fail("Missing end of raw directive");
  }

  bool end_raw(std::size_t at) {
    std::size_t end = at + 2;
    const char sign = end < rest_.size() && (rest_[end] == '-' || rest_[end] == '+') ? rest_[end++] : '\0';
    const std::size_t length = word_length(rest_.substr(end), "endraw");
    if (length == 0) return false;
    end += length;
    const char last = end < rest_.size() && (rest_[end] == '-' || rest_[end] == '+') ? rest_[end++] : '\0';
    if (!rest_.substr(end).starts_with("%}")) return false;
    add_data(before_tag(rest_.substr(0, at), sign, true));
    advance(end + 2);
    after_block(last);
    return true;
  }

  void take_expression(std::string_view closer) {
    open_.clear();
    while (true) {
      skip_space();
      if (rest_.empty()) fail("unexpected end of template inside a tag");
      if (open_.empty() && take_closer(closer)) return;
      take_token();
    }
  }

  bool take_closer(std::string_view closer) {
    const bool block = closer == "%}";
    const bool has_sign = rest_[0] == '-' || (block && rest_[0] == '+');
    if (!rest_.substr(has_sign ? 1 : 0).starts_with(closer)) return false;
    const char sign = has_sign ? rest_[0] : '\0';
    add(block ? JinjaTokenKind::block_end : JinjaTokenKind::variable_end);
    advance(closer.size() + (has_sign ? 1 : 0));
    if (block) {
      after_block(sign);
    } else if (sign == '-') {
      skip_space();
    }
    return true;
  }

  void take_token() {
    const char c = rest_[0];
    if (is_digit(c)) return take_number();
    if (is_name_start(c)) return take_name();
    if (c == '\'' || c == '"') return take_string(c);
    take_symbol();
  }

  void take_name() {
    std::size_t length = 1;
    while (length < rest_.size() && (is_name_start(rest_[length]) || is_digit(rest_[length]))) ++length;
    add(JinjaTokenKind::name, std::string(rest_.substr(0, length)));
    advance(length);
  }

  void take_string(char quote) {
    std::size_t end = 1;
    while (end < rest_.size() && rest_[end] != quote) end += rest_[end] == '\\' ? 2 : 1;
    if (end >= rest_.size()) fail("unterminated string");
    add(JinjaTokenKind::string, decode_string_literal(rest_.substr(1, end - 1), line_));
    advance(end + 1);
  }

  void take_number() {
    const bool after_dot = !tokens_.empty() && tokens_.back().text == "." && tokens_.back().kind == JinjaTokenKind::symbol;
    const JinjaNumberLiteral literal = read_number_literal(rest_, after_dot, line_);
    const bool real = literal.value.is_float();
    tokens_.push_back({real ? JinjaTokenKind::real : JinjaTokenKind::integer, std::string(rest_.substr(0, literal.length)),
                       literal.value, line_});
    advance(literal.length);
  }

  void take_symbol() {
    static constexpr std::string_view doubled[] = {"//", "**", "==", "!=", ">=", "<="};
    static constexpr std::string_view single = "+-/*%~[](){}><=.:|,";
    std::size_t length = 1;
    for (const std::string_view symbol : doubled) {
      if (rest_.starts_with(symbol)) length = 2;
    }
    if (length == 1 && single.find(rest_[0]) == std::string_view::npos) {
      fail("unexpected character '" + std::string(rest_.substr(0, 1)) + "' in a tag");
    }
    balance(rest_[0]);
    add(JinjaTokenKind::symbol, std::string(rest_.substr(0, length)));
    advance(length);
  }

  void balance(char c) {
    if (c == '(' || c == '[' || c == '{') open_ += c == '(' ? ')' : c == '[' ? ']' : '}';
    if (c != ')' && c != ']' && c != '}') return;
    if (open_.empty() || open_.back() != c) fail("unexpected '" + std::string(1, c) + "'");
    open_.pop_back();
  }

  std::string source_;
  std::string_view rest_;
  std::vector<JinjaToken> tokens_;
  std::string open_;  // the closing brackets that are waited for
  int line_ = 1;
  bool at_line_start_ = true;
};

}  // namespace

std::vector<JinjaToken> tokenize_template(std::string_view source) {
  return TemplateLexer(source).run();
}

}  // namespace zlens
