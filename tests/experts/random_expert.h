// Experts with random values for tests.
#pragma once

#include <ATen/ATen.h>

#include <memory>
#include <string>

#include "experts/base_hash.h"
#include "experts/expert.h"
#include "experts/factors.h"
#include "support/model_folder.h"
#include "support/temporary_folder.h"

namespace zlens {

inline Matrix random_matrix(std::int64_t rows, std::int64_t columns, float strength) {
  const at::Tensor values = strength * at::randn({rows, columns});
  return {rows, columns, {values.const_data_ptr<float>(), values.const_data_ptr<float>() + values.numel()}};
}

// z of every matrix; where `low_rank`, instead LoRA parts for the MLP matrices and LoRA-XS parts for the attention's.
inline Expert random_expert(const FactorStore& factors, float strength, int seed, bool low_rank = false) {
  Expert out;
  out.name = "e" + std::to_string(seed);
  out.base = factors.base_hash();
  out.sha256 = out.name;
  at::manual_seed(static_cast<std::uint64_t>(seed));
  for (const AdaptableMatrix& matrix : factors.model().matrices()) {
    const std::int64_t rows = matrix.weight.size(0), columns = matrix.weight.size(1);
    if (!low_rank) {
      for (float& value : out.z[matrix.name] = random_matrix(1, std::min(rows, columns), strength).values) value += 1;
    } else if (matrix.name.find("mlp") != std::string::npos) {
      out.lora_a[matrix.name] = random_matrix(3, columns, strength);
      out.lora_b[matrix.name] = random_matrix(rows, 3, strength);
    } else {
      out.xs[matrix.name] = random_matrix(4, 4, strength);
    }
  }
  return out;
}

// A tiny model with its factors, in a folder that goes with the test.
struct TinyBase {
  explicit TinyBase(const std::string& fixture = "llama3", const ChangeWeight& change = {})
      : model(load_model_fixture(fixture, folder.path(), change)),
        factors(model, zlens::base_hash(*model, folder / "cache"), folder / "cache") {}

  TemporaryFolder folder;
  std::shared_ptr<LanguageModel> model;
  FactorStore factors;
};

}  // namespace zlens
