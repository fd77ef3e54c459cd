// a.b, a[b] and a[b:c:d].
#include <algorithm>
#include <limits>

#include "io/utf8.h"
#include "text/jinja_methods.h"
#include "text/jinja_operators.h"
#include "text/jinja_text.h"

namespace zlens {
namespace {

void refuse_undefined(JinjaBudget& budget, const JinjaValue& container) {
  if (container.is_undefined()) budget.fail(container.hint() ? *container.hint() : "a value is undefined");
}

std::string hint_of(JinjaBudget& budget, const JinjaValue& container, const JinjaValue& key) {
  constexpr std::size_t longest = 80;
  const bool is_short = !key.is_text() || key.text()->size() <= longest;
  const bool prints = !key.object() && !key.sequence() && !key.dict() && is_short;
  return "'" + container.type_name() + " object' has no attribute " + (prints ? to_repr(budget, key) : "of that name");
}

JinjaValue missing(JinjaBudget& budget, const JinjaValue& container, const JinjaValue& key) {
  return JinjaValue::undefined(hint_of(budget, container, key));
}

std::optional<JinjaValue> find_attribute(const JinjaValue& container, const std::string& name) {
  if (JinjaObject* object = container.object()) return object->attribute(name);
  return bound_method(container, name);
}

std::optional<JinjaValue> indexed(JinjaBudget& budget, const JinjaValue& container, std::int64_t index) {
  const JinjaSequence* list = container.sequence();
  if (list && list->kind > JinjaSequenceKind::range) return std::nullopt;  // views and generators have no index
  const std::optional<std::int64_t> length = length_of(budget, container);
  if (!length) return std::nullopt;
  if (index < 0) index += *length;
  if (index < 0 || index >= *length) return std::nullopt;
  if (list) return list->items[static_cast<std::size_t>(index)];
  std::string_view text = *container.text();
  for (; index > 0; --index) text.remove_prefix(decode_utf8(text).length);
  return JinjaValue(std::string(text.substr(0, decode_utf8(text).length)));
}

std::optional<JinjaValue> find_item(JinjaBudget& budget, const JinjaValue& container, const JinjaValue& key) {
  if (const JinjaDict* dict = container.dict()) {
    const JinjaValue* found = dict->find(budget, key);
    return found ? std::optional(*found) : std::nullopt;
  }
  if ((container.text() || container.sequence()) && key.is_integral()) return indexed(budget, container, key.integer());
  return std::nullopt;
}

struct Bounds {
  std::int64_t start, stop;
  std::int64_t step;  // no longer than it takes to leave at the first step, so that loops cannot overflow
  std::int64_t asked_step;
};

std::int64_t bound(JinjaBudget& budget, const JinjaValue& value, std::int64_t missing_value, std::int64_t length, bool down) {
  if (value.is_none()) return missing_value;
  if (!value.is_integral()) budget.fail("slice indices must be integers or none, not " + value.type_name());
  const std::int64_t index = value.integer() < 0 ? value.integer() + length : value.integer();
  return std::clamp<std::int64_t>(index, down ? -1 : 0, down ? length - 1 : length);
}

Bounds bounds_of(JinjaBudget& budget, const JinjaSlice& slice, std::int64_t length) {
  std::int64_t asked_step = 1;
  if (!slice.step.is_none()) {
    if (!slice.step.is_integral()) budget.fail("a slice's step must be an integer or none, not " + slice.step.type_name());
    asked_step = slice.step.integer();
  }
  if (asked_step == 0) budget.fail("a slice's step cannot be zero");
  const bool down = asked_step < 0;
  return {bound(budget, slice.start, down ? length - 1 : 0, length, down),
          bound(budget, slice.stop, down ? -1 : length, length, down),
          std::clamp<std::int64_t>(asked_step, -length - 1, length + 1), asked_step};
}

JinjaValue slice_text(JinjaBudget& budget, const std::string& text, const JinjaSlice& slice) {
  budget.bytes(8 * text.size());
  const std::u32string characters = to_utf32(text);
  const Bounds b = bounds_of(budget, slice, static_cast<std::int64_t>(characters.size()));
  std::string out;
  for (std::int64_t i = b.start; b.step > 0 ? i < b.stop : i > b.stop; i += b.step) {
    append_utf8(out, characters[static_cast<std::size_t>(i)]);
  }
  return out;
}

// Wraps around where Python's integers go on.
JinjaRange slice_range(const JinjaRange& range, const Bounds& b) {
  const auto step = static_cast<std::uint64_t>(range.step);
  const auto place = [&](std::int64_t index) {
    return static_cast<std::int64_t>(static_cast<std::uint64_t>(range.start) + static_cast<std::uint64_t>(index) * step);
  };
  return {place(b.start), place(b.stop), static_cast<std::int64_t>(static_cast<std::uint64_t>(b.asked_step) * step)};
}

}  // namespace

JinjaValue get_attribute(JinjaBudget& budget, const JinjaValue& container, const std::string& name) {
  refuse_undefined(budget, container);
  if (auto found = find_attribute(container, name)) return *found;
  const JinjaDict* dict = container.dict();
  const JinjaValue* found = dict ? dict->find_name(budget, name) : nullptr;
  return found ? *found : missing(budget, container, name);
}

JinjaValue get_item(JinjaBudget& budget, const JinjaValue& container, const JinjaValue& key) {
  refuse_undefined(budget, container);
  if (auto found = find_item(budget, container, key)) return *found;
  if (key.is_text()) {
    if (auto found = find_attribute(container, *key.text())) return *found;
  }
  return missing(budget, container, key);
}

JinjaValue get_slice(JinjaBudget& budget, const JinjaValue& container, const JinjaSlice& slice) {
  refuse_undefined(budget, container);
  if (const std::string* text = container.text()) return slice_text(budget, *text, slice);
  const JinjaSequence* list = container.sequence();
  if (!list || list->kind > JinjaSequenceKind::range) return JinjaValue::undefined("a " + container.type_name() + " has no slices");
  const Bounds b = bounds_of(budget, slice, static_cast<std::int64_t>(list->items.size()));
  std::vector<JinjaValue> items;
  for (std::int64_t i = b.start; b.step > 0 ? i < b.stop : i > b.stop; i += b.step) {
    budget.step();
    items.push_back(list->items[static_cast<std::size_t>(i)]);
  }
  if (list->kind != JinjaSequenceKind::range) return make_sequence(budget, std::move(items), list->kind);
  return make_range(budget, std::move(items), slice_range(list->range, b));
}

}  // namespace zlens
