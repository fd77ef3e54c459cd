#include "experts/expert.h"

#include <algorithm>
#include <cmath>
#include <cstring>

#include "io/error.h"
#include "io/safetensors.h"
#include "io/sha256.h"

namespace zlens {
namespace {

constexpr const char* kFormat = "1";
constexpr std::string_view kTensorPrefix = "z/";

bool valid_name(const std::string& name) {
  const auto allowed = [](char c) {
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '.' || c == '_' || c == '-';
  };
  return !name.empty() && name.size() <= 64 && name[0] != '.' && std::all_of(name.begin(), name.end(), allowed);
}

// Lengths go in front, so that no two different contents give the same stream of bytes.
void update_framed(Sha256& hash, std::string_view text) {
  hash.update(std::to_string(text.size()) + ":");
  hash.update(text);
}

std::string content_hash(const std::map<std::string, std::string>& metadata,
                         const std::map<std::string, std::span<const std::byte>>& tensors) {
  Sha256 hash;
  for (const auto& [name, bytes] : tensors) {
    update_framed(hash, name);
    hash.update(std::to_string(bytes.size()) + ":");
    hash.update(bytes);
  }
  for (const auto& [key, value] : metadata) {
    if (key == "zlens.sha256") continue;
    update_framed(hash, key);
    update_framed(hash, value);
  }
  return hash.hex();
}

const std::string& required(const std::map<std::string, std::string>& metadata, const char* key, const std::string& subject) {
  const auto found = metadata.find(key);
  if (found == metadata.end()) throw InputError(subject + ": not an expert file (metadata '" + key + "' is missing)");
  return found->second;
}

std::vector<float> read_vector(const Safetensors& file, const std::string& name, const TensorInfo& info,
                               const std::string& subject) {
  if (!name.starts_with(kTensorPrefix) || info.dtype != Dtype::F32 || info.shape.size() != 1 || info.shape[0] == 0)
    throw InputError(subject + ": tensor '" + name + "' is no z-vector (z/<module path>, F32, one dimension)");
  const auto bytes = file.data(info);
  std::vector<float> values(bytes.size() / sizeof(float));
  std::memcpy(values.data(), bytes.data(), bytes.size());
  for (std::size_t i = 0; i < values.size(); ++i)
    if (!std::isfinite(values[i]))
      throw InputError(subject + ": '" + name + "' holds a value that is not finite at index " + std::to_string(i));
  return values;
}

}  // namespace

void write_expert(const std::filesystem::path& path, const Expert& expert) {
  if (!valid_name(expert.name))
    throw InputError("expert name '" + expert.name + "' is not allowed (letters, digits, '.', '_', '-'; up to 64; no leading dot)");
  std::map<std::string, std::string> metadata = expert.record;
  metadata["zlens.format"] = kFormat;
  metadata["zlens.base"] = expert.base;
  metadata["name"] = expert.name;
  metadata["description"] = expert.description;
  std::vector<TensorToWrite> tensors;
  std::map<std::string, std::span<const std::byte>> contents;
  for (const auto& [matrix, z] : expert.z) {
    if (!std::all_of(z.begin(), z.end(), [](float value) { return std::isfinite(value); }))
      throw InputError(path.string() + ": z of '" + matrix + "' holds a value that is not finite");
    const std::string name = std::string(kTensorPrefix) + matrix;
    const auto bytes = std::as_bytes(std::span(z));
    tensors.push_back({name, Dtype::F32, {static_cast<std::int64_t>(z.size())}, bytes});
    contents[name] = bytes;
  }
  metadata["zlens.sha256"] = content_hash(metadata, contents);
  write_safetensors(path, tensors, metadata);
}

Expert read_expert(const std::filesystem::path& path) {
  const std::string subject = path.string();
  const auto file = Safetensors::open(path);
  Expert expert;
  expert.record = file->metadata();
  if (required(expert.record, "zlens.format", subject) != kFormat)
    throw InputError(subject + ": expert format '" + expert.record["zlens.format"] + "' is not supported (known: " + kFormat + ")");
  std::map<std::string, std::span<const std::byte>> contents;
  for (const auto& [name, info] : file->tensors()) contents[name] = file->data(info);
  expert.sha256 = required(expert.record, "zlens.sha256", subject);
  if (content_hash(expert.record, contents) != expert.sha256)
    throw InputError(subject + ": the checksum does not match: the file is damaged or was edited");
  expert.name = required(expert.record, "name", subject);
  if (!valid_name(expert.name)) throw InputError(subject + ": the expert's name is not allowed");
  expert.description = required(expert.record, "description", subject);
  expert.base = required(expert.record, "zlens.base", subject);
  for (const char* key : {"zlens.format", "zlens.base", "zlens.sha256", "name", "description"}) expert.record.erase(key);
  for (const auto& [name, info] : file->tensors())
    expert.z[name.substr(kTensorPrefix.size())] = read_vector(*file, name, info, subject);
  if (expert.z.empty()) throw InputError(subject + ": the expert holds no z-vector");
  return expert;
}

}  // namespace zlens
