// Singular value decompositions of a base's matrices, computed once and cached.
#pragma once

#include <filesystem>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "modules/linear.h"

namespace zlens {

class LanguageModel;

// W = U diag(S) Vᵀ in float32, singular values falling. The cache holds one checksummed file a matrix below
// `cache_folder`/<base hash>/; a damaged or foreign file is computed again. Thread-safe.
class FactorStore {
 public:
  FactorStore(std::shared_ptr<const LanguageModel> model, std::string base_hash, std::filesystem::path cache_folder);

  // The factors of matrix `name` in the model's dtype (S stays float32). Throws InputError on a name that is no adaptable matrix.
  std::shared_ptr<const Factors> get(const std::string& name);

  // Number of singular values of matrix `name`.
  std::int64_t rank(const std::string& name) const;
  const std::string& base_hash() const { return base_hash_; }
  const LanguageModel& model() const { return *model_; }

 private:
  Factors load_or_compute(const std::string& name) const;

  std::shared_ptr<const LanguageModel> model_;
  std::string base_hash_;
  std::filesystem::path folder_;
  mutable std::mutex mutex_;
  std::map<std::string, std::shared_ptr<const Factors>> loaded_;
};

}  // namespace zlens
