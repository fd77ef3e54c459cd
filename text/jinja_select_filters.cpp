// Filters that apply other filters or tests: map, select and their kin. All give generators, which are always true.
#include <map>

#include "text/jinja_args.h"
#include "text/jinja_filters.h"

namespace zlens {
namespace {

using Value = const JinjaValue&;

std::string first_name(JinjaBudget& budget, const JinjaArgs& args, std::size_t index) {
  const JinjaValue& name = args.positional[index];
  if (!name.is_text()) budget.fail("the name of a filter or test must be text, not " + name.type_name());
  return *name.text();
}

JinjaArgs rest_of(const JinjaArgs& args, std::size_t from) {
  return {{args.positional.begin() + static_cast<std::ptrdiff_t>(from), args.positional.end()}, args.named};
}

// The test that stands at args[index], or truth where none stands there.
class Selector {
 public:
  Selector(JinjaBudget& budget, const JinjaArgs& args, std::size_t index) : budget_(budget) {
    if (args.positional.size() <= index) return;
    const std::string name = first_name(budget, args, index);
    test_ = find_test(name);
    if (!test_) budget.fail("no test named '" + name + "'");
    args_ = rest_of(args, index + 1);
  }
  bool operator()(Value value) const {
    budget_.step();
    return test_ ? test_(budget_, value, args_) : value.truthy();
  }

 private:
  JinjaBudget& budget_;
  JinjaTest test_ = nullptr;
  JinjaArgs args_;
};

// As in Jinja, what is false has no items here, whatever its type.
std::vector<JinjaValue> items_of(JinjaBudget& budget, Value value) {
  return value.truthy() ? iterate(budget, value) : std::vector<JinjaValue>();
}

template <bool wanted>
JinjaValue select(JinjaBudget& budget, Value value, const JinjaArgs& args) {
  const Selector selector(budget, args, 0);
  std::vector<JinjaValue> items;
  for (Value item : items_of(budget, value)) {
    if (selector(item) == wanted) items.push_back(item);
  }
  return make_sequence(budget, std::move(items), JinjaSequenceKind::generator);
}

template <bool wanted>
JinjaValue select_by_attribute(JinjaBudget& budget, Value value, const JinjaArgs& args) {
  if (args.positional.empty()) budget.fail("selectattr and rejectattr need the name of an attribute");
  const Selector selector(budget, args, 1);
  std::vector<JinjaValue> items;
  for (Value item : items_of(budget, value)) {
    if (selector(get_path(budget, item, args.positional[0])) == wanted) items.push_back(item);
  }
  return make_sequence(budget, std::move(items), JinjaSequenceKind::generator);
}

JinjaValue map_attribute(JinjaBudget& budget, Value value, const JinjaArgs& args) {
  const JinjaBinding bound(budget, args, "map", {"attribute", "default"});
  std::vector<JinjaValue> items;
  for (Value item : items_of(budget, value)) items.push_back(get_path(budget, item, bound.required(0), bound.given(1)));
  return make_sequence(budget, std::move(items), JinjaSequenceKind::generator);
}

JinjaValue map(JinjaBudget& budget, Value value, const JinjaArgs& args) {
  if (args.positional.empty()) return map_attribute(budget, value, args);
  const std::string name = first_name(budget, args, 0);
  // A filter that maps with itself would recurse as deep as the arguments are many.
  const JinjaFilter filter = find_select_filter(name) ? nullptr : find_filter(name);
  if (!filter) budget.fail("no filter named '" + name + "' to map with");
  const JinjaArgs rest = rest_of(args, 1);
  std::vector<JinjaValue> items;
  for (Value item : items_of(budget, value)) {
    budget.step();
    items.push_back(filter(budget, item, rest));
  }
  return make_sequence(budget, std::move(items), JinjaSequenceKind::generator);
}

}  // namespace

JinjaFilter find_select_filter(std::string_view name) {
  static const std::map<std::string, JinjaFilter, std::less<>> filters = {
      {"map", map},
      {"select", select<true>},
      {"reject", select<false>},
      {"selectattr", select_by_attribute<true>},
      {"rejectattr", select_by_attribute<false>},
  };
  const auto found = filters.find(name);
  return found == filters.end() ? nullptr : found->second;
}

}  // namespace zlens
