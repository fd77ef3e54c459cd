// Filters on sequences: order, sums, ends.
#include <algorithm>
#include <cmath>
#include <map>

#include "io/utf8.h"
#include "text/jinja_args.h"
#include "text/jinja_filters.h"
#include "text/jinja_methods.h"
#include "text/jinja_operators.h"
#include "text/jinja_text.h"

namespace zlens {
namespace {

using Value = const JinjaValue&;
using Items = std::vector<JinjaValue>;

JinjaValue generator(JinjaBudget& budget, Items items) {
  return make_sequence(budget, std::move(items), JinjaSequenceKind::generator);
}

JinjaValue length(JinjaBudget& budget, Value value, const JinjaArgs& args) {
  const JinjaBinding bound(budget, args, "length", {});
  const auto size = length_of(budget, value);
  if (!size) budget.fail("object of type '" + value.type_name() + "' has no len()");
  return *size;
}

JinjaValue join(JinjaBudget& budget, Value value, const JinjaArgs& args) {
  const JinjaBinding bound(budget, args, "join", {"d", "attribute"});
  const std::string separator = bound.has(0) ? to_text(budget, bound.required(0)) : "";
  std::string out;
  bool first = true;
  for (Value item : iterate(budget, value)) {
    const std::string text = to_text(budget, bound.given(1) ? get_path(budget, item, *bound.given(1)) : item);
    budget.string_of(separator.size());
    if (!std::exchange(first, false)) out += separator;
    out += text;
    if (out.size() > JinjaLimits::string_bytes) budget.string_of(out.size());
  }
  budget.string_of(out.size());
  return out;
}

JinjaValue dict_items(JinjaBudget& budget, Value value, const JinjaArgs& args) {
  const JinjaBinding bound(budget, args, "items", {});
  if (value.is_undefined()) return generator(budget, {});
  if (!value.dict()) budget.fail("items takes a mapping, not " + value.type_name());
  const JinjaValue view = find_filter("list")(budget, bound_method(value, "items")->object()->call(budget, {}), {});
  return generator(budget, view.sequence()->items);
}

JinjaValue first(JinjaBudget& budget, Value value, const JinjaArgs& args) {
  const JinjaBinding bound(budget, args, "first", {});
  if (const std::string* text = value.text(); text && !text->empty()) return text->substr(0, decode_utf8(*text).length);
  Items items = iterate(budget, value);
  if (items.empty()) return JinjaValue::undefined("No first item, sequence was empty.");
  JinjaSequence* list = value.sequence();
  if (list && list->kind == JinjaSequenceKind::generator) list->items.assign(items.begin() + 1, items.end());
  return items.front();
}

JinjaValue last(JinjaBudget& budget, Value value, const JinjaArgs& args) {
  const JinjaBinding bound(budget, args, "last", {});
  const JinjaSequence* list = value.sequence();
  if (list && list->kind == JinjaSequenceKind::generator) budget.fail("'generator' object is not reversible; use | list");
  const Items items = iterate(budget, value);
  return items.empty() ? JinjaValue::undefined("No last item, sequence was empty.") : items.back();
}

JinjaValue to_list(JinjaBudget& budget, Value value, const JinjaArgs& args) {
  const JinjaBinding bound(budget, args, "list", {});
  return make_sequence(budget, iterate(budget, value));
}

JinjaValue reverse(JinjaBudget& budget, Value value, const JinjaArgs& args) {
  const JinjaBinding bound(budget, args, "reverse", {});
  Items items = iterate(budget, value);
  std::reverse(items.begin(), items.end());
  if (!value.is_text()) return generator(budget, std::move(items));
  std::string out;
  for (Value item : items) out += *item.text();
  return out;
}

// What the order looks at: the attributes that `attribute` names ("a,b.c"), without case unless that matters.
class SortKey {
 public:
  SortKey(JinjaBudget& budget, const JinjaValue* attribute, bool case_sensitive)
      : budget_(budget), case_sensitive_(case_sensitive) {
    if (!attribute) return;
    if (!attribute->is_text()) {
      paths_.push_back(*attribute);
      return;
    }
    std::string_view rest = *attribute->text();
    for (std::size_t comma; (comma = rest.find(',')) != std::string_view::npos; rest.remove_prefix(comma + 1)) {
      paths_.emplace_back(std::string(rest.substr(0, comma)));
    }
    paths_.emplace_back(std::string(rest));
  }

  JinjaValue operator()(Value item) const {
    if (paths_.empty()) return folded(item);
    if (paths_.size() == 1) return folded(get_path(budget_, item, paths_[0]));
    Items keys;
    for (Value path : paths_) keys.push_back(folded(get_path(budget_, item, path)));
    return make_sequence(budget_, std::move(keys));
  }

 private:
  JinjaValue folded(Value value) const { return case_sensitive_ ? value : without_case(budget_, value); }

  JinjaBudget& budget_;
  bool case_sensitive_;
  Items paths_;
};

using Keyed = std::pair<JinjaValue, JinjaValue>;  // key, item

std::vector<Keyed> keyed(const Items& items, const SortKey& key) {
  std::vector<Keyed> pairs;
  for (Value item : items) pairs.emplace_back(key(item), item);
  return pairs;
}

// Stable, and so that equal items keep their order when reversed too.
Items sorted(JinjaBudget& budget, std::vector<Keyed> pairs, bool reversed) {
  std::stable_sort(pairs.begin(), pairs.end(), [&](const Keyed& a, const Keyed& b) {
    return reversed ? compare_values(budget, b.first, a.first) < 0 : compare_values(budget, a.first, b.first) < 0;
  });
  Items items;
  for (Keyed& pair : pairs) items.push_back(std::move(pair.second));
  return items;
}

JinjaValue sort(JinjaBudget& budget, Value value, const JinjaArgs& args) {
  const JinjaBinding bound(budget, args, "sort", {"reverse", "case_sensitive", "attribute"});
  const SortKey key(budget, bound.given(2), bound.truth(1, false));
  return make_sequence(budget, sorted(budget, keyed(iterate(budget, value), key), bound.truth(0, false)));
}

JinjaValue dictsort(JinjaBudget& budget, Value value, const JinjaArgs& args) {
  const JinjaBinding bound(budget, args, "dictsort", {"case_sensitive", "by", "reverse"});
  if (!value.dict()) budget.fail("dictsort takes a dict, not " + value.type_name());
  const std::string by = bound.text(1, "key");
  if (by != "key" && by != "value") budget.fail("dictsort goes by \"key\" or \"value\"");
  std::vector<Keyed> pairs;
  for (const auto& [name, item] : value.dict()->entries) {
    Value part = by == "key" ? name : item;
    pairs.emplace_back(bound.truth(0, false) ? part : without_case(budget, part),
                       make_sequence(budget, {name, item}, JinjaSequenceKind::tuple));
  }
  return make_sequence(budget, sorted(budget, std::move(pairs), bound.truth(2, false)));
}

JinjaValue unique(JinjaBudget& budget, Value value, const JinjaArgs& args) {
  const JinjaBinding bound(budget, args, "unique", {"case_sensitive", "attribute"});
  const SortKey key(budget, bound.given(1), bound.truth(0, false));
  JinjaDict seen;
  Items items;
  for (Value item : iterate(budget, value)) {
    const JinjaValue name = key(item);
    if (seen.find(budget, name)) continue;
    put_entry(budget, seen, name, JinjaNone{});
    items.push_back(item);
  }
  return generator(budget, std::move(items));
}

template <bool largest>
JinjaValue extreme(JinjaBudget& budget, Value value, const JinjaArgs& args) {
  const JinjaBinding bound(budget, args, largest ? "max" : "min", {"case_sensitive", "attribute"});
  const SortKey key(budget, bound.given(1), bound.truth(0, false));
  const std::vector<Keyed> pairs = keyed(iterate(budget, value), key);
  if (pairs.empty()) return JinjaValue::undefined("No aggregated item, sequence was empty.");
  const Keyed* best = &pairs[0];
  for (const Keyed& pair : pairs) {
    const bool better = largest ? ordered(budget, ">", pair.first, best->first) : ordered(budget, "<", pair.first, best->first);
    if (&pair != best && better) best = &pair;
  }
  return best->second;
}

JinjaValue sum(JinjaBudget& budget, Value value, const JinjaArgs& args) {
  const JinjaBinding bound(budget, args, "sum", {"attribute", "start"});
  JinjaValue total = bound.has(1) ? bound.required(1) : JinjaValue(std::int64_t{0});
  if (total.is_text()) budget.fail("sum() can't sum strings; use join");
  for (Value item : iterate(budget, value)) {
    total = apply_operator(budget, JinjaOperator::add, total, bound.given(0) ? get_path(budget, item, *bound.given(0)) : item);
  }
  return total;
}

JinjaValue batch(JinjaBudget& budget, Value value, const JinjaArgs& args) {
  const JinjaBinding bound(budget, args, "batch", {"linecount", "fill_with"});
  const std::int64_t count = (bound.required(0), bound.integer(0, 0));
  if (count < 1) budget.fail("batch takes a positive count");
  Items rows, row;
  const auto flush = [&] { rows.push_back(make_sequence(budget, std::exchange(row, {}))); };
  for (Value item : iterate(budget, value)) {
    if (static_cast<std::int64_t>(row.size()) == count) flush();
    row.push_back(item);
  }
  if (!row.empty()) {
    while (bound.given(1) && static_cast<std::int64_t>(row.size()) < count) {
      budget.step();
      row.push_back(*bound.given(1));
    }
    flush();
  }
  return generator(budget, std::move(rows));
}

}  // namespace

JinjaValue without_case(JinjaBudget& budget, const JinjaValue& value) {
  return value.is_text() ? JinjaValue(lower_text(budget, *value.text())) : value;
}

JinjaValue get_path(JinjaBudget& budget, const JinjaValue& value, const JinjaValue& path, const JinjaValue* missing) {
  if (!path.is_text()) return get_item(budget, value, path);
  JinjaValue current = value;
  std::string_view rest = *path.text();
  while (true) {
    const std::size_t dot = rest.find('.');
    budget.step();
    budget.bytes(std::min(dot, rest.size()));
    const std::string part(rest.substr(0, dot));
    const bool number = !part.empty() && part.size() < 10 && part.find_first_not_of("0123456789") == std::string::npos;
    current = get_item(budget, current, number ? JinjaValue(std::int64_t{std::stol(part)}) : JinjaValue(part));
    if (missing && current.is_undefined()) current = *missing;
    if (dot == std::string_view::npos) return current;
    rest.remove_prefix(dot + 1);
  }
}

JinjaFilter find_sequence_filter(std::string_view name) {
  static const std::map<std::string, JinjaFilter, std::less<>> filters = {
      {"length", length}, {"count", length}, {"join", join},       {"items", dict_items},   {"first", first},
      {"last", last},     {"list", to_list}, {"reverse", reverse}, {"sort", sort},          {"dictsort", dictsort},
      {"unique", unique}, {"sum", sum},      {"batch", batch},     {"min", extreme<false>}, {"max", extreme<true>},
  };
  const auto found = filters.find(name);
  return found == filters.end() ? nullptr : found->second;
}

}  // namespace zlens
