#include "text/tokenizer_fields.h"

#include <utility>

#include "io/error.h"

namespace zlens {

JsonFields::JsonFields(const Json& value, std::string where) : value_(&value), where_(std::move(where)) {
  if (!value.is_object()) fail("expected an object");
}

void JsonFields::fail(const std::string& reason) const {
  throw InputError(where_ + ": " + reason);
}

const Json* JsonFields::find(const char* key) const {
  const auto found = value_->find(key);
  return found == value_->end() || found->is_null() ? nullptr : &*found;
}

std::string JsonFields::string(const char* key) const {
  const Json* field = find(key);
  if (field == nullptr || !field->is_string()) fail(std::string("field \"") + key + "\" must be a string");
  return field->get<std::string>();
}

std::string JsonFields::string_or(const char* key, std::string fallback) const {
  return find(key) == nullptr ? std::move(fallback) : string(key);
}

bool JsonFields::boolean_or(const char* key, bool fallback) const {
  const Json* field = find(key);
  if (field == nullptr) return fallback;
  if (!field->is_boolean()) fail(std::string("field \"") + key + "\" must be true or false");
  return field->get<bool>();
}

std::int32_t JsonFields::id(const char* key, std::int32_t limit) const {
  const Json* field = find(key);
  if (field == nullptr) fail(std::string("field \"") + key + "\" is missing");
  return checked_id(*field, limit, where_ + "." + key);
}

const Json& JsonFields::array(const char* key) const {
  const Json* field = find(key);
  if (field == nullptr || !field->is_array()) fail(std::string("field \"") + key + "\" must be a list");
  return *field;
}

JsonFields JsonFields::object(const char* key) const {
  const Json* field = find(key);
  if (field == nullptr) fail(std::string("field \"") + key + "\" is missing");
  return {*field, where_ + "." + key};
}

std::int32_t checked_id(const Json& value, std::int32_t limit, const std::string& where) {
  if (!value.is_number_integer()) throw InputError(where + ": expected an integer, got " + printable(value.dump(-1, ' ', true)));
  const bool fits = value.is_number_unsigned() ? value.get<std::uint64_t>() < static_cast<std::uint64_t>(limit)
                                               : value.get<std::int64_t>() >= 0 && value.get<std::int64_t>() < limit;
  if (!fits) throw InputError(where + ": " + value.dump() + " is outside 0.." + std::to_string(limit - 1));
  return value.get<std::int32_t>();
}

}  // namespace zlens
