#include "experts/factors.h"

#include <ATen/ATen.h>
#include <ATen/Parallel.h>

#include <algorithm>
#include <cstdlib>
#include <vector>

#include "experts/svd.h"
#include "io/atomic_file.h"
#include "io/error.h"
#include "io/file_lock.h"
#include "modules/dtype.h"
#include "modules/state_dict.h"
#include "text/model.h"

namespace zlens {
namespace {

namespace fs = std::filesystem;

std::string number_text(double value) {
  char buffer[32];
  std::snprintf(buffer, sizeof buffer, "%.3g", value);
  return buffer;
}

at::Tensor weight_of(StateDict& weights, const AdaptableMatrix& matrix) {
  const at::Tensor weight = weights.take(matrix.name + ".weight", matrix.weight.sizes());
  if (weight.numel() == 0) throw InputError("the checkpoint's '" + matrix.name + "' changed while the model was in use");
  return weight;
}

}  // namespace

FactorStore::FactorStore(std::shared_ptr<const LanguageModel> model, std::string base_hash, const fs::path& cache_folder)
    : model_(std::move(model)), base_hash_(std::move(base_hash)), folder_(cache_folder / base_hash_), checked_(folder_) {
  for (const AdaptableMatrix& matrix : model_->matrices()) slots_.emplace(matrix.name, slots_.size());
  loaded_.resize(slots_.size());
}

std::size_t FactorStore::slot(const std::string& name) const {
  const auto found = slots_.find(name);
  if (found == slots_.end()) throw InputError(model_->path().string() + ": no adaptable matrix is named '" + name + "'");
  return found->second;
}

const AdaptableMatrix& FactorStore::matrix(const std::string& name) const {
  return model_->matrices()[slot(name)];
}

std::int64_t FactorStore::rank(const std::string& name) const {
  const at::Tensor& weight = matrix(name).weight;
  return std::min(weight.size(0), weight.size(1));
}

FactorFileKey FactorStore::key(const AdaptableMatrix& matrix, at::ScalarType dtype) const {
  return {base_hash_, matrix.name, matrix.weight.size(0), matrix.weight.size(1), dtype};
}

fs::path FactorStore::path(const AdaptableMatrix& matrix, at::ScalarType dtype) const {
  std::string file = matrix.name;
  if (dtype != at::kFloat) file.append(".").append(dtype_label(dtype));
  return folder_ / file.append(".safetensors");
}

std::optional<FactorFile> FactorStore::cached(const AdaptableMatrix& matrix, at::ScalarType dtype) {
  return read_factor_file(path(matrix, dtype), key(matrix, dtype), checked_);
}

FactorFile FactorStore::computed(const AdaptableMatrix& matrix, const at::Tensor& weight) const {
  try {
    Svd parts = exact_svd(weight);
    return {{std::move(parts.u), std::move(parts.s), std::move(parts.vt)},
            {{"zlens.error", number_text(parts.error)}, {"zlens.orthogonality", number_text(parts.orthogonality)}}};
  } catch (const std::exception& error) {
    throw Error(model_->path().string() + ": '" + matrix.name + "': " + error.what());
  }
}

FactorFile FactorStore::in_model_dtype(const FactorFile& whole) const {
  const auto& [u, s, vt] = whole.factors;
  return {{u.to(model_->dtype()), s, vt.to(model_->dtype())}, whole.metadata};
}

void FactorStore::write(const AdaptableMatrix& matrix, const FactorFile& file) {
  const at::ScalarType dtype = file.factors.u.scalar_type();
  write_factor_file(path(matrix, dtype), key(matrix, dtype), file, checked_);
}

// A read-only or full cache costs time, not correctness.
void FactorStore::keep(const AdaptableMatrix& matrix, const FactorFile& file) {
  try {
    write(matrix, file);
  } catch (const std::exception&) {
  }
}

FactorFile FactorStore::load_exact(const AdaptableMatrix& matrix) {
  if (auto whole = cached(matrix, at::kFloat)) return std::move(*whole);
  StateDict weights = model_->weights_fp32();
  FactorFile whole = computed(matrix, weight_of(weights, matrix));
  keep(matrix, whole);
  return whole;
}

Factors FactorStore::load(const AdaptableMatrix& matrix) {
  if (auto file = cached(matrix, model_->dtype())) return file->factors;
  const FactorFile whole = load_exact(matrix);
  if (model_->dtype() == at::kFloat) return whole.factors;
  const FactorFile file = in_model_dtype(whole);
  keep(matrix, file);
  return file.factors;
}

Factors FactorStore::exact(const std::string& name) {
  return load_exact(matrix(name)).factors;
}

std::shared_ptr<const Factors> FactorStore::get(std::size_t slot) {
  {
    const std::lock_guard lock(mutex_);
    if (loaded_[slot]) return loaded_[slot];
  }
  const Factors factors = load(model_->matrices()[slot]);
  const at::Device device = model_->device();
  auto shared = std::make_shared<const Factors>(Factors{factors.u.to(device), factors.s.to(device), factors.vt.to(device)});
  const std::lock_guard lock(mutex_);
  if (!loaded_[slot]) loaded_[slot] = std::move(shared);
  return loaded_[slot];
}

// What the workers of one `decompose` share.
struct FactorStore::Decomposition {
  const DecomposeOptions& options;
  std::optional<StateDict> weights;
  std::vector<const AdaptableMatrix*> missing;
  std::mutex mutex;  // for all below and `weights`
  std::size_t next = 0;
  bool stopped = false;
  DecomposeSummary summary;

  void note(const FactorFile& file) {
    summary.error = std::max(summary.error, std::atof(file.metadata.at("zlens.error").c_str()));
    summary.orthogonality = std::max(summary.orthogonality, std::atof(file.metadata.at("zlens.orthogonality").c_str()));
  }

  void report() const {
    if (options.progress) options.progress(summary.already + summary.computed, summary.matrices, summary.already);
  }
};

bool FactorStore::complete() {
  return std::all_of(model_->matrices().begin(), model_->matrices().end(),
                     [&](const AdaptableMatrix& matrix) { return cached(matrix, at::kFloat) && cached(matrix, model_->dtype()); });
}

// Takes matrix after matrix until none is left. Only reading a weight is done in turns.
void FactorStore::work(Decomposition& job) {
  for (;;) {
    const AdaptableMatrix* matrix = nullptr;
    at::Tensor weight;
    {
      const std::lock_guard lock(job.mutex);
      if (job.options.stop && job.options.stop()) job.stopped = true;
      if (job.stopped || job.next == job.missing.size()) return;
      matrix = job.missing[job.next++];
      weight = weight_of(*job.weights, *matrix);
    }
    try {
      FactorFile whole;
      if (auto file = cached(*matrix, at::kFloat)) {
        whole = std::move(*file);
      } else {
        whole = computed(*matrix, weight);
        write(*matrix, whole);
      }
      if (model_->dtype() != at::kFloat) write(*matrix, in_model_dtype(whole));
      const std::lock_guard lock(job.mutex);
      ++job.summary.computed;
      job.note(whole);
      job.report();
    } catch (...) {
      const std::lock_guard lock(job.mutex);
      job.stopped = true;
      throw;
    }
  }
}

// Fills in what is there and what is missing; the largest bytes that one matrix will need.
std::size_t FactorStore::plan(Decomposition& job) {
  std::size_t largest = 1;
  for (const AdaptableMatrix& matrix : model_->matrices()) {
    if (!job.options.only.empty() && !job.options.only.contains(matrix.name)) continue;
    ++job.summary.matrices;
    const auto whole = cached(matrix, at::kFloat);
    if (whole) job.note(*whole);
    if (whole && cached(matrix, model_->dtype())) continue;
    job.missing.push_back(&matrix);
    largest = std::max(largest, exact_svd_bytes(matrix.weight.size(0), matrix.weight.size(1)));
  }
  job.summary.already = job.summary.matrices - static_cast<std::int64_t>(job.missing.size());
  return largest;
}

DecomposeSummary FactorStore::decompose(const DecomposeOptions& options) {
  Decomposition job{.options = options};
  const std::size_t largest = plan(job);
  job.report();
  if (!job.missing.empty()) {
    std::error_code error;
    fs::create_directories(folder_, error);
    if (error)
      throw Error(folder_.string() + ": cannot be made: " + error.message() + " (set XDG_CACHE_HOME to a folder with room)");
    const FileLock lock(folder_ / "lock");
    remove_stale_temporaries(folder_);
    job.weights.emplace(model_->weights_fp32());
    // Inside, ATen and LAPACK use one thread each; a worker that is alone has all of them.
    const auto workers =
        std::clamp<std::int64_t>(static_cast<std::int64_t>(options.memory_bytes / largest), 1, at::get_num_threads());
    at::parallel_for(0, workers, 1, [&](std::int64_t begin, std::int64_t end) {
      for (std::int64_t worker = begin; worker < end; ++worker) work(job);
    });
  }
  job.summary.complete = job.summary.already + job.summary.computed == job.summary.matrices;
  return job.summary;
}

}  // namespace zlens
