#include "text/jinja_args.h"

#include <algorithm>

namespace zlens {

JinjaBinding::JinjaBinding(JinjaBudget& budget, const JinjaArgs& args, std::string_view callee,
                           std::initializer_list<const char*> names)
    : budget_(budget), callee_(callee), names_(names), values_(names.size(), nullptr) {
  if (args.positional.size() > names_.size()) {
    budget.fail(callee_ + " takes " + std::to_string(names_.size()) + " arguments, not " + std::to_string(args.positional.size()));
  }
  for (std::size_t i = 0; i < args.positional.size(); ++i) values_[i] = &args.positional[i];
  for (const auto& [name, value] : args.named) {
    const auto found = std::find(names_.begin(), names_.end(), name);
    if (found == names_.end()) budget.fail(callee_ + " has no argument '" + name + "'");
    const JinjaValue*& slot = values_[static_cast<std::size_t>(found - names_.begin())];
    if (slot) budget.fail(callee_ + " has two values for argument '" + name + "'");
    slot = &value;
  }
}

const JinjaValue* JinjaBinding::given(std::size_t index) const {
  return values_[index] && !values_[index]->is_none() ? values_[index] : nullptr;
}

const JinjaValue& JinjaBinding::required(std::size_t index) const {
  if (!values_[index]) fail(index, "is missing");
  return *values_[index];
}

std::string JinjaBinding::text(std::size_t index, std::string_view missing) const {
  if (!values_[index]) return std::string(missing);
  if (!values_[index]->is_text()) fail(index, "must be text, not " + values_[index]->type_name());
  return *values_[index]->text();
}

std::int64_t JinjaBinding::integer(std::size_t index, std::int64_t missing) const {
  if (!values_[index]) return missing;
  if (!values_[index]->is_integral()) fail(index, "must be an integer, not " + values_[index]->type_name());
  return values_[index]->integer();
}

bool JinjaBinding::truth(std::size_t index, bool missing) const {
  return values_[index] ? values_[index]->truthy() : missing;
}

void JinjaBinding::fail(std::size_t index, std::string_view wanted) const {
  budget_.fail("argument '" + std::string(names_[index]) + "' of " + callee_ + " " + std::string(wanted));
}

}  // namespace zlens
