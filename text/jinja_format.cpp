#include "text/jinja_format.h"

#include <algorithm>
#include <cmath>
#include <cstdio>

#include "text/jinja_operators.h"
#include "text/jinja_text.h"

namespace zlens {
namespace {

constexpr std::int64_t longest_number = 400;  // digits of a precision

std::string repeated(std::string_view fill, std::size_t times) {
  std::string out;
  for (std::size_t i = 0; i < times; ++i) out += fill;
  return out;
}

bool is_ascii_digit(char c) {
  return c >= '0' && c <= '9';
}

// Reads the digits at text[at]; -1 where there are none.
std::int64_t read_number(JinjaBudget& budget, std::string_view text, std::size_t& at) {
  if (at >= text.size() || !is_ascii_digit(text[at])) return -1;
  std::int64_t number = 0;
  for (; at < text.size() && is_ascii_digit(text[at]); ++at) {
    number = number * 10 + (text[at] - '0');
    if (number > static_cast<std::int64_t>(JinjaLimits::string_bytes)) budget.fail("a width in a format is over the limit");
  }
  return number;
}

struct Spec {
  JinjaPadding padding{.alignment = '\0', .width = 0, .fill = " "};
  char sign = '-';
  bool thousands = false;
  std::int64_t precision = -1;
  char type = '\0';
};

std::string fixed_digits(JinjaBudget& budget, double value, std::int64_t precision) {
  if (!std::isfinite(value)) return float_text(value);
  if (precision > longest_number) budget.fail("a precision in a format is over " + std::to_string(longest_number));
  char buffer[800];  // 309 digits before the point and `longest_number` after it
  const int size = std::snprintf(buffer, sizeof buffer, "%.*f", static_cast<int>(precision), value);
  return std::string(buffer, static_cast<std::size_t>(size));
}

std::string hexadecimal(std::int64_t value, bool upper) {
  char buffer[24];
  const std::uint64_t magnitude = value < 0 ? 0 - static_cast<std::uint64_t>(value) : static_cast<std::uint64_t>(value);
  std::snprintf(buffer, sizeof buffer, upper ? "%s%lX" : "%s%lx", value < 0 ? "-" : "", static_cast<unsigned long>(magnitude));
  return buffer;
}

void group_thousands(std::string& digits) {
  const std::size_t begin = digits[0] == '-' ? 1 : 0;
  const std::size_t end = std::min(digits.find_first_not_of("0123456789", begin), digits.size());
  for (std::size_t at = end; at > begin + 3;) digits.insert(at -= 3, ",");
}

std::string number_text(JinjaBudget& budget, const JinjaValue& value, const Spec& spec) {
  std::string text;
  const bool whole =
      spec.type == 'd' || spec.type == 'i' || spec.type == 'x' || spec.type == 'X' || (spec.type == '\0' && value.is_integral());
  if (!value.is_number()) budget.fail("a number is required to format, not " + value.type_name());
  if (whole) {
    if (!value.is_integral()) budget.fail("an integer is required to format, not " + value.type_name());
    const bool hex = spec.type == 'x' || spec.type == 'X';
    text = hex ? hexadecimal(value.integer(), spec.type == 'X') : std::to_string(value.integer());
  } else if (spec.type == '\0') {
    if (spec.precision >= 0) budget.fail("a precision needs the type f here");
    text = float_text(value.number());
  } else {
    text = fixed_digits(budget, value.number() * (spec.type == '%' ? 100 : 1), spec.precision < 0 ? 6 : spec.precision);
  }
  if (spec.thousands) group_thousands(text);
  if (spec.type == '%') text += '%';
  if (spec.sign != '-' && text[0] != '-') text.insert(0, 1, spec.sign);
  return text;
}

std::string cut_text(const std::string& text, std::int64_t characters) {
  if (characters < 0) return text;
  std::size_t end = 0;
  for (; end < text.size(); ++end) {
    const bool starts = (static_cast<unsigned char>(text[end]) & 0xc0) != 0x80;
    if (starts && characters-- == 0) break;
  }
  return text.substr(0, end);
}

std::string padded(JinjaBudget& budget, const std::string& text, JinjaPadding padding, char usual) {
  if (padding.alignment == '\0') padding.alignment = usual;
  return pad_text(budget, text, padding);
}

// ---- % ----

class PercentFormatter {
 public:
  PercentFormatter(JinjaBudget& budget, std::string_view format, const JinjaValue& values)
      : budget_(budget), format_(format), values_(values) {
    const JinjaSequence* list = values.sequence();
    several_ = list && list->kind == JinjaSequenceKind::tuple;
  }

  std::string run() {
    budget_.bytes(format_.size());
    while (at_ < format_.size()) {
      const std::size_t mark = std::min(format_.find('%', at_), format_.size());
      out_.append(format_, at_, mark - at_);
      at_ = mark;
      if (at_ < format_.size()) convert();
      if (out_.size() > JinjaLimits::string_bytes) budget_.string_of(out_.size());
    }
    const std::size_t given = several_ ? values_.sequence()->items.size() : 1;
    if (used_ < given && !values_.dict() && !(values_.sequence() && !several_)) {
      budget_.fail("not all arguments converted during string formatting");
    }
    budget_.string_of(out_.size());
    return std::move(out_);
  }

 private:
  char current() const { return at_ < format_.size() ? format_[at_] : '\0'; }

  JinjaValue next_value() {
    if (several_ ? used_ >= values_.sequence()->items.size() : used_ >= 1) budget_.fail("not enough arguments for format string");
    return several_ ? values_.sequence()->items[used_++] : (++used_, values_);
  }

  JinjaValue named_value() {
    const std::size_t end = format_.find(')', at_);
    if (end == std::string_view::npos) budget_.fail("incomplete format key");
    const std::string name(format_.substr(at_ + 1, end - at_ - 1));
    at_ = end + 1;
    if (!values_.dict()) budget_.fail("format requires a mapping");
    const JinjaValue* found = values_.dict()->find_name(budget_, name);
    if (!found) budget_.fail("the format names the key '" + name + "', which is missing");
    return *found;
  }

  Spec read_spec() {
    Spec spec;
    for (; std::string_view("-+ 0#").find(current()) != std::string_view::npos && current(); ++at_) {
      const char flag = current();
      if (flag == '-') spec.padding.alignment = '<';
      if (flag == '0' && spec.padding.alignment != '<') spec.padding.alignment = 'z';
      if (flag == '+' || (flag == ' ' && spec.sign != '+')) spec.sign = flag;
      if (flag == '#') budget_.fail("the flag # of % formatting is not supported");
    }
    spec.padding.width = std::max<std::int64_t>(0, read_number(budget_, format_, at_));
    if (current() == '.') {
      ++at_;
      spec.precision = std::max<std::int64_t>(0, read_number(budget_, format_, at_));
    }
    spec.type = current();
    if (!spec.type) budget_.fail("incomplete format");
    ++at_;
    return spec;
  }

  void convert() {
    budget_.step();
    ++at_;
    std::optional<JinjaValue> named;
    if (current() == '(') named = named_value();
    Spec spec = read_spec();
    if (spec.type == '%') {
      out_ += '%';
      return;
    }
    if (std::string_view("srdifxX").find(spec.type) == std::string_view::npos) {
      budget_.fail("unsupported format character '" + std::string(1, spec.type) + "'");
    }
    const JinjaValue value = named ? *named : next_value();
    if (spec.type == 's' || spec.type == 'r') {
      if (spec.padding.alignment == 'z') spec.padding.alignment = '>';
      const std::string text = spec.type == 's' ? to_text(budget_, value) : to_repr(budget_, value);
      out_ += padded(budget_, cut_text(text, spec.precision), spec.padding, '>');
      return;
    }
    const bool cuts = value.is_float() && spec.type != 'f' && std::fabs(value.number()) < 9e18;
    const JinjaValue number = cuts ? JinjaValue(static_cast<std::int64_t>(value.number())) : value;
    out_ += padded(budget_, number_text(budget_, number, spec), spec.padding, '>');
  }

  JinjaBudget& budget_;
  std::string_view format_;
  const JinjaValue& values_;
  bool several_ = false;
  std::size_t used_ = 0, at_ = 0;
  std::string out_;
};

// ---- str.format ----

class BraceFormatter {
 public:
  BraceFormatter(JinjaBudget& budget, std::string_view format, const JinjaArgs& args)
      : budget_(budget), format_(format), args_(args) {}

  std::string run() {
    budget_.bytes(format_.size());
    while (at_ < format_.size()) {
      const char c = format_[at_++];
      const bool doubled = at_ < format_.size() && format_[at_] == c;
      if ((c == '{' || c == '}') && doubled) ++at_;
      if (c == '{' && !doubled) {
        field();
      } else if (c == '}' && !doubled) {
        budget_.fail("Single '}' encountered in format string");
      } else {
        out_ += c;
      }
      if (out_.size() > JinjaLimits::string_bytes) budget_.string_of(out_.size());
    }
    budget_.string_of(out_.size());
    return std::move(out_);
  }

 private:
  void field() {
    budget_.step();
    const std::size_t end = format_.find('}', at_);
    if (end == std::string_view::npos) budget_.fail("expected '}' before end of string");
    std::string_view inner = format_.substr(at_, end - at_);
    if (inner.find('{') != std::string_view::npos) budget_.fail("nested fields of str.format are not supported");
    at_ = end + 1;
    const std::size_t colon = std::min(inner.find(':'), inner.size());
    const std::string_view spec = colon < inner.size() ? inner.substr(colon + 1) : "";
    inner = inner.substr(0, colon);
    const std::size_t mark = std::min(inner.find('!'), inner.size());
    JinjaValue value = lookup(inner.substr(0, mark));
    if (mark < inner.size()) {
      const std::string_view how = inner.substr(mark + 1);
      if (how != "r" && how != "s") budget_.fail("unknown conversion in str.format");
      value = how == "r" ? to_repr(budget_, value) : to_text(budget_, value);
    }
    out_ += formatted(value, spec);
  }

  JinjaValue first_of(std::string_view name) {
    std::size_t at = 0;
    std::int64_t index = name.empty() ? automatic_++ : read_number(budget_, name, at);
    if (index >= 0 && at == name.size()) {
      if (static_cast<std::size_t>(index) >= args_.positional.size()) budget_.fail("str.format has too few arguments");
      return args_.positional[static_cast<std::size_t>(index)];
    }
    for (const auto& [key, value] : args_.named) {
      if (key == name) return value;
    }
    budget_.fail("str.format has no argument '" + std::string(name) + "'");
  }

  JinjaValue lookup(std::string_view path) {
    std::size_t end = std::min(path.find_first_of(".["), path.size());
    JinjaValue value = first_of(path.substr(0, end));
    while (end < path.size()) {
      const bool item = path[end] == '[';
      const std::size_t start = end + 1;
      end = std::min(item ? path.find(']', start) : path.find_first_of(".[", start), path.size());
      const std::string key(path.substr(start, end - start));
      std::size_t at = 0;
      const std::int64_t index = item ? read_number(budget_, key, at) : -1;
      if (item) {
        value = get_item(budget_, value, index >= 0 && at == key.size() ? JinjaValue(index) : JinjaValue(key));
        ++end;
      } else {
        value = get_attribute(budget_, value, key);
      }
    }
    return value;
  }

  Spec read_spec(std::string_view text) {
    Spec spec;
    std::size_t at = 0;
    const auto is_alignment = [&](std::size_t i) {
      return i < text.size() && std::string_view("<>^").find(text[i]) != std::string_view::npos;
    };
    const std::size_t fill = text.empty() ? 0 : text.size() - cut_rest(text).size();
    if (fill > 0 && is_alignment(fill)) {
      spec.padding.fill = text.substr(0, fill);
      spec.padding.alignment = text[fill];
      at = fill + 1;
    } else if (is_alignment(0)) {
      spec.padding.alignment = text[at++];
    }
    if (at < text.size() && std::string_view("+- ").find(text[at]) != std::string_view::npos) spec.sign = text[at++];
    if (at < text.size() && text[at] == '0') {
      if (spec.padding.alignment == '\0') spec.padding.alignment = 'z';
      ++at;
    }
    spec.padding.width = std::max<std::int64_t>(0, read_number(budget_, text, at));
    if (at < text.size() && text[at] == ',') spec.thousands = ++at > 0;
    if (at < text.size() && text[at] == '.') spec.precision = read_number(budget_, text, ++at);
    if (at < text.size()) spec.type = text[at++];
    if (at != text.size() || (spec.type && std::string_view("sdfxX%").find(spec.type) == std::string_view::npos)) {
      budget_.fail("invalid or unsupported format specification '" + std::string(text) + "'");
    }
    return spec;
  }

  // What follows the first character.
  static std::string_view cut_rest(std::string_view text) {
    std::size_t length = 1;
    while (length < text.size() && (static_cast<unsigned char>(text[length]) & 0xc0) == 0x80) ++length;
    return text.substr(length);
  }

  std::string formatted(const JinjaValue& value, std::string_view text) {
    if (text.empty()) return to_text(budget_, value);
    const Spec spec = read_spec(text);
    if (value.is_text() && (spec.type == 's' || spec.type == '\0')) {
      return padded(budget_, cut_text(*value.text(), spec.precision), spec.padding, '<');
    }
    return padded(budget_, number_text(budget_, value, spec), spec.padding, '>');
  }

  JinjaBudget& budget_;
  std::string_view format_;
  const JinjaArgs& args_;
  std::size_t at_ = 0;
  std::int64_t automatic_ = 0;
  std::string out_;
};

}  // namespace

std::string pad_text(JinjaBudget& budget, std::string_view text, const JinjaPadding& padding) {
  const auto length = static_cast<std::int64_t>(count_characters(budget, text));
  if (padding.width <= length) return std::string(text);
  const auto missing = static_cast<std::size_t>(padding.width - length);
  if (missing > JinjaLimits::string_bytes / 4) budget.fail("a width of " + std::to_string(padding.width) + " is over the limit");
  budget.string_of(text.size() + missing * padding.fill.size());
  budget.step(missing / 8);
  if (padding.alignment == 'z') {
    const bool has_sign = !text.empty() && (text[0] == '-' || text[0] == '+' || text[0] == ' ');
    return std::string(text.substr(0, has_sign)) + std::string(missing, '0') + std::string(text.substr(has_sign));
  }
  std::size_t before = padding.alignment == '>' ? missing : 0;
  if (padding.alignment == '^') before = missing / 2;
  if (padding.alignment == 'c') before = missing / 2 + (missing & static_cast<std::size_t>(padding.width) & 1);
  return repeated(padding.fill, before) + std::string(text) + repeated(padding.fill, missing - before);
}

std::string format_percent(JinjaBudget& budget, std::string_view format, const JinjaValue& values) {
  return PercentFormatter(budget, format, values).run();
}

std::string format_braces(JinjaBudget& budget, std::string_view format, const JinjaArgs& args) {
  return BraceFormatter(budget, format, args).run();
}

}  // namespace zlens
