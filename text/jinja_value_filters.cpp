// Filters on single values: text, numbers, JSON.
#include <charconv>
#include <cmath>
#include <map>

#include "text/jinja_args.h"
#include "text/jinja_filters.h"
#include "text/jinja_format.h"
#include "text/jinja_operators.h"
#include "text/jinja_text.h"

namespace zlens {
namespace {

using Value = const JinjaValue&;

template <std::string (*map)(JinjaBudget&, std::string_view)>
JinjaValue mapped(JinjaBudget& budget, Value value, const JinjaArgs& args) {
  const JinjaBinding bound(budget, args, "a case filter", {});
  return map(budget, to_text(budget, value));
}

// Jinja's own title: words start after white space, '-' and opening brackets.
std::string title_words(JinjaBudget& budget, std::string_view text) {
  std::string out;
  std::size_t start = 0;
  const auto starts_word = [](char c) { return std::string_view(" \t\n\r\f\v-({[<").find(c) != std::string_view::npos; };
  while (start < text.size()) {
    std::size_t end = start;
    while (end < text.size() && starts_word(text[end])) ++end;
    out.append(text, start, end - start);
    start = end;
    while (end < text.size() && !starts_word(text[end])) ++end;
    if (start < end) out += capitalize_text(budget, text.substr(start, end - start));
    start = end;
  }
  return out;
}

JinjaValue trim(JinjaBudget& budget, Value value, const JinjaArgs& args) {
  const JinjaBinding bound(budget, args, "trim", {"chars"});
  const std::string text = to_text(budget, value);
  const JinjaValue* chars = bound.given(0);
  if (chars && !chars->is_text()) budget.fail("trim takes text, not " + chars->type_name());
  return std::string(strip_text(budget, text, TextSide::both, chars ? chars->text() : nullptr));
}

JinjaValue replace(JinjaBudget& budget, Value value, const JinjaArgs& args) {
  const JinjaBinding bound(budget, args, "replace", {"old", "new", "count"});
  const std::string text = to_text(budget, value), from = to_text(budget, bound.required(0)),
                    to = to_text(budget, bound.required(1));
  return replace_text(budget, text, from, to, bound.given(2) ? bound.integer(2, -1) : -1);
}

JinjaValue indent(JinjaBudget& budget, Value value, const JinjaArgs& args) {
  const JinjaBinding bound(budget, args, "indent", {"width", "first", "blank"});
  if (!value.is_text()) budget.fail("indent takes text, not " + value.type_name());
  const bool has_text = bound.has(0) && bound.required(0).is_text();
  const JinjaValue spaces =
      has_text ? bound.required(0) : apply_operator(budget, JinjaOperator::mul, std::string(" "), bound.integer(0, 4));
  const std::string& margin = *spaces.text();
  // One line end more, or the last empty line would be lost.
  const std::string text = *value.text() + "\n";
  std::string out = bound.truth(1, false) ? margin : "";
  bool first = true;
  for (const std::string_view line : split_lines(budget, text)) {
    budget.string_of(margin.size());
    if (!first) out += "\n";
    if (!first && (!line.empty() || bound.truth(2, false))) out += margin;
    out += line;
    first = false;
    if (out.size() > JinjaLimits::string_bytes) budget.string_of(out.size());
  }
  budget.string_of(out.size());
  return out;
}

JinjaValue format(JinjaBudget& budget, Value value, const JinjaArgs& args) {
  const std::string text = to_text(budget, value);
  if (args.named.empty()) return format_percent(budget, text, make_sequence(budget, args.positional, JinjaSequenceKind::tuple));
  std::vector<std::pair<JinjaValue, JinjaValue>> entries;
  for (const auto& [name, named] : args.named) entries.emplace_back(name, named);
  return format_percent(budget, text, make_dict(budget, std::move(entries)));
}

JinjaValue to_string(JinjaBudget& budget, Value value, const JinjaArgs& args) {
  const JinjaBinding bound(budget, args, "string", {});
  return value.is_text() ? value : JinjaValue(to_text(budget, value));
}

JinjaValue default_value(JinjaBudget& budget, Value value, const JinjaArgs& args) {
  const JinjaBinding bound(budget, args, "default", {"default_value", "boolean"});
  const bool missing = value.is_undefined() || (bound.truth(1, false) && !value.truthy());
  if (!missing) return value;
  return bound.has(0) ? bound.required(0) : JinjaValue(std::string());
}

std::optional<double> parse_float(JinjaBudget& budget, std::string_view text) {
  const std::string lowered = lower_text(budget, strip_text(budget, text, TextSide::both));
  std::string_view digits = lowered;
  const bool negative = digits.starts_with('-');
  if (negative || digits.starts_with('+')) digits.remove_prefix(1);
  if (digits.empty() || digits[0] == '-') return std::nullopt;
  double value = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
  if (end != digits.data() + digits.size() || error == std::errc::invalid_argument) return std::nullopt;
  // from_chars leaves the value alone where it is out of range; strtod gives Python's inf and 0.
  if (error == std::errc::result_out_of_range) value = std::strtod(std::string(digits).c_str(), nullptr);
  return negative ? -value : value;
}

std::optional<std::int64_t> parse_integer(JinjaBudget& budget, std::string_view text, std::int64_t base) {
  if (base < 2 || base > 36) budget.fail("a base is between 2 and 36");
  std::string digits(strip_text(budget, text, TextSide::both));
  const bool negative = digits.starts_with('-');
  if (negative || digits.starts_with('+')) digits.erase(0, 1);
  const std::string prefix = lower_text(budget, digits.substr(0, 2));
  if ((base == 16 && prefix == "0x") || (base == 8 && prefix == "0o") || (base == 2 && prefix == "0b")) digits.erase(0, 2);
  if (digits.empty() || digits[0] == '-') return std::nullopt;
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value, static_cast<int>(base));
  if (error == std::errc::result_out_of_range) budget.fail("a whole number is past 64 bits");
  if (error != std::errc() || end != digits.data() + digits.size()) return std::nullopt;
  return negative ? -value : value;
}

std::optional<JinjaValue> truncated(double value) {
  if (!std::isfinite(value) || std::fabs(value) >= 9.2e18) return std::nullopt;
  return JinjaValue(static_cast<std::int64_t>(value));
}

JinjaValue to_int(JinjaBudget& budget, Value value, const JinjaArgs& args) {
  const JinjaBinding bound(budget, args, "int", {"default", "base"});
  if (value.is_undefined()) budget.fail(value.hint() ? *value.hint() : "a value is undefined");
  std::optional<JinjaValue> result;
  if (value.is_integral()) result = value.integer();
  if (value.is_float()) result = truncated(value.number());
  if (const std::string* text = value.text()) {
    if (const auto whole = parse_integer(budget, *text, bound.integer(1, 10))) {
      result = *whole;
    } else if (const auto number = parse_float(budget, *text)) {
      result = truncated(*number);
    }
  }
  if (result) return *result;
  return bound.has(0) ? bound.required(0) : JinjaValue(std::int64_t{0});
}

JinjaValue to_float(JinjaBudget& budget, Value value, const JinjaArgs& args) {
  const JinjaBinding bound(budget, args, "float", {"default"});
  if (value.is_undefined()) budget.fail(value.hint() ? *value.hint() : "a value is undefined");
  if (value.is_number()) return value.number();
  if (const std::string* text = value.text()) {
    if (const auto number = parse_float(budget, *text)) return *number;
  }
  return bound.has(0) ? bound.required(0) : JinjaValue(0.0);
}

JinjaValue absolute(JinjaBudget& budget, Value value, const JinjaArgs& args) {
  const JinjaBinding bound(budget, args, "abs", {});
  if (!value.is_number()) budget.fail("bad operand type for abs(): '" + value.type_name() + "'");
  if (value.is_float()) return std::fabs(value.number());
  return value.integer() < 0 ? negate(budget, value) : JinjaValue(value.integer());
}

// Python rounds the exact decimal value, half to even; printf does the same.
double round_decimals(double value, std::int64_t precision) {
  if (!std::isfinite(value) || precision > 300) return value;
  if (precision < 0) {
    const double scale = std::pow(10.0, static_cast<double>(-std::max<std::int64_t>(precision, -300)));
    return std::nearbyint(value / scale) * scale;
  }
  char buffer[700];
  std::snprintf(buffer, sizeof buffer, "%.*f", static_cast<int>(precision), value);
  return std::strtod(buffer, nullptr);
}

JinjaValue round_filter(JinjaBudget& budget, Value value, const JinjaArgs& args) {
  const JinjaBinding bound(budget, args, "round", {"precision", "method"});
  const std::string method = bound.text(1, "common");
  const std::int64_t precision = bound.integer(0, 0);
  if (!value.is_number()) budget.fail("round takes a number, not " + value.type_name());
  if (method == "common") {
    if (!value.is_integral()) return round_decimals(value.number(), precision);
    return precision >= 0 ? JinjaValue(value.integer())
                          : JinjaValue(static_cast<std::int64_t>(round_decimals(value.number(), precision)));
  }
  if (method != "ceil" && method != "floor") budget.fail("method must be common, ceil or floor");
  const double scale = std::pow(10.0, static_cast<double>(precision));
  const double scaled = value.number() * scale;
  return (method == "ceil" ? std::ceil(scaled) : std::floor(scaled)) / scale;
}

JinjaValue keep(JinjaBudget& budget, Value value, const JinjaArgs& args) {
  const JinjaBinding bound(budget, args, "safe", {});
  return value;
}

JinjaValue to_json(JinjaBudget& budget, Value value, const JinjaArgs& args) {
  const JinjaBinding bound(budget, args, "tojson", {"ensure_ascii", "indent", "separators", "sort_keys"});
  JinjaJsonStyle style;
  style.ascii = bound.truth(0, false);
  style.sort_keys = bound.truth(3, false);
  if (const JinjaValue* width = bound.given(1)) {
    style.indented = true;
    style.item_separator = ",";
    const std::int64_t spaces = width->is_text() ? 0 : std::max<std::int64_t>(0, bound.integer(1, 0));
    style.indent = width->is_text() ? *width->text() : *apply_operator(budget, JinjaOperator::mul, std::string(" "), spaces).text();
  }
  if (const JinjaValue* separators = bound.given(2)) {
    const std::vector<JinjaValue> both = iterate(budget, *separators);
    if (both.size() != 2 || !both[0].is_text() || !both[1].is_text()) budget.fail("separators are two texts");
    style.item_separator = *both[0].text();
    style.key_separator = *both[1].text();
  }
  return to_json_text(budget, value, style);
}

}  // namespace

JinjaFilter find_value_filter(std::string_view name) {
  static const std::map<std::string, JinjaFilter, std::less<>> filters = {
      {"lower", mapped<lower_text>},
      {"upper", mapped<upper_text>},
      {"capitalize", mapped<capitalize_text>},
      {"title", mapped<title_words>},
      {"trim", trim},
      {"replace", replace},
      {"indent", indent},
      {"format", format},
      {"string", to_string},
      {"default", default_value},
      {"d", default_value},
      {"int", to_int},
      {"float", to_float},
      {"abs", absolute},
      {"round", round_filter},
      {"safe", keep},
      {"tojson", to_json},
  };
  const auto found = filters.find(name);
  return found == filters.end() ? nullptr : found->second;
}

JinjaFilter find_filter(std::string_view name) {
  if (const JinjaFilter filter = find_value_filter(name)) return filter;
  if (const JinjaFilter filter = find_sequence_filter(name)) return filter;
  return find_select_filter(name);
}

}  // namespace zlens
