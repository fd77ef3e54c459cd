// The values of a template: Python's, as far as chat templates need them.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "io/json.h"
#include "text/jinja_budget.h"

namespace zlens {

class JinjaObject;
struct JinjaSequence;
struct JinjaDict;

// What a missing name, key or item gives: prints as nothing, is false and empty, and fails where it is used further.
struct JinjaUndefined {
  std::shared_ptr<const std::string> hint;  // e.g. "'tools' is undefined"
};
struct JinjaNone {};

// Cheap to copy: text and containers are shared and, but for namespaces, never changed after they were made.
class JinjaValue {
 public:
  using Text = std::shared_ptr<const std::string>;
  using Sequence = std::shared_ptr<JinjaSequence>;
  using Dict = std::shared_ptr<const JinjaDict>;
  using Object = std::shared_ptr<JinjaObject>;

  JinjaValue() = default;  // undefined
  JinjaValue(JinjaUndefined value) : data_(std::move(value)) {}
  JinjaValue(JinjaNone value) : data_(value) {}
  JinjaValue(bool value) : data_(value) {}
  JinjaValue(std::int64_t value) : data_(value) {}
  JinjaValue(double value) : data_(value) {}
  JinjaValue(std::string value) : data_(std::make_shared<const std::string>(std::move(value))) {}
  JinjaValue(Sequence value) : data_(std::move(value)) {}
  JinjaValue(Dict value) : data_(std::move(value)) {}
  JinjaValue(Object value) : data_(std::move(value)) {}
  JinjaValue(const char*) = delete;  // would become a bool

  static JinjaValue undefined(std::string hint);

  bool is_undefined() const { return std::holds_alternative<JinjaUndefined>(data_); }
  bool is_none() const { return std::holds_alternative<JinjaNone>(data_); }
  bool is_bool() const { return std::holds_alternative<bool>(data_); }
  bool is_float() const { return std::holds_alternative<double>(data_); }
  bool is_integral() const { return is_bool() || std::holds_alternative<std::int64_t>(data_); }
  bool is_number() const { return is_integral() || is_float(); }
  bool is_text() const { return std::holds_alternative<Text>(data_); }

  // Null where the value is of another type.
  const std::string* text() const;
  JinjaSequence* sequence() const;
  const JinjaDict* dict() const;
  JinjaObject* object() const;
  const std::string* hint() const;  // of an undefined value

  // Only for numbers: a bool counts as 0 or 1.
  std::int64_t integer() const;
  double number() const;

  bool truthy() const;
  // As Python names it in its messages: "str", "dict", …
  std::string type_name() const;
  // How many levels of lists and dicts the value has.
  int depth() const;

 private:
  std::variant<JinjaUndefined, JinjaNone, bool, std::int64_t, double, Text, Sequence, Dict, Object> data_;
};

enum class JinjaSequenceKind { list, tuple, range, keys, values, items, generator };

// What a range was made of.
struct JinjaRange {
  std::int64_t start = 0, stop = 0, step = 1;
};

struct JinjaSequence {
  JinjaSequenceKind kind = JinjaSequenceKind::list;
  std::vector<JinjaValue> items;  // of a generator: what it has yet to give
  int depth = 1;
  JinjaRange range;  // of a range, for its repr
};

// Keeps the order of insertion. Keys are text, numbers, booleans or none.
struct JinjaDict {
  std::vector<std::pair<JinjaValue, JinjaValue>> entries;
  int depth = 1;

  // Null where the key is missing. Pays for the entries it looks at.
  const JinjaValue* find(JinjaBudget& budget, const JinjaValue& key) const;
  const JinjaValue* find_name(JinjaBudget& budget, std::string_view key) const;
};

// Arguments of a call, a filter or a test.
struct JinjaArgs {
  std::vector<JinjaValue> positional;
  std::vector<std::pair<std::string, JinjaValue>> named;
};

// Functions, macros, namespaces and `loop`.
class JinjaObject {
 public:
  virtual ~JinjaObject() = default;
  virtual std::string type_name() const = 0;
  virtual bool callable() const { return false; }
  // Levels of values that it holds: chains of objects must not grow without bound either. Namespaces count as 0; the interpreter
  // takes them apart.
  virtual int depth() const { return 0; }
  virtual std::optional<JinjaValue> attribute(const std::string& name);
  // Fails on what is not callable.
  virtual JinjaValue call(JinjaBudget& budget, const JinjaArgs& args);
};

// These pay for their items and fail where values nest too deeply.
JinjaValue make_sequence(JinjaBudget& budget, std::vector<JinjaValue> items, JinjaSequenceKind kind = JinjaSequenceKind::list);
JinjaValue make_dict(JinjaBudget& budget, std::vector<std::pair<JinjaValue, JinjaValue>> entries);
JinjaValue make_range(JinjaBudget& budget, std::vector<JinjaValue> items, const JinjaRange& range);
// Adds or replaces one entry; fails on a key of a type that Python cannot hash.
void put_entry(JinjaBudget& budget, JinjaDict& dict, const JinjaValue& key, JinjaValue value);

// A copy of request data, dicts in its order; invalid UTF-8 becomes U+FFFD. Not paid for: its size is that of the request, not of
// the template's doing.
JinjaValue from_json(const OrderedJson& json, int depth = 0);

// The items that a `for` sees (characters of text, keys of a dict); uses up a generator. Fails on what is not iterable.
std::vector<JinjaValue> iterate(JinjaBudget& budget, const JinjaValue& value);
bool is_iterable(const JinjaValue& value);
// Nothing where the value has no length.
std::optional<std::int64_t> length_of(JinjaBudget& budget, const JinjaValue& value);

}  // namespace zlens
