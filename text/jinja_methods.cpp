#include "text/jinja_methods.h"

#include <map>

#include "text/jinja_args.h"
#include "text/jinja_operators.h"

namespace zlens {
namespace {

using Methods = std::map<std::string, JinjaMethod, std::less<>>;

class BoundMethod : public JinjaObject {
 public:
  BoundMethod(JinjaValue receiver, JinjaMethod method) : receiver_(std::move(receiver)), method_(method) {}
  std::string type_name() const override { return "builtin_function_or_method"; }
  bool callable() const override { return true; }
  int depth() const override { return receiver_.depth(); }
  JinjaValue call(JinjaBudget& budget, const JinjaArgs& args) override { return method_(budget, receiver_, args); }

 private:
  JinjaValue receiver_;
  JinjaMethod method_;
};

JinjaValue refuse_change(JinjaBudget& budget, const JinjaValue& receiver, const JinjaArgs&) {
  budget.fail("a template cannot change a " + receiver.type_name() + "; make a new one, e.g. with +");
}

JinjaValue list_index(JinjaBudget& budget, const JinjaValue& receiver, const JinjaArgs& args) {
  const JinjaBinding bound(budget, args, "index", {"value"});
  const auto& items = receiver.sequence()->items;
  for (std::size_t i = 0; i < items.size(); ++i) {
    if (equal_values(budget, items[i], bound.required(0))) return static_cast<std::int64_t>(i);
  }
  budget.fail("the value is not in the list");
}

JinjaValue list_count(JinjaBudget& budget, const JinjaValue& receiver, const JinjaArgs& args) {
  const JinjaBinding bound(budget, args, "count", {"value"});
  std::int64_t count = 0;
  for (const JinjaValue& item : receiver.sequence()->items) count += equal_values(budget, item, bound.required(0));
  return count;
}

// Values never change, so the receiver is its own copy.
JinjaValue copy_of(JinjaBudget& budget, const JinjaValue& receiver, const JinjaArgs& args) {
  const JinjaBinding bound(budget, args, "copy", {});
  return receiver;
}

JinjaValue dict_get(JinjaBudget& budget, const JinjaValue& receiver, const JinjaArgs& args) {
  const JinjaBinding bound(budget, args, "get", {"key", "default"});
  if (const JinjaValue* found = receiver.dict()->find(budget, bound.required(0))) return *found;
  return bound.has(1) ? bound.required(1) : JinjaValue(JinjaNone{});
}

JinjaValue view(JinjaBudget& budget, const JinjaValue& receiver, JinjaSequenceKind kind) {
  std::vector<JinjaValue> items;
  for (const auto& [key, value] : receiver.dict()->entries) {
    if (kind == JinjaSequenceKind::items) {
      items.push_back(make_sequence(budget, {key, value}, JinjaSequenceKind::tuple));
    } else {
      items.push_back(kind == JinjaSequenceKind::keys ? key : value);
    }
  }
  return make_sequence(budget, std::move(items), kind);
}

template <JinjaSequenceKind kind>
JinjaValue dict_view(JinjaBudget& budget, const JinjaValue& receiver, const JinjaArgs& args) {
  const JinjaBinding bound(budget, args, "a view of a dict", {});
  return view(budget, receiver, kind);
}

const Methods& list_methods() {
  static const Methods methods = {
      {"index", list_index},     {"count", list_count},     {"copy", copy_of},          {"append", refuse_change},
      {"extend", refuse_change}, {"insert", refuse_change}, {"remove", refuse_change},  {"pop", refuse_change},
      {"clear", refuse_change},  {"sort", refuse_change},   {"reverse", refuse_change},
  };
  return methods;
}

const Methods& tuple_methods() {
  static const Methods methods = {{"index", list_index}, {"count", list_count}};
  return methods;
}

const Methods& dict_methods() {
  static const Methods methods = {
      {"get", dict_get},
      {"items", dict_view<JinjaSequenceKind::items>},
      {"keys", dict_view<JinjaSequenceKind::keys>},
      {"values", dict_view<JinjaSequenceKind::values>},
      {"copy", copy_of},
      {"update", refuse_change},
      {"pop", refuse_change},
      {"popitem", refuse_change},
      {"setdefault", refuse_change},
      {"clear", refuse_change},
  };
  return methods;
}

JinjaMethod find_in(const Methods& methods, const std::string& name) {
  const auto found = methods.find(name);
  return found == methods.end() ? nullptr : found->second;
}

JinjaMethod find_method(const JinjaValue& receiver, const std::string& name) {
  if (receiver.is_text()) return find_text_method(name);
  if (receiver.dict()) return find_in(dict_methods(), name);
  const JinjaSequence* list = receiver.sequence();
  if (!list || list->kind > JinjaSequenceKind::range) return nullptr;
  return find_in(list->kind == JinjaSequenceKind::list ? list_methods() : tuple_methods(), name);
}

}  // namespace

std::optional<JinjaValue> bound_method(const JinjaValue& receiver, const std::string& name) {
  const JinjaMethod method = find_method(receiver, name);
  if (!method) return std::nullopt;
  return JinjaValue(JinjaValue::Object(std::make_shared<BoundMethod>(receiver, method)));
}

}  // namespace zlens
