// A tiny model, its factors, and experts that are random but repeatable.
#pragma once

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include "experts/base_hash.h"
#include "experts/factors.h"
#include "experts/mix.h"
#include "support/model_folder.h"
#include "support/temporary_folder.h"

namespace zlens {

class ExpertFixture : public testing::Test {
 protected:
  ExpertFixture()
      : model_(load_model_fixture("llama3", folder_.path())),
        hash_(base_hash(*model_, folder_ / "cache")),
        factors_(model_, hash_, folder_ / "cache") {}

  std::shared_ptr<const Expert> expert(float strength, int seed) const {
    auto out = std::make_shared<Expert>();
    out->name = "e" + std::to_string(seed);
    out->base = hash_;
    at::manual_seed(seed);
    for (const AdaptableMatrix& matrix : model_->matrices()) {
      const at::Tensor z = 1 + strength * at::randn({factors_.rank(matrix.name)});
      out->z[matrix.name] = std::vector<float>(z.const_data_ptr<float>(), z.const_data_ptr<float>() + z.numel());
    }
    out->sha256 = out->name + std::to_string(strength);
    return out;
  }

  at::Tensor logits(const std::shared_ptr<const ActiveMix>& mix) const {
    return prompt_logits(model_->decoder(), {.ids = ids_}, mix);
  }

  TemporaryFolder folder_;
  std::shared_ptr<LanguageModel> model_;
  std::string hash_;
  FactorStore factors_;
  std::vector<std::int32_t> ids_ = {3, 14, 15, 92, 65, 35, 89};
};

}  // namespace zlens
