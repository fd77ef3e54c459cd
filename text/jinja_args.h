// Binding of call arguments to parameter names.
#pragma once

#include <initializer_list>
#include <string>
#include <string_view>
#include <vector>

#include "text/jinja_value.h"

namespace zlens {

// The arguments of a built-in by its parameter names, in order. Fails on too many and on unknown or repeated ones.
class JinjaBinding {
 public:
  JinjaBinding(JinjaBudget& budget, const JinjaArgs& args, std::string_view callee, std::initializer_list<const char*> names);

  bool has(std::size_t index) const { return values_[index] != nullptr; }
  // Null where the argument is missing or none.
  const JinjaValue* given(std::size_t index) const;
  // Fails where the argument is missing.
  const JinjaValue& required(std::size_t index) const;

  // These fail on another type and give `missing` where the argument is missing.
  std::string text(std::size_t index, std::string_view missing) const;
  std::int64_t integer(std::size_t index, std::int64_t missing) const;
  bool truth(std::size_t index, bool missing) const;

 private:
  [[noreturn]] void fail(std::size_t index, std::string_view wanted) const;

  JinjaBudget& budget_;
  std::string callee_;
  std::vector<const char*> names_;
  std::vector<const JinjaValue*> values_;
};

}  // namespace zlens
