// json.dumps of template values.
#include <algorithm>
#include <cmath>
#include <cstdio>

#include "io/utf8.h"
#include "text/jinja_format.h"
#include "text/jinja_operators.h"

namespace zlens {
namespace {

class JsonPrinter {
 public:
  JsonPrinter(JinjaBudget& budget, const JinjaJsonStyle& style) : budget_(budget), style_(style) {}

  void print(const JinjaValue& value, int level) {
    budget_.step();
    if (const JinjaDict* dict = value.dict()) return print_dict(*dict, level);
    if (const JinjaSequence* list = value.sequence()) return print_list(*list, level);
    if (const std::string* text = value.text()) return print_text(*text);
    if (value.is_undefined() || value.object()) fail_type(value);
    add(scalar(value));
  }

  std::string take() { return std::move(out_); }

 private:
  [[noreturn]] void fail_type(const JinjaValue& value) { budget_.fail(value.type_name() + " has no JSON"); }

  void add(std::string_view text) {
    out_ += text;
    if (out_.size() > JinjaLimits::string_bytes) budget_.string_of(out_.size());
  }

  static std::string scalar(const JinjaValue& value) {
    if (value.is_none()) return "null";
    if (value.is_bool()) return value.truthy() ? "true" : "false";
    if (value.is_integral()) return std::to_string(value.integer());
    if (std::isnan(value.number())) return "NaN";
    if (std::isinf(value.number())) return value.number() < 0 ? "-Infinity" : "Infinity";
    return float_text(value.number());
  }

  void break_line(int level) {
    if (!style_.indented) return;
    add("\n");
    for (int i = 0; i < level; ++i) add(style_.indent);
  }

  void print_list(const JinjaSequence& list, int level) {
    if (list.kind != JinjaSequenceKind::list && list.kind != JinjaSequenceKind::tuple) {
      budget_.fail("a " + JinjaValue(std::make_shared<JinjaSequence>(list)).type_name() + " has no JSON; use | list");
    }
    if (list.items.empty()) return add("[]");
    add("[");
    for (std::size_t i = 0; i < list.items.size(); ++i) {
      if (i > 0) add(style_.item_separator);
      break_line(level + 1);
      print(list.items[i], level + 1);
    }
    break_line(level);
    add("]");
  }

  void print_dict(const JinjaDict& dict, int level) {
    if (dict.entries.empty()) return add("{}");
    auto entries = dict.entries;
    budget_.step(entries.size());
    if (style_.sort_keys) {
      std::stable_sort(entries.begin(), entries.end(),
                       [&](const auto& a, const auto& b) { return compare_values(budget_, a.first, b.first) < 0; });
    }
    add("{");
    for (std::size_t i = 0; i < entries.size(); ++i) {
      if (i > 0) add(style_.item_separator);
      break_line(level + 1);
      print_text(entries[i].first.is_text() ? *entries[i].first.text() : scalar(entries[i].first));
      add(style_.key_separator);
      print(entries[i].second, level + 1);
    }
    break_line(level);
    add("}");
  }

  void print_text(std::string_view text) {
    budget_.bytes(4 * text.size());
    add("\"");
    while (!text.empty()) {
      const auto [value, length] = decode_utf8(text);
      if (value == '"' || value == '\\') out_ += '\\';
      if (value < 0x20 || (style_.ascii && value > 0x7e)) {
        add_escape(value);
      } else {
        out_ += text.substr(0, length);
      }
      text.remove_prefix(length);
    }
    add("\"");
  }

  void add_escape(char32_t c) {
    static constexpr std::string_view plain = "\n\r\t\f\b", letters = "nrtfb";
    if (c < 0x80 && plain.find(static_cast<char>(c)) != std::string_view::npos) {
      out_ += {'\\', letters[plain.find(static_cast<char>(c))]};
      return;
    }
    char escape[16];
    if (c < 0x10000) {
      std::snprintf(escape, sizeof escape, "\\u%04x", static_cast<unsigned>(c));
    } else {
      const auto rest = static_cast<unsigned>(c - 0x10000);
      std::snprintf(escape, sizeof escape, "\\u%04x\\u%04x", 0xd800 + (rest >> 10), 0xdc00 + (rest & 0x3ff));
    }
    out_ += escape;
  }

  JinjaBudget& budget_;
  const JinjaJsonStyle& style_;
  std::string out_;
};

}  // namespace

std::string to_json_text(JinjaBudget& budget, const JinjaValue& value, const JinjaJsonStyle& style) {
  JsonPrinter printer(budget, style);
  printer.print(value, 0);
  std::string text = printer.take();
  budget.string_of(text.size());
  return text;
}

}  // namespace zlens
