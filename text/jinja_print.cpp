// How values print: Python's str and repr.
#include <charconv>
#include <cmath>

#include "text/jinja_operators.h"
#include "text/jinja_text.h"

namespace zlens {
namespace {

// Python writes 1e+16 and 1e-05, and everything between without exponent.
constexpr int first_large_exponent = 16;
constexpr int last_small_exponent = -5;

std::string with_exponent(const std::string& digits, int exponent) {
  std::string out = digits.substr(0, 1);
  if (digits.size() > 1) out += "." + digits.substr(1);
  const int magnitude = std::abs(exponent);
  return out + (exponent < 0 ? "e-" : "e+") + (magnitude < 10 ? "0" : "") + std::to_string(magnitude);
}

std::string without_exponent(std::string digits, int exponent) {
  if (exponent < 0) return "0." + std::string(static_cast<std::size_t>(-exponent - 1), '0') + digits;
  const std::size_t whole = static_cast<std::size_t>(exponent) + 1;
  if (digits.size() <= whole) return digits.append(whole - digits.size(), '0') + ".0";
  return digits.insert(whole, ".");
}

class Printer {
 public:
  explicit Printer(JinjaBudget& budget) : budget_(budget) {}

  void print(const JinjaValue& value) {
    budget_.step();
    if (const std::string* text = value.text()) {
      add(quote_text(budget_, *text));
    } else if (const JinjaDict* dict = value.dict()) {
      print_dict(*dict);
    } else if (const JinjaSequence* list = value.sequence()) {
      print_sequence(*list);
    } else {
      add(value.is_undefined() ? "Undefined" : to_text(budget_, value));
    }
  }

  std::string take() { return std::move(out_); }

 private:
  void add(std::string_view text) {
    out_ += text;
    if (out_.size() > JinjaLimits::string_bytes) budget_.string_of(out_.size());
  }

  void print_items(const std::vector<JinjaValue>& items) {
    bool first = true;
    for (const JinjaValue& item : items) {
      if (!std::exchange(first, false)) add(", ");
      print(item);
    }
  }

  void print_dict(const JinjaDict& dict) {
    add("{");
    bool first = true;
    for (const auto& [key, value] : dict.entries) {
      if (!std::exchange(first, false)) add(", ");
      print(key);
      add(": ");
      print(value);
    }
    add("}");
  }

  void print_range(const JinjaRange& range) {
    add("range(" + std::to_string(range.start) + ", " + std::to_string(range.stop));
    add(range.step == 1 ? ")" : ", " + std::to_string(range.step) + ")");
  }

  void print_sequence(const JinjaSequence& list) {
    switch (list.kind) {
      case JinjaSequenceKind::generator:
        budget_.fail("a generator has no text; use | list or | join");
      case JinjaSequenceKind::range:
        return print_range(list.range);
      case JinjaSequenceKind::tuple:
        add("(");
        print_items(list.items);
        return add(list.items.size() == 1 ? ",)" : ")");
      case JinjaSequenceKind::list:
        add("[");
        print_items(list.items);
        return add("]");
      default:
        add(JinjaValue(std::make_shared<JinjaSequence>(JinjaSequence{list.kind, {}, 1, {}})).type_name() + "([");
        print_items(list.items);
        add("])");
    }
  }

  JinjaBudget& budget_;
  std::string out_;
};

}  // namespace

std::string float_text(double value) {
  if (std::isnan(value)) return "nan";
  if (std::isinf(value)) return value < 0 ? "-inf" : "inf";
  char buffer[40];
  const auto end = std::to_chars(buffer, buffer + sizeof buffer, std::fabs(value), std::chars_format::scientific).ptr;
  const std::string_view text(buffer, static_cast<std::size_t>(end - buffer));
  const std::size_t mark = text.find('e');
  std::string digits(text.substr(0, 1));
  if (mark > 2) digits += text.substr(2, mark - 2);
  const int exponent = std::stoi(std::string(text.substr(mark + 1)));
  const bool large = exponent >= first_large_exponent || exponent <= last_small_exponent;
  return (std::signbit(value) ? "-" : "") + (large ? with_exponent(digits, exponent) : without_exponent(digits, exponent));
}

std::string to_text(JinjaBudget& budget, const JinjaValue& value) {
  if (const std::string* text = value.text()) {
    budget.string_of(text->size());
    return *text;
  }
  if (value.is_undefined()) return "";
  if (value.is_none()) return "None";
  if (value.is_bool()) return value.truthy() ? "True" : "False";
  if (value.is_integral()) return std::to_string(value.integer());
  if (value.is_float()) return float_text(value.number());
  if (value.object()) budget.fail("a " + value.type_name() + " has no text");
  return to_repr(budget, value);
}

std::string to_repr(JinjaBudget& budget, const JinjaValue& value) {
  Printer printer(budget);
  printer.print(value);
  std::string text = printer.take();
  budget.string_of(text.size());
  return text;
}

}  // namespace zlens
