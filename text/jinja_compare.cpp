// Equality, order and membership as Python has them.
#include <algorithm>
#include <cmath>

#include "text/jinja_operators.h"
#include "text/jinja_text.h"

namespace zlens {
namespace {

// Python's == between a list and a tuple is false; views and ranges are alike only within their kind.
bool equal_sequences(JinjaBudget& budget, const JinjaSequence& left, const JinjaSequence& right) {
  if (&left == &right) return true;
  if (left.kind != right.kind || left.items.size() != right.items.size()) return false;
  if (left.kind == JinjaSequenceKind::generator) return false;
  for (std::size_t i = 0; i < left.items.size(); ++i) {
    if (!equal_values(budget, left.items[i], right.items[i])) return false;
  }
  return true;
}

bool equal_dicts(JinjaBudget& budget, const JinjaDict& left, const JinjaDict& right) {
  if (left.entries.size() != right.entries.size()) return false;
  for (const auto& [key, value] : left.entries) {
    const JinjaValue* other = right.find(budget, key);
    if (!other || !equal_values(budget, value, *other)) return false;
  }
  return true;
}

template <typename T>
int three_way(const T& left, const T& right) {
  return left < right ? -1 : right < left ? 1 : 0;
}

int compare_numbers(JinjaBudget& budget, const JinjaValue& left, const JinjaValue& right) {
  if (left.is_integral() && right.is_integral()) return three_way(left.integer(), right.integer());
  if (std::isnan(left.number()) || std::isnan(right.number())) budget.fail("nan has no order");
  return three_way(left.number(), right.number());
}

int compare_sequences(JinjaBudget& budget, const JinjaSequence& left, const JinjaSequence& right) {
  const std::size_t common = std::min(left.items.size(), right.items.size());
  for (std::size_t i = 0; i < common; ++i) {
    if (!equal_values(budget, left.items[i], right.items[i])) return compare_values(budget, left.items[i], right.items[i]);
  }
  return three_way(left.items.size(), right.items.size());
}

bool are_comparable(const JinjaSequence* left, const JinjaSequence* right) {
  return left && right && left->kind == right->kind &&
         (left->kind == JinjaSequenceKind::list || left->kind == JinjaSequenceKind::tuple);
}

bool is_nan(const JinjaValue& value) {
  return value.is_float() && std::isnan(value.number());
}

}  // namespace

bool equal_values(JinjaBudget& budget, const JinjaValue& left, const JinjaValue& right) {
  budget.step();
  if (left.is_number() && right.is_number()) {
    if (left.is_integral() && right.is_integral()) return left.integer() == right.integer();
    return left.number() == right.number();
  }
  if (left.text() && right.text()) {
    budget.bytes(std::min(left.text()->size(), right.text()->size()));
    return *left.text() == *right.text();
  }
  if (left.sequence() && right.sequence()) return equal_sequences(budget, *left.sequence(), *right.sequence());
  if (left.dict() && right.dict()) return equal_dicts(budget, *left.dict(), *right.dict());
  if (left.object() || right.object()) return left.object() == right.object();
  return (left.is_none() && right.is_none()) || (left.is_undefined() && right.is_undefined());
}

int compare_values(JinjaBudget& budget, const JinjaValue& left, const JinjaValue& right) {
  budget.step();
  if (left.is_number() && right.is_number()) return compare_numbers(budget, left, right);
  if (left.text() && right.text()) {
    budget.bytes(std::min(left.text()->size(), right.text()->size()));
    return left.text()->compare(*right.text());  // UTF-8 sorts as its code points do
  }
  if (are_comparable(left.sequence(), right.sequence())) return compare_sequences(budget, *left.sequence(), *right.sequence());
  for (const JinjaValue* value : {&left, &right}) {
    if (value->is_undefined() && value->hint()) budget.fail(*value->hint());
  }
  budget.fail("no order between '" + left.type_name() + "' and '" + right.type_name() + "'");
}

bool ordered(JinjaBudget& budget, std::string_view comparison, const JinjaValue& left, const JinjaValue& right) {
  if (left.is_number() && right.is_number() && (is_nan(left) || is_nan(right))) return false;
  const int order = compare_values(budget, left, right);
  if (comparison == "<") return order < 0;
  if (comparison == "<=") return order <= 0;
  return comparison == ">" ? order > 0 : order >= 0;
}

bool contains(JinjaBudget& budget, const JinjaValue& container, const JinjaValue& item) {
  if (const std::string* text = container.text()) {
    if (!item.is_text()) budget.fail("'in <string>' requires string as left operand, not " + item.type_name());
    return find_text(budget, *text, *item.text()) != std::string::npos;
  }
  if (const JinjaDict* dict = container.dict()) return dict->find(budget, item) != nullptr;
  if (container.object() || container.is_none() || container.is_number()) {
    budget.fail("argument of type '" + container.type_name() + "' is not iterable");
  }
  for (const JinjaValue& other : iterate(budget, container)) {
    if (equal_values(budget, other, item)) return true;
  }
  return false;
}

}  // namespace zlens
