#include "modules/config_reader.h"

#include <cmath>

#include "io/error.h"

namespace zlens {
namespace {

const Json& empty_object() {
  static const Json empty = Json::object();
  return empty;
}

std::string shown(const Json& value) {
  std::string text = value.dump(-1, ' ', false, Json::error_handler_t::replace);
  return text.size() <= 60 ? text : text.substr(0, 57) + "...";
}

std::optional<std::int64_t> as_integer(const Json& value) {
  if (value.is_number_unsigned()) {
    const auto number = value.get<std::uint64_t>();
    return number <= static_cast<std::uint64_t>(INT64_MAX) ? std::optional<std::int64_t>(static_cast<std::int64_t>(number))
                                                           : std::nullopt;
  }
  if (value.is_number_integer()) return value.get<std::int64_t>();
  return std::nullopt;
}

std::string accepted(IntegerRange range) {
  return " (accepted: " + std::to_string(range.min) + " to " + std::to_string(range.max) + ")";
}

}  // namespace

ConfigReader::ConfigReader(const Json& object, std::string subject) : object_(&object), subject_(std::move(subject)) {
  if (!object.is_object()) throw InputError(subject_ + ": expected a JSON object, got " + shown(object));
}

const Json* ConfigReader::find(const char* key) const {
  const auto found = object_->find(key);
  return found == object_->end() || found->is_null() ? nullptr : &*found;
}

bool ConfigReader::has(const char* key) const {
  return find(key) != nullptr;
}

void ConfigReader::fail(std::string_view key, const std::string& reason) const {
  throw InputError(subject_ + ": " + std::string(key) + " " + reason);
}

std::int64_t ConfigReader::integer(const char* key, IntegerRange range, std::optional<std::int64_t> fallback) const {
  const Json* value = find(key);
  if (!value) {
    if (fallback) return *fallback;
    fail(key, "is missing" + accepted(range));
  }
  const auto number = as_integer(*value);
  if (!number || *number < range.min || *number > range.max) fail(key, "is " + shown(*value) + accepted(range));
  return *number;
}

double ConfigReader::number(const char* key, double min, double max, std::optional<double> fallback) const {
  const Json* value = find(key);
  if (!value) {
    if (fallback) return *fallback;
    fail(key, "is missing (a number)");
  }
  const double number = value->is_number() ? value->get<double>() : std::nan("");
  if (!(number >= min && number <= max))
    fail(key, "is " + shown(*value) + " (accepted: " + Json(min).dump() + " to " + Json(max).dump() + ")");
  return number;
}

bool ConfigReader::boolean(const char* key, std::optional<bool> fallback) const {
  const Json* value = find(key);
  if (!value) {
    if (fallback) return *fallback;
    fail(key, "is missing (true or false)");
  }
  if (!value->is_boolean()) fail(key, "is " + shown(*value) + " (accepted: true or false)");
  return value->get<bool>();
}

std::string ConfigReader::string(const char* key, std::optional<std::string> fallback) const {
  const Json* value = find(key);
  if (!value) {
    if (fallback) return *fallback;
    fail(key, "is missing (a string)");
  }
  if (!value->is_string()) fail(key, "is " + shown(*value) + " (accepted: a string)");
  return value->get<std::string>();
}

std::vector<std::int64_t> ConfigReader::integers(const char* key, IntegerRange range) const {
  const Json* value = find(key);
  if (!value) return {};
  const Json list = value->is_array() ? *value : Json::array({*value});
  std::vector<std::int64_t> out;
  for (const Json& entry : list) {
    const auto number = as_integer(entry);
    if (!number || *number < range.min || *number > range.max) fail(key, "holds " + shown(entry) + accepted(range));
    out.push_back(*number);
  }
  return out;
}

ConfigReader ConfigReader::child(const char* key) const {
  const Json* value = find(key);
  if (!value) return ConfigReader(empty_object(), subject_ + ": " + key);
  if (!value->is_object()) fail(key, "is " + shown(*value) + " (accepted: an object)");
  return ConfigReader(*value, subject_ + ": " + key);
}

}  // namespace zlens
