// Checked access to the fields of tokenizer files; every error names the file and the field.
#pragma once

#include <cstdint>
#include <string>

#include "io/error.h"
#include "io/json.h"

namespace zlens {

// One JSON object of a file and the place where it stands ("tokenizer.json: model"). A view: the value must outlive it.
// All members throw InputError naming the place where a field has another kind than the one asked for.
class JsonFields {
 public:
  JsonFields(const Json& value, std::string where);

  const Json& value() const { return *value_; }
  const std::string& where() const { return where_; }

  // nullptr where the field is absent or null.
  const Json* find(const char* key) const;
  std::string string(const char* key) const;
  std::string string_or(const char* key, std::string fallback) const;
  bool boolean_or(const char* key, bool fallback) const;
  // An integer in [0, limit).
  std::int32_t id(const char* key, std::int32_t limit) const;
  // A list; an absent one is refused.
  const Json& array(const char* key) const;
  JsonFields object(const char* key) const;

  [[noreturn]] void fail(const std::string& reason) const;

 private:
  const Json* value_;
  std::string where_;
};

// An integer of JSON in [0, limit); InputError beginning with `where` otherwise.
std::int32_t checked_id(const Json& value, std::int32_t limit, const std::string& where);

}  // namespace zlens
