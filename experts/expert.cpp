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

// The values of a float32 tensor without an empty dimension.
std::vector<float> read_values(const Safetensors& file, const std::string& name, const TensorInfo& info,
                               const std::string& subject) {
  const auto bytes = file.data(info);
  std::vector<float> values(bytes.size() / sizeof(float));
  std::memcpy(values.data(), bytes.data(), bytes.size());
  for (std::size_t i = 0; i < values.size(); ++i)
    if (!std::isfinite(values[i]))
      throw InputError(subject + ": '" + name + "' holds a value that is not finite at index " + std::to_string(i));
  return values;
}

// The parts of an expert file: "<kind>/<module path>".
constexpr std::string_view kZ = "z/", kLoraA = "lora_a/", kLoraB = "lora_b/", kXs = "xs/";

void read_tensor(const Safetensors& file, const std::string& name, const TensorInfo& info, Expert& expert,
                 const std::string& subject) {
  const std::size_t slash = name.find('/');
  const std::string kind = name.substr(0, slash + 1), matrix = slash == std::string::npos ? "" : name.substr(slash + 1);
  const std::size_t dimensions = kind == kZ ? 1 : 2;
  const bool known = kind == kZ || kind == kLoraA || kind == kLoraB || kind == kXs;
  const bool empty = std::find(info.shape.begin(), info.shape.end(), 0) != info.shape.end();
  if (!known || matrix.empty() || info.dtype != Dtype::F32 || info.shape.size() != dimensions || empty)
    throw InputError(subject + ": tensor '" + name +
                     "' is no part of an expert (z/<module path> of one dimension; lora_a/…, lora_b/…, xs/… of two; F32)");
  std::vector<float> values = read_values(file, name, info, subject);
  if (kind == kZ) {
    expert.z[matrix] = std::move(values);
  } else {
    auto& matrices = kind == kLoraA ? expert.lora_a : kind == kLoraB ? expert.lora_b : expert.xs;
    matrices[matrix] = {info.shape[0], info.shape[1], std::move(values)};
  }
}

void check_parts(const Expert& expert, const std::string& subject) {
  if (expert.z.empty() && expert.lora_a.empty() && expert.xs.empty()) throw InputError(subject + ": the expert changes nothing");
  for (const auto& [name, b] : expert.lora_b)
    if (!expert.lora_a.contains(name)) throw InputError(subject + ": lora_b of '" + name + "' has no lora_a");
  for (const auto& [name, a] : expert.lora_a) {
    const auto b = expert.lora_b.find(name);
    if (b == expert.lora_b.end()) throw InputError(subject + ": lora_a of '" + name + "' has no lora_b");
    if (b->second.columns != a.rows)
      throw InputError(subject + ": lora_a of '" + name + "' has rank " + std::to_string(a.rows) + ", lora_b " +
                       std::to_string(b->second.columns));
  }
  for (const auto& [name, x] : expert.xs)
    if (x.rows != x.columns) throw InputError(subject + ": xs of '" + name + "' is not square");
}

// Collects what is to be written; views into the expert.
class Parts {
 public:
  explicit Parts(std::string subject) : subject_(std::move(subject)) {}

  void add(std::string_view kind, const std::string& matrix, const std::vector<float>& values, std::vector<std::int64_t> shape) {
    if (!std::all_of(values.begin(), values.end(), [](float value) { return std::isfinite(value); }))
      throw InputError(subject_ + ": " + std::string(kind) + matrix + " holds a value that is not finite");
    const std::string name = std::string(kind) + matrix;
    const auto bytes = std::as_bytes(std::span(values));
    tensors.push_back({name, Dtype::F32, std::move(shape), bytes});
    contents[name] = bytes;
  }
  void add_all(std::string_view kind, const std::map<std::string, Matrix>& matrices) {
    for (const auto& [name, matrix] : matrices) add(kind, name, matrix.values, {matrix.rows, matrix.columns});
  }

  std::vector<TensorToWrite> tensors;
  std::map<std::string, std::span<const std::byte>> contents;

 private:
  std::string subject_;
};

}  // namespace

void write_expert(const std::filesystem::path& path, const Expert& expert) {
  if (!valid_name(expert.name))
    throw InputError("expert name '" + expert.name + "' is not allowed (letters, digits, '.', '_', '-'; up to 64; no leading dot)");
  std::map<std::string, std::string> metadata = expert.record;
  metadata["zlens.format"] = kFormat;
  metadata["zlens.base"] = expert.base;
  metadata["name"] = expert.name;
  metadata["description"] = expert.description;
  check_parts(expert, path.string());
  Parts parts(path.string());
  for (const auto& [matrix, z] : expert.z) parts.add(kZ, matrix, z, {static_cast<std::int64_t>(z.size())});
  parts.add_all(kLoraA, expert.lora_a);
  parts.add_all(kLoraB, expert.lora_b);
  parts.add_all(kXs, expert.xs);
  metadata["zlens.sha256"] = content_hash(metadata, parts.contents);
  write_safetensors(path, parts.tensors, metadata);
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
  for (const auto& [name, info] : file->tensors()) read_tensor(*file, name, info, expert, subject);
  check_parts(expert, subject);
  return expert;
}

}  // namespace zlens
