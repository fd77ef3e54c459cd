#include "experts/expert.h"

#include <cstring>

#include "io/error.h"
#include "io/safetensors.h"
#include "io/sha256.h"

namespace zlens {
namespace {

constexpr const char* kFormat = "1";

// The parts of an expert file: "<kind>/<module path>".
constexpr std::string_view kZ = "z/", kLoraA = "lora_a/", kLoraB = "lora_b/", kXs = "xs/", kPrototype = "prototype/";

// Lengths go in front, so that no two different contents give the same stream of bytes.
void update_framed(Sha256& hash, std::string_view text) {
  hash.update(std::to_string(text.size()) + ":");
  hash.update(text);
}

struct Content {
  std::vector<std::int64_t> shape;
  std::span<const std::byte> bytes;
};

std::string content_hash(const std::map<std::string, std::string>& metadata, const std::map<std::string, Content>& tensors) {
  Sha256 hash;
  for (const auto& [name, tensor] : tensors) {
    update_framed(hash, name);
    if (tensor.shape.size() == 2) hash.update(std::to_string(tensor.shape[0]) + "x" + std::to_string(tensor.shape[1]) + ":");
    hash.update(std::to_string(tensor.bytes.size()) + ":");
    hash.update(tensor.bytes);
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

std::vector<float> read_values(std::span<const std::byte> bytes) {
  std::vector<float> values(bytes.size() / sizeof(float));
  if (!values.empty()) std::memcpy(values.data(), bytes.data(), bytes.size());
  return values;
}

void read_tensor(const Safetensors& file, const std::string& name, const TensorInfo& info, Expert& expert,
                 const std::string& subject) {
  const std::size_t slash = name.find('/');
  const std::string kind = name.substr(0, slash + 1), matrix = name.substr(slash + 1);
  const bool known = kind == kZ || kind == kLoraA || kind == kLoraB || kind == kXs || name == "prototype/hidden";
  if (!known || info.dtype != Dtype::F32 || info.shape.size() != (kind == kZ ? 1U : 2U))
    throw InputError(subject + ": tensor '" + printable(name) +
                     "' is no part of an expert (z/<module path> of one dimension; lora_a/…, lora_b/…, xs/… of two; F32)");
  std::vector<float> values = read_values(file.data(info));
  if (kind == kZ) {
    expert.z[matrix] = std::move(values);
  } else if (kind == kPrototype) {
    expert.prototype = {info.shape[0], info.shape[1], std::move(values)};
  } else {
    auto& matrices = kind == kLoraA ? expert.lora_a : kind == kLoraB ? expert.lora_b : expert.xs;
    matrices[matrix] = {info.shape[0], info.shape[1], std::move(values)};
  }
}

// Collects what is to be written; views into the expert.
struct Parts {
  void add(std::string_view kind, const std::string& matrix, const std::vector<float>& values, std::vector<std::int64_t> shape) {
    const std::string name = std::string(kind) + matrix;
    const auto bytes = std::as_bytes(std::span(values));
    contents[name] = {shape, bytes};
    tensors.push_back({name, Dtype::F32, std::move(shape), bytes});
  }
  void add_all(std::string_view kind, const std::map<std::string, Matrix>& matrices) {
    for (const auto& [name, matrix] : matrices) add(kind, name, matrix.values, {matrix.rows, matrix.columns});
  }

  std::vector<TensorToWrite> tensors;
  std::map<std::string, Content> contents;
};

}  // namespace

void write_expert(const std::filesystem::path& path, const Expert& expert) {
  check_expert(expert, path.string());
  std::map<std::string, std::string> metadata = expert.record;
  metadata["zlens.format"] = kFormat;
  metadata["zlens.base"] = expert.base;
  metadata["name"] = expert.name;
  metadata["description"] = expert.description;
  Parts parts;
  for (const auto& [matrix, z] : expert.z) parts.add(kZ, matrix, z, {static_cast<std::int64_t>(z.size())});
  parts.add_all(kLoraA, expert.lora_a);
  parts.add_all(kLoraB, expert.lora_b);
  parts.add_all(kXs, expert.xs);
  if (const Matrix& prototype = expert.prototype; prototype.rows > 0)
    parts.add(kPrototype, "hidden", prototype.values, {prototype.rows, prototype.columns});
  metadata["zlens.sha256"] = content_hash(metadata, parts.contents);
  write_safetensors(path, parts.tensors, metadata);
}

Expert read_expert(const std::filesystem::path& path) {
  const std::string subject = path.string();
  const auto file = Safetensors::open(path);
  Expert expert;
  expert.record = file->metadata();
  if (const std::string format = required(expert.record, "zlens.format", subject); format != kFormat)
    throw InputError(subject + ": expert format '" + printable(format) + "' is not supported (known: " + kFormat + ")");
  std::map<std::string, Content> contents;
  for (const auto& [name, info] : file->tensors()) contents[name] = {info.shape, file->data(info)};
  expert.sha256 = required(expert.record, "zlens.sha256", subject);
  if (content_hash(expert.record, contents) != expert.sha256)
    throw InputError(subject + ": the checksum does not match: the file is damaged or was edited");
  expert.name = required(expert.record, "name", subject);
  expert.description = required(expert.record, "description", subject);
  expert.base = required(expert.record, "zlens.base", subject);
  for (const char* key : {"zlens.format", "zlens.base", "zlens.sha256", "name", "description"}) expert.record.erase(key);
  for (const auto& [name, info] : file->tensors()) read_tensor(*file, name, info, expert, subject);
  check_expert(expert, subject);
  return expert;
}

}  // namespace zlens
