// Singular value decompositions of a base's matrices, computed once and cached.
#pragma once

#include <cstddef>
#include <filesystem>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <unordered_map>
#include <vector>

#include "experts/factor_file.h"
#include "modules/linear.h"

namespace zlens {

class LanguageModel;

struct DecomposeOptions {
  std::set<std::string> only;  // names; empty: every adaptable matrix
  // Matrices done, of how many, and how many an earlier run had done. Called from any thread, one call at a time.
  std::function<void(std::int64_t done, std::int64_t total, std::int64_t already)> progress;
  std::function<bool()> stop;                       // asked between matrices; true: leave the rest to a later call
  std::size_t memory_bytes = std::size_t{4} << 30;  // matrices are worked on at once as far as they fit in this together
};

struct DecomposeSummary {
  std::int64_t matrices = 0, computed = 0, already = 0;
  double error = 0, orthogonality = 0;  // the largest of all that are cached (Svd)
  bool complete = false;
};

// W = U diag(S) Vᵀ of every adaptable matrix. The cache holds one checksummed file a matrix below `cache_folder`/<base hash>/ in
// float32, and beside it a copy in the model's dtype where that is another; both are mapped. A damaged or foreign file is computed
// again. Thread-safe.
class FactorStore {
 public:
  FactorStore(std::shared_ptr<const LanguageModel> model, std::string base_hash, const std::filesystem::path& cache_folder);

  // The factors of matrix `name` in the model's dtype (S stays float32); computed here where they are not cached.
  // Throws InputError on a name that is no adaptable matrix.
  std::shared_ptr<const Factors> get(const std::string& name) { return get(slot(name)); }
  std::shared_ptr<const Factors> get(std::size_t slot);

  // The same in float32 on the CPU, mapped and not kept: for work on the weights themselves, matrix by matrix.
  Factors exact(const std::string& name);

  // The matrix's place in the model's `matrices()`. Throws as `get` does.
  std::size_t slot(const std::string& name) const;
  // Number of singular values of matrix `name`. Throws as `get` does.
  std::int64_t rank(const std::string& name) const;

  // Computes whatever is missing in the cache, several matrices at once. Resumable: each matrix is durable when it is done.
  // Throws Error where the cache cannot be written or another process is at it.
  DecomposeSummary decompose(const DecomposeOptions& options = {});
  // True where nothing is left to `decompose`.
  bool complete();

  const std::string& base_hash() const { return base_hash_; }
  const LanguageModel& model() const { return *model_; }
  const std::filesystem::path& folder() const { return folder_; }

 private:
  struct Decomposition;
  const AdaptableMatrix& matrix(const std::string& name) const;
  FactorFileKey key(const AdaptableMatrix& matrix, at::ScalarType dtype) const;
  std::filesystem::path path(const AdaptableMatrix& matrix, at::ScalarType dtype) const;
  std::optional<FactorFile> cached(const AdaptableMatrix& matrix, at::ScalarType dtype);
  FactorFile computed(const AdaptableMatrix& matrix, const at::Tensor& weight) const;
  FactorFile in_model_dtype(const FactorFile& whole) const;
  void write(const AdaptableMatrix& matrix, const FactorFile& file);
  FactorFile load_exact(const AdaptableMatrix& matrix);
  Factors load(const AdaptableMatrix& matrix);
  void keep(const AdaptableMatrix& matrix, const FactorFile& file);
  std::size_t plan(Decomposition& job);
  void work(Decomposition& job);

  std::shared_ptr<const LanguageModel> model_;
  std::string base_hash_;
  std::filesystem::path folder_;
  std::unordered_map<std::string, std::size_t> slots_;
  CheckedFiles checked_;
  mutable std::mutex mutex_;
  std::vector<std::shared_ptr<const Factors>> loaded_;  // by slot
};

}  // namespace zlens
