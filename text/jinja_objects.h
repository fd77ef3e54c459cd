// Objects that templates make or are given: functions, namespaces, `loop`.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "text/jinja_value.h"

namespace zlens {

// namespace(): the one thing that a template can change.
class JinjaNamespace : public JinjaObject {
 public:
  std::string type_name() const override { return "Namespace"; }
  std::optional<JinjaValue> attribute(const std::string& name) override;
  // Fails on names that start with an underscore, as transformers does.
  void set(JinjaBudget& budget, const std::string& name, JinjaValue value);
  // Breaks cycles of namespaces that hold each other.
  void clear() { attributes_.clear(); }

 private:
  std::map<std::string, JinjaValue, std::less<>> attributes_;
};

class JinjaFunction : public JinjaObject {
 public:
  using Body = std::function<JinjaValue(JinjaBudget& budget, const JinjaArgs& args)>;
  explicit JinjaFunction(Body body, int depth = 0) : body_(std::move(body)), depth_(depth) {}
  std::string type_name() const override { return "function"; }
  bool callable() const override { return true; }
  int depth() const override { return depth_; }
  JinjaValue call(JinjaBudget& budget, const JinjaArgs& args) override { return body_(budget, args); }

 private:
  Body body_;
  int depth_;
};

// `depth`: levels of values that the body holds.
JinjaValue make_function(JinjaFunction::Body body, int depth = 0);

// What `loop` is within one `for`.
class JinjaLoop : public JinjaObject, public std::enable_shared_from_this<JinjaLoop> {
 public:
  explicit JinjaLoop(std::vector<JinjaValue> items);
  std::string type_name() const override { return "LoopContext"; }
  int depth() const override { return depth_; }
  std::optional<JinjaValue> attribute(const std::string& name) override;

  bool at_end() const { return index_ == items_.size(); }
  const JinjaValue& item() const { return items_[index_]; }
  void advance() { ++index_; }

 private:
  JinjaValue cycle(JinjaBudget& budget, const JinjaArgs& args) const;
  JinjaValue changed(JinjaBudget& budget, const JinjaArgs& args);

  std::vector<JinjaValue> items_;
  std::size_t index_ = 0;
  int depth_ = 1;
  std::optional<std::string> last_changed_;  // as text: a loop that kept its own object would never be freed
};

// The functions that every template has, by name: range, dict, raise_exception, strftime_now (which sees `now`, seconds since
// 1970).
std::vector<std::pair<std::string, JinjaValue>> builtin_functions(std::int64_t now);
// Entries of a dict from the arguments of dict() or namespace().
std::vector<std::pair<JinjaValue, JinjaValue>> dict_arguments(JinjaBudget& budget, const JinjaArgs& args);

}  // namespace zlens
