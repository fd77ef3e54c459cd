#include "text/jinja_value.h"

#include <algorithm>
#include <limits>

#include "io/utf8.h"
#include "text/jinja_operators.h"
#include "text/jinja_text.h"

namespace zlens {

JinjaValue JinjaValue::undefined(std::string hint) {
  return JinjaUndefined{std::make_shared<const std::string>(std::move(hint))};
}

const std::string* JinjaValue::text() const {
  const Text* text = std::get_if<Text>(&data_);
  return text ? text->get() : nullptr;
}

JinjaSequence* JinjaValue::sequence() const {
  const Sequence* sequence = std::get_if<Sequence>(&data_);
  return sequence ? sequence->get() : nullptr;
}

const JinjaDict* JinjaValue::dict() const {
  const Dict* dict = std::get_if<Dict>(&data_);
  return dict ? dict->get() : nullptr;
}

JinjaObject* JinjaValue::object() const {
  const Object* object = std::get_if<Object>(&data_);
  return object ? object->get() : nullptr;
}

const std::string* JinjaValue::hint() const {
  const JinjaUndefined* undefined = std::get_if<JinjaUndefined>(&data_);
  return undefined ? undefined->hint.get() : nullptr;
}

std::int64_t JinjaValue::integer() const {
  if (is_bool()) return std::get<bool>(data_) ? 1 : 0;
  return std::get<std::int64_t>(data_);
}

double JinjaValue::number() const {
  return is_float() ? std::get<double>(data_) : static_cast<double>(integer());
}

bool JinjaValue::truthy() const {
  if (is_undefined() || is_none()) return false;
  if (is_integral()) return integer() != 0;
  if (is_float()) return number() != 0;
  if (const std::string* string = text()) return !string->empty();
  if (const JinjaDict* map = dict()) return !map->entries.empty();
  if (const JinjaSequence* list = sequence()) return list->kind == JinjaSequenceKind::generator || !list->items.empty();
  return true;
}

std::string JinjaValue::type_name() const {
  if (is_undefined()) return "Undefined";
  if (is_none()) return "NoneType";
  if (is_bool()) return "bool";
  if (is_integral()) return "int";
  if (is_float()) return "float";
  if (is_text()) return "str";
  if (dict()) return "dict";
  if (const JinjaSequence* list = sequence()) {
    static const char* const names[] = {"list", "tuple", "range", "dict_keys", "dict_values", "dict_items", "generator"};
    return names[static_cast<int>(list->kind)];
  }
  return object()->type_name();
}

int JinjaValue::depth() const {
  if (const JinjaSequence* list = sequence()) return list->depth;
  if (const JinjaDict* map = dict()) return map->depth;
  return object() ? object()->depth() : 0;
}

const JinjaValue* JinjaDict::find(JinjaBudget& budget, const JinjaValue& key) const {
  if (const std::string* text = key.text()) return find_name(budget, *text);
  budget.step(entries.size() / 8);
  for (const auto& [name, value] : entries) {
    if (!name.is_text() && equal_values(budget, name, key)) return &value;
  }
  return nullptr;
}

const JinjaValue* JinjaDict::find_name(JinjaBudget& budget, std::string_view key) const {
  budget.step(entries.size() / 8);
  for (const auto& [name, value] : entries) {
    const std::string* text = name.text();
    if (!text || text->size() != key.size()) continue;
    budget.bytes(key.size());
    if (*text == key) return &value;
  }
  return nullptr;
}

std::optional<JinjaValue> JinjaObject::attribute(const std::string&) {
  return std::nullopt;
}

JinjaValue JinjaObject::call(JinjaBudget& budget, const JinjaArgs&) {
  budget.fail("'" + type_name() + "' object is not callable");
}

namespace {

int checked_depth(JinjaBudget& budget, int inner) {
  if (inner >= JinjaLimits::value_depth) {
    budget.fail("lists and dicts nest deeper than " + std::to_string(JinjaLimits::value_depth) + " levels");
  }
  return inner + 1;
}

}  // namespace

JinjaValue make_sequence(JinjaBudget& budget, std::vector<JinjaValue> items, JinjaSequenceKind kind) {
  budget.step(items.size());
  int deepest = 0;
  for (const JinjaValue& item : items) deepest = std::max(deepest, item.depth());
  const int depth = checked_depth(budget, deepest);
  return std::make_shared<JinjaSequence>(JinjaSequence{kind, std::move(items), depth, {}});
}

JinjaValue make_range(JinjaBudget& budget, std::vector<JinjaValue> items, const JinjaRange& range) {
  JinjaValue value = make_sequence(budget, std::move(items), JinjaSequenceKind::range);
  value.sequence()->range = range;
  return value;
}

void put_entry(JinjaBudget& budget, JinjaDict& dict, const JinjaValue& key, JinjaValue value) {
  if (!key.is_text() && !key.is_number() && !key.is_none()) budget.fail("unhashable type: '" + key.type_name() + "' as a key");
  dict.depth = std::max(dict.depth, checked_depth(budget, value.depth()));
  budget.step();
  if (const JinjaValue* found = dict.find(budget, key)) {
    const_cast<JinjaValue&>(*found) = std::move(value);
  } else {
    dict.entries.emplace_back(key, std::move(value));
  }
}

JinjaValue make_dict(JinjaBudget& budget, std::vector<std::pair<JinjaValue, JinjaValue>> entries) {
  auto dict = std::make_shared<JinjaDict>();
  for (auto& [key, value] : entries) put_entry(budget, *dict, key, std::move(value));
  return JinjaValue::Dict(std::move(dict));
}

namespace {

JinjaValue list_from_json(const OrderedJson& json, int depth) {
  auto list = std::make_shared<JinjaSequence>();
  list->items.reserve(json.size());
  for (const OrderedJson& item : json) {
    list->items.push_back(from_json(item, depth + 1));
    list->depth = std::max(list->depth, list->items.back().depth() + 1);
  }
  return list;
}

JinjaValue dict_from_json(const OrderedJson& json, int depth) {
  auto dict = std::make_shared<JinjaDict>();
  dict->entries.reserve(json.size());
  for (const auto& [key, item] : json.items()) {
    dict->entries.emplace_back(valid_utf8(key), from_json(item, depth + 1));
    dict->depth = std::max(dict->depth, dict->entries.back().second.depth() + 1);
  }
  return JinjaValue::Dict(std::move(dict));
}

JinjaValue integer_from_json(const OrderedJson& json) {
  constexpr auto largest = static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max());
  if (json.is_number_unsigned() && json.get<std::uint64_t>() > largest) {
    fail_in_template(1, "the number " + json.dump() + " in the request is over 2^63 - 1; pass it as text");
  }
  return json.get<std::int64_t>();
}

}  // namespace

JinjaValue from_json(const OrderedJson& json, int depth) {
  if (depth >= JinjaLimits::value_depth) {
    fail_in_template(1, "the request nests deeper than " + std::to_string(JinjaLimits::value_depth) + " levels");
  }
  switch (json.type()) {
    case OrderedJson::value_t::boolean:
      return json.get<bool>();
    case OrderedJson::value_t::number_integer:
    case OrderedJson::value_t::number_unsigned:
      return integer_from_json(json);
    case OrderedJson::value_t::number_float:
      return json.get<double>();
    case OrderedJson::value_t::string:
      return valid_utf8(json.get_ref<const std::string&>());
    case OrderedJson::value_t::array:
      return list_from_json(json, depth);
    case OrderedJson::value_t::object:
      return dict_from_json(json, depth);
    default:
      return JinjaNone{};
  }
}

namespace {

std::vector<JinjaValue> characters(JinjaBudget& budget, std::string_view text) {
  std::vector<JinjaValue> items;
  budget.step(text.size());
  while (!text.empty()) {
    const std::size_t length = decode_utf8(text).length;
    items.emplace_back(std::string(text.substr(0, length)));
    text.remove_prefix(length);
  }
  return items;
}

}  // namespace

bool is_iterable(const JinjaValue& value) {
  return value.is_undefined() || value.is_text() || value.sequence() || value.dict();
}

std::vector<JinjaValue> iterate(JinjaBudget& budget, const JinjaValue& value) {
  if (value.is_undefined()) return {};
  if (const std::string* text = value.text()) return characters(budget, *text);
  if (JinjaSequence* list = value.sequence()) {
    budget.step(list->items.size());
    if (list->kind == JinjaSequenceKind::generator) return std::exchange(list->items, {});
    return list->items;
  }
  const JinjaDict* dict = value.dict();
  if (!dict) budget.fail("'" + value.type_name() + "' object is not iterable");
  budget.step(dict->entries.size());
  std::vector<JinjaValue> keys;
  for (const auto& entry : dict->entries) keys.push_back(entry.first);
  return keys;
}

std::optional<std::int64_t> length_of(JinjaBudget& budget, const JinjaValue& value) {
  if (value.is_undefined()) return 0;
  if (const std::string* text = value.text()) return static_cast<std::int64_t>(count_characters(budget, *text));
  if (const JinjaDict* dict = value.dict()) return static_cast<std::int64_t>(dict->entries.size());
  const JinjaSequence* list = value.sequence();
  if (!list || list->kind == JinjaSequenceKind::generator) return std::nullopt;
  return static_cast<std::int64_t>(list->items.size());
}

}  // namespace zlens
