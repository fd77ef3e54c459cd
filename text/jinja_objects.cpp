#include "text/jinja_objects.h"

#include <algorithm>

#include "text/jinja_args.h"
#include "text/jinja_format.h"
#include "text/jinja_operators.h"

namespace zlens {

std::optional<JinjaValue> JinjaNamespace::attribute(const std::string& name) {
  const auto found = attributes_.find(name);
  return found == attributes_.end() ? std::nullopt : std::optional(found->second);
}

void JinjaNamespace::set(JinjaBudget& budget, const std::string& name, JinjaValue value) {
  if (name.starts_with('_')) budget.fail("a namespace cannot store '" + name + "': rename it without the underscore");
  attributes_[name] = std::move(value);
}

JinjaValue make_function(JinjaFunction::Body body, int depth) {
  return JinjaValue::Object(std::make_shared<JinjaFunction>(std::move(body), depth));
}

JinjaLoop::JinjaLoop(std::vector<JinjaValue> items) : items_(std::move(items)) {
  for (const JinjaValue& item : items_) depth_ = std::max(depth_, item.depth() + 1);
}

std::optional<JinjaValue> JinjaLoop::attribute(const std::string& name) {
  const auto index = static_cast<std::int64_t>(index_);
  const auto length = static_cast<std::int64_t>(items_.size());
  if (name == "index") return index + 1;
  if (name == "index0") return index;
  if (name == "revindex") return length - index;
  if (name == "revindex0") return length - index - 1;
  if (name == "first") return index == 0;
  if (name == "last") return index + 1 == length;
  if (name == "length") return length;
  if (name == "depth") return std::int64_t{1};
  if (name == "depth0") return std::int64_t{0};
  if (name == "previtem") return index > 0 ? items_[index_ - 1] : JinjaValue::undefined("there is no previous item");
  if (name == "nextitem") return index + 1 < length ? items_[index_ + 1] : JinjaValue::undefined("there is no next item");
  const auto self = shared_from_this();
  if (name == "cycle") {
    return make_function([self](JinjaBudget& budget, const JinjaArgs& args) { return self->cycle(budget, args); }, depth_);
  }
  if (name == "changed") {
    return make_function([self](JinjaBudget& budget, const JinjaArgs& args) { return self->changed(budget, args); }, depth_);
  }
  return std::nullopt;
}

JinjaValue JinjaLoop::cycle(JinjaBudget& budget, const JinjaArgs& args) const {
  if (args.positional.empty() || !args.named.empty()) budget.fail("loop.cycle needs items to cycle through");
  return args.positional[index_ % args.positional.size()];
}

JinjaValue JinjaLoop::changed(JinjaBudget& budget, const JinjaArgs& args) {
  std::string now = to_repr(budget, make_sequence(budget, args.positional));
  const bool same = last_changed_ == now;
  last_changed_ = std::move(now);
  return !same;
}

std::vector<std::pair<JinjaValue, JinjaValue>> dict_arguments(JinjaBudget& budget, const JinjaArgs& args) {
  if (args.positional.size() > 1) budget.fail("dict expected at most 1 argument");
  std::vector<std::pair<JinjaValue, JinjaValue>> entries;
  if (!args.positional.empty()) {
    const JinjaValue& source = args.positional[0];
    if (const JinjaDict* dict = source.dict()) {
      budget.step(dict->entries.size());
      entries = dict->entries;
    } else {
      for (const JinjaValue& pair : iterate(budget, source)) {
        const std::vector<JinjaValue> both = iterate(budget, pair);
        if (both.size() != 2) budget.fail("dict needs pairs of a key and a value");
        entries.emplace_back(both[0], both[1]);
      }
    }
  }
  for (const auto& [name, value] : args.named) entries.emplace_back(name, value);
  return entries;
}

namespace {

JinjaValue range(JinjaBudget& budget, const JinjaArgs& args) {
  const JinjaBinding bound(budget, args, "range", {"start", "stop", "step"});
  const bool one = !bound.has(1);
  const std::int64_t start = one ? 0 : bound.integer(0, 0), stop = (bound.required(0), bound.integer(one ? 0 : 1, 0));
  const std::int64_t step = bound.integer(2, 1);
  if (step == 0) budget.fail("range() arg 3 must not be zero");
  // In double: exact enough to compare with the limit, and free of overflow.
  const double count = (static_cast<double>(stop) - static_cast<double>(start)) / static_cast<double>(step);
  if (count > static_cast<double>(JinjaLimits::range_items)) {
    budget.fail("a range is over the limit of " + std::to_string(JinjaLimits::range_items) + " items");
  }
  std::vector<JinjaValue> items;
  for (std::int64_t i = start; count > 0 && (step > 0 ? i < stop : i > stop);) {
    items.emplace_back(i);
    if (__builtin_add_overflow(i, step, &i)) break;
  }
  return make_range(budget, std::move(items), {start, stop, step});
}

JinjaValue raise_exception(JinjaBudget& budget, const JinjaArgs& args) {
  const JinjaBinding bound(budget, args, "raise_exception", {"message"});
  budget.fail("the template refuses the conversation: " + to_text(budget, bound.required(0)));
}

}  // namespace

std::vector<std::pair<std::string, JinjaValue>> builtin_functions(std::int64_t now) {
  return {
      {"range", make_function(range)},
      {"dict",
       make_function([](JinjaBudget& budget, const JinjaArgs& args) { return make_dict(budget, dict_arguments(budget, args)); })},
      {"raise_exception", make_function(raise_exception)},
      {"strftime_now", make_function([now](JinjaBudget& budget, const JinjaArgs& args) -> JinjaValue {
         const JinjaBinding bound(budget, args, "strftime_now", {"format"});
         const std::string format = (bound.required(0), bound.text(0, ""));
         return format_time(budget, format, now);
       })},
  };
}

}  // namespace zlens
