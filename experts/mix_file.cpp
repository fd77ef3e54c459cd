#include "experts/mix_file.h"

#include <algorithm>
#include <cmath>

#include "io/atomic_file.h"
#include "io/error.h"

namespace zlens {
namespace {

constexpr const char* kFormat = "zlens mix 1";
constexpr JsonLimits kLimits{.max_depth = 8, .max_bytes = std::size_t{16} << 20};

double checked_weight(const Json& value, const std::string& subject) {
  if (!value.is_number() || !std::isfinite(value.get<double>()) || std::abs(value.get<double>()) > 1e3)
    throw InputError(subject + ": a weight must be a number within 1000, got " + value.dump());
  return value.get<double>();
}

const Json& member(const Json& object, const char* key, const std::string& subject) {
  if (!object.is_object() || !object.contains(key)) throw InputError(subject + ": no mix file ('" + key + "' is missing)");
  return object.at(key);
}

std::string text_of(const Json& object, const char* key, const std::string& subject) {
  const Json& value = member(object, key, subject);
  if (!value.is_string()) throw InputError(subject + ": '" + key + "' must be a string");
  return value.get<std::string>();
}

std::shared_ptr<const Expert> find(const Json& entry, const ExpertStore& store, const std::string& base,
                                   const std::string& subject) {
  const std::string name = text_of(entry, "expert", subject), sha256 = text_of(entry, "sha256", subject);
  for (StoredExpert& stored : store.list())
    if (stored.expert.name == name && stored.expert.sha256 == sha256) return std::make_shared<Expert>(std::move(stored.expert));
  const StoredExpert other = store.find(name, base);
  throw InputError(subject + ": expert '" + name + "' is another one than the mix was made with (" + sha256 + ", found " +
                   other.expert.sha256 + ")");
}

void check_reach(const WeightedExpert& entry, const std::string& subject) {
  const Expert& expert = *entry.expert;
  std::int64_t highest = 0;
  for (const auto& [name, z] : expert.z) highest = std::max(highest, layer_of(name));
  for (const auto* parts : {&expert.lora_a, &expert.xs})
    for (const auto& [name, matrix] : *parts) highest = std::max(highest, layer_of(name));
  if (highest >= static_cast<std::int64_t>(entry.by_layer.size()))
    throw InputError(subject + ": 'by_layer' has " + std::to_string(entry.by_layer.size()) + " weights, but expert '" +
                     expert.name + "' changes matrices up to layer " + std::to_string(highest) +
                     ": make the mix anew ('zlens adapt --by-layer')");
}

WeightedExpert read_entry(const Json& entry, const ExpertStore& store, const std::string& base, const std::string& subject) {
  WeightedExpert out{find(entry, store, base, subject), checked_weight(member(entry, "weight", subject), subject), {}};
  if (!entry.contains("by_layer")) return out;
  if (!entry.at("by_layer").is_array()) throw InputError(subject + ": 'by_layer' must be a list");
  for (const Json& weight : entry.at("by_layer")) out.by_layer.push_back(checked_weight(weight, subject));
  if (!out.by_layer.empty()) check_reach(out, subject);
  return out;
}

}  // namespace

void write_mix(const std::filesystem::path& path, const std::string& base, const Mix& mix, const Json& record) {
  write_file_atomically(path,
                        Json{{"format", kFormat}, {"base", base}, {"experts", describe(mix)}, {"record", record}}.dump(2) + "\n");
}

Mix read_mix(const std::filesystem::path& path, const ExpertStore& store, const std::string& base) {
  const std::string subject = path.string();
  const Json file = read_json_file(path, kLimits);
  if (text_of(file, "format", subject) != kFormat)
    throw InputError(subject + ": format '" + text_of(file, "format", subject) + "' is not supported (known: " + kFormat + ")");
  if (const std::string made_for = text_of(file, "base", subject); made_for != base)
    throw InputError(subject + ": made for base " + made_for + ", but the model is base " + base);
  const Json& entries = member(file, "experts", subject);
  if (!entries.is_array() || entries.size() > 4096) throw InputError(subject + ": 'experts' must be a list of at most 4096");
  Mix mix;
  for (const Json& entry : entries) mix.push_back(read_entry(entry, store, base, subject));
  return mix;
}

}  // namespace zlens
