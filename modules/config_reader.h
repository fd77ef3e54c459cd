// Fields of an untrusted config.json, each with its range. Free of torch.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "io/json.h"

namespace zlens {

struct IntegerRange {
  std::int64_t min, max;
};

// Reads typed fields of one JSON object. A key that is absent or null takes the default; without a default it is an error.
// All members throw InputError "<subject>: <key> …" with the value and what is accepted. Does not own the object.
class ConfigReader {
 public:
  ConfigReader(const Json& object, std::string subject);

  bool has(const char* key) const;  // present and not null
  std::int64_t integer(const char* key, IntegerRange range, std::optional<std::int64_t> fallback = {}) const;
  // Finite numbers in [min, max].
  double number(const char* key, double min, double max, std::optional<double> fallback = {}) const;
  bool boolean(const char* key, std::optional<bool> fallback = {}) const;
  std::string string(const char* key, std::optional<std::string> fallback = {}) const;
  // A single integer or a list of them (eos_token_id); empty where absent.
  std::vector<std::int64_t> integers(const char* key, IntegerRange range) const;
  // The object below `key`; absent or null: an empty reader.
  ConfigReader child(const char* key) const;

  const Json& json() const { return *object_; }
  const std::string& subject() const { return subject_; }
  [[noreturn]] void fail(std::string_view key, const std::string& reason) const;

 private:
  const Json* find(const char* key) const;
  const Json* object_;
  std::string subject_;
};

}  // namespace zlens
