#include "train/full.h"

#include <ATen/ATen.h>
#include <c10/core/GradMode.h>
#include <gtest/gtest.h>

#include "experts/expert.h"
#include "io/error.h"
#include "support/checkpoint.h"
#include "support/temporary_folder.h"
#include "train/toy.h"

namespace zlens {
namespace {

class FullMethod : public testing::Test {
 protected:
  at::Tensor logits(const LanguageModel& model, const std::shared_ptr<const ActiveMix>& mix = nullptr) const {
    return prompt_logits(model.decoder(), {.ids = {3, 14, 15, 92, 65}}, mix);
  }

  // The sum of the last hidden state's squares with the trained values, differentiable.
  at::Tensor value(const Trainable& trainable) const {
    Context context(KvCache(toy_.model->decoder().kv_shape(), 1, 4), trainable.mix());
    const at::Tensor ids = at::tensor({5, 6, 7, 8}, at::kLong).unsqueeze(0);
    return toy_.model->decoder().forward(toy_.model->decoder().embed(ids), {}, context).square().sum();
  }

  ToyModel toy_;
};

TEST_F(FullMethod, StartsAtTheBaseBitForBit) {
  const auto trainable = make_trainable(toy_.factors, {.method = "full"});
  EXPECT_TRUE(at::equal(logits(*toy_.model, trainable->mix()), logits(*toy_.model)));
  std::int64_t numbers = 0;
  for (const AdaptableMatrix& matrix : toy_.model->matrices()) numbers += matrix.weight.numel();
  EXPECT_EQ(trainable->count(), numbers);
}

TEST_F(FullMethod, GradientsAreThoseOfDifferences) {
  const auto trainable = make_trainable(toy_.factors, {.method = "full"});
  value(*trainable).backward();
  int checked = 0;
  for (auto& [name, weight] : trainable->parameters()) {
    ASSERT_TRUE(weight.grad().defined()) << name;
    if (++checked > 3) continue;
    const c10::NoGradGuard no_grad;
    const at::Tensor direction = weight.grad() / weight.grad().norm();
    const double step = 1e-3;
    weight.add_(direction, step);
    const double above = value(*trainable).item<double>();
    weight.sub_(direction, 2 * step);
    const double below = value(*trainable).item<double>();
    weight.add_(direction, step);
    const double slope = weight.grad().norm().item<double>();
    EXPECT_NEAR((above - below) / (2 * step), slope, 0.02 * slope + 1e-3) << name;
  }
}

TEST_F(FullMethod, TheCheckpointComputesWhatWasTrained) {
  const auto trainable = make_trainable(toy_.factors, {.method = "full", .matrices = "mlp"});
  at::manual_seed(1);
  for (auto& [name, weight] : trainable->parameters()) weight.set_data(weight.detach() + 0.02 * at::randn_like(weight));
  const TemporaryFolder folder;
  write_full(*toy_.model, *trainable, folder / "out");
  const auto loaded = LanguageModel::load(folder / "out", {.dtype = at::kFloat});
  EXPECT_TRUE(at::equal(logits(*loaded), logits(*toy_.model, trainable->mix())));
  EXPECT_FALSE(at::equal(logits(*loaded), logits(*toy_.model)));
  EXPECT_THROW(write_full(*toy_.model, *trainable, folder / "out"), InputError) << "the folder exists";
}

TEST_F(FullMethod, HasNothingToDoWithExpertFiles) {
  const auto trainable = make_trainable(toy_.factors, {.method = "full"});
  Expert expert;
  EXPECT_THROW(trainable->store(expert), InputError);
  EXPECT_THROW(trainable->load(expert), InputError);
}

}  // namespace
}  // namespace zlens
