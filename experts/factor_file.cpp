#include "experts/factor_file.h"

#include <ATen/ATen.h>

#include <algorithm>

#include "io/atomic_file.h"
#include "io/safetensors.h"
#include "io/sha256.h"
#include "modules/dtype.h"

namespace zlens {
namespace {

namespace fs = std::filesystem;

constexpr const char* kChecksum = "zlens.sha256";

std::span<const std::byte> bytes_of(const at::Tensor& tensor) {
  return {static_cast<const std::byte*>(tensor.const_data_ptr()), tensor.nbytes()};
}

std::string checksum(const FactorFile& file) {
  Sha256 hash;
  for (const auto& [key, value] : file.metadata)
    if (key != kChecksum) hash.update(key + "=" + value + "\n");
  for (const at::Tensor& tensor : {file.factors.u, file.factors.s, file.factors.vt}) hash.update(bytes_of(tensor));
  return hash.hex();
}

at::Tensor mapped(const std::shared_ptr<const Safetensors>& file, const char* name) {
  const TensorInfo& info = file->tensors().at(name);
  auto* data = const_cast<std::byte*>(file->data(info).data());  // torch has no read-only tensors; nothing writes to factors
  return at::from_blob(
      data, info.shape, [file](void*) {}, at::TensorOptions().dtype(torch_dtype(info.dtype)));
}

bool fits(const FactorFile& file, const FactorFileKey& key) {
  const auto& [u, s, vt] = file.factors;
  const std::int64_t rank = std::min(key.rows, key.columns);
  return u.sizes() == at::IntArrayRef({key.rows, rank}) && s.sizes() == at::IntArrayRef({rank}) &&
         vt.sizes() == at::IntArrayRef({rank, key.columns}) && u.scalar_type() == key.dtype && vt.scalar_type() == key.dtype &&
         s.scalar_type() == at::kFloat && file.metadata.at("zlens.base") == key.base &&
         file.metadata.at("zlens.matrix") == key.matrix;
}

}  // namespace

CheckedFiles::CheckedFiles(fs::path folder) : path_(std::move(folder) / "checked.txt") {
  std::error_code ignored;
  if (!fs::exists(path_, ignored)) return;
  try {
    const std::string text = read_text_file(path_);
    for (std::size_t begin = 0, end; (end = text.find('\n', begin)) != std::string::npos; begin = end + 1)
      identities_.insert(text.substr(begin, end - begin));
  } catch (const std::exception&) {
    // Every file is checked again.
  }
}

bool CheckedFiles::contains(const std::string& identity) const {
  const std::lock_guard lock(mutex_);
  return identities_.contains(identity);
}

void CheckedFiles::add(const std::string& identity) {
  const std::lock_guard lock(mutex_);
  if (!identities_.insert(identity).second) return;
  try {
    AppendFile(path_).append(identity);
  } catch (const std::exception&) {
    // A read-only cache costs time, not correctness.
  }
}

std::optional<FactorFile> read_factor_file(const fs::path& path, const FactorFileKey& key, CheckedFiles& checked) {
  std::error_code ignored;
  if (!fs::exists(path, ignored)) return std::nullopt;
  try {
    const auto file = Safetensors::open(path);
    FactorFile out{{mapped(file, "u"), mapped(file, "s"), mapped(file, "vt")}, file->metadata()};
    if (!fits(out, key)) return std::nullopt;
    const std::string& identity = file->file()->identity();
    if (checked.contains(identity)) return out;
    if (out.metadata.at(kChecksum) != checksum(out)) return std::nullopt;
    checked.add(identity);
    return out;
  } catch (const std::exception&) {
    return std::nullopt;  // rebuilt on doubt
  }
}

void write_factor_file(const fs::path& path, const FactorFileKey& key, const FactorFile& file, CheckedFiles& checked) {
  FactorFile out = file;
  out.metadata["zlens.base"] = key.base;
  out.metadata["zlens.matrix"] = key.matrix;
  out.metadata[kChecksum] = checksum(out);
  const auto entry = [](const char* name, const at::Tensor& tensor) {
    return TensorToWrite{name, file_dtype(tensor.scalar_type()), tensor.sizes().vec(), bytes_of(tensor)};
  };
  fs::create_directories(path.parent_path());
  write_safetensors(path, {entry("u", out.factors.u), entry("s", out.factors.s), entry("vt", out.factors.vt)}, out.metadata);
  checked.add(MappedFile::open(path)->identity());
}

}  // namespace zlens
