#include "experts/factors.h"

#include <ATen/ATen.h>

#include <algorithm>

#include "io/error.h"
#include "io/safetensors.h"
#include "io/sha256.h"
#include "modules/dtype.h"
#include "text/model.h"

namespace zlens {
namespace {

namespace fs = std::filesystem;

std::span<const std::byte> bytes_of(const at::Tensor& tensor) {
  return {static_cast<const std::byte*>(tensor.const_data_ptr()), tensor.nbytes()};
}

std::string checksum(const Factors& factors) {
  Sha256 hash;
  for (const at::Tensor& tensor : {factors.u, factors.s, factors.vt}) hash.update(bytes_of(tensor));
  return hash.hex();
}

at::Tensor read_tensor(const std::shared_ptr<const Safetensors>& file, const char* name) {
  const TensorInfo& info = file->tensors().at(name);
  const auto bytes = file->data(info);
  at::Tensor tensor = at::empty(info.shape, at::TensorOptions().dtype(torch_dtype(info.dtype)));
  std::copy(bytes.begin(), bytes.end(), static_cast<std::byte*>(tensor.mutable_data_ptr()));
  return tensor;
}

// The cached factors, or nothing where the file is absent, damaged or does not fit [m, n].
std::optional<Factors> read_cached(const fs::path& path, at::IntArrayRef shape) {
  std::error_code ignored;
  if (!fs::exists(path, ignored)) return std::nullopt;
  try {
    const auto file = Safetensors::open(path);
    Factors factors{read_tensor(file, "u"), read_tensor(file, "s"), read_tensor(file, "vt")};
    const std::int64_t rank = std::min(shape[0], shape[1]);
    const bool fits = factors.u.sizes() == at::IntArrayRef({shape[0], rank}) && factors.s.sizes() == at::IntArrayRef({rank}) &&
                      factors.vt.sizes() == at::IntArrayRef({rank, shape[1]}) && factors.u.scalar_type() == at::kFloat;
    if (fits && file->metadata().at("zlens.sha256") == checksum(factors)) return factors;
  } catch (const std::exception&) {
    // Rebuilt on doubt.
  }
  return std::nullopt;
}

void write_cached(const fs::path& path, const Factors& factors) {
  const auto entry = [](const char* name, const at::Tensor& tensor) {
    return TensorToWrite{name, Dtype::F32, tensor.sizes().vec(), bytes_of(tensor)};
  };
  try {
    fs::create_directories(path.parent_path());
    write_safetensors(path, {entry("u", factors.u), entry("s", factors.s), entry("vt", factors.vt)},
                      {{"zlens.sha256", checksum(factors)}});
  } catch (const std::exception&) {
    // A read-only or full cache costs time, not correctness.
  }
}

}  // namespace

FactorStore::FactorStore(std::shared_ptr<const LanguageModel> model, std::string base_hash, fs::path cache_folder)
    : model_(std::move(model)), base_hash_(std::move(base_hash)), folder_(std::move(cache_folder) / base_hash_) {}

std::int64_t FactorStore::rank(const std::string& name) const {
  for (const AdaptableMatrix& matrix : model_->matrices())
    if (matrix.name == name) return std::min(matrix.weight.size(0), matrix.weight.size(1));
  throw InputError(model_->path().string() + ": no adaptable matrix is named '" + name + "'");
}

Factors FactorStore::load_or_compute(const std::string& name) const {
  const fs::path path = folder_ / (name + ".safetensors");
  Factors out;
  model_->for_each_matrix_fp32({name}, [&](const std::string&, const at::Tensor& weight) {
    if (auto cached = read_cached(path, weight.sizes())) {
      out = std::move(*cached);
      return;
    }
    auto [u, s, vt] = at::linalg_svd(weight, /*full_matrices=*/false);
    out = {u.contiguous(), s.contiguous(), vt.contiguous()};
    write_cached(path, out);
  });
  return out;
}

std::shared_ptr<const Factors> FactorStore::get(const std::string& name) {
  rank(name);
  {
    const std::lock_guard lock(mutex_);
    if (const auto found = loaded_.find(name); found != loaded_.end()) return found->second;
  }
  Factors factors = load_or_compute(name);
  const auto place = [&](const at::Tensor& tensor) { return tensor.to(model_->device(), model_->dtype()); };
  auto shared = std::make_shared<const Factors>(Factors{place(factors.u), factors.s.to(model_->device()), place(factors.vt)});
  const std::lock_guard lock(mutex_);
  return loaded_.emplace(name, std::move(shared)).first->second;
}

}  // namespace zlens
