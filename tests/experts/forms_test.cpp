// The forms of Linear: equal results, a different expert in every row, gradients of z.
#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include "experts/expert_fixture.h"
#include "io/error.h"
#include "modules/context.h"
#include "modules/state_dict.h"
#include "support/checkpoint.h"

namespace zlens {
namespace {

class Forms : public ExpertFixture {};

TEST_F(Forms, Agree) {
  const Mix mix = {{expert(0.1F, 1), 0.7}, {expert(0.1F, 2), -0.4}};
  const at::Tensor delta = logits(resolve(mix, factors_, {.form = LinearForm::Delta}));
  EXPECT_LT(max_difference(delta, logits(resolve(mix, factors_, {.form = LinearForm::Factored}))), 1e-4);
  EXPECT_LT(max_difference(delta, logits(resolve(mix, factors_, {.form = LinearForm::Merged}))), 1e-4);
  EXPECT_GT(max_difference(delta, logits(nullptr)), 1e-2);
}

TEST_F(Forms, EveryRowItsOwnExpert) {
  const std::vector<Mix> rows = {{{expert(0.2F, 1), 1.0}}, {}, {{expert(0.2F, 2), 0.5}, {expert(0.2F, 3), 0.5}}};
  const std::vector<TokenPrompt> prompts = {{.ids = {5, 6, 7, 8}}, {.ids = {9}}, {.ids = {1, 2}}};
  for (const LinearForm form : {LinearForm::Delta, LinearForm::Factored}) {
    Caches caches;
    const auto together =
        generate(model_->decoder(), prompts, {.max_new_tokens = 12}, resolve_rows(rows, factors_, {.form = form}), caches);
    for (std::size_t row = 0; row < rows.size(); ++row) {
      const auto alone = generate(model_->decoder(), std::span(&prompts[row], 1), {.max_new_tokens = 12},
                                  resolve(rows[row], factors_, {.form = form}), caches);
      ASSERT_EQ(together[row].ids, alone.front().ids);
      for (std::size_t t = 0; t < alone.front().logprobs.size(); ++t)
        EXPECT_NEAR(together[row].logprobs[t], alone.front().logprobs[t], 1e-4);
    }
  }
}

TEST_F(Forms, AlikeRowsAreOneRowAndMergedRefusesDifferentOnes) {
  const Mix one = {{expert(0.2F, 1), 1.0}};
  const auto active = resolve_rows(std::vector<Mix>{one, one, one}, factors_);
  EXPECT_FALSE(active->by_row());
  EXPECT_EQ(active->content_hash, resolve(one, factors_)->content_hash);
  EXPECT_EQ(resolve_rows(std::vector<Mix>{{}, {}}, factors_), nullptr);
  EXPECT_THROW(resolve_rows(std::vector<Mix>{one, {}}, factors_, {.form = LinearForm::Merged}), InputError);
}

TEST_F(Forms, MergedAndTruncatedMixesAreKeptForTheNextRequest) {
  const Mix one = {{expert(0.2F, 1), 1.0}}, two = {{expert(0.2F, 2), 1.0}};
  const std::vector<Mix> one_row = {one}, two_rows = {two, two};
  Caches caches;
  for (const MixOptions& options : {MixOptions{.form = LinearForm::Merged}, MixOptions{.tolerance = 0.5}}) {
    const auto first = resolve_cached(one_row, factors_, options, caches);
    EXPECT_EQ(first, resolve_cached(one_row, factors_, options, caches));
    EXPECT_EQ(first->content_hash, resolve(one, factors_, options)->content_hash);
    EXPECT_NE(first, resolve_cached(two_rows, factors_, options, caches));
  }
  EXPECT_EQ(caches.mixes.size(), 4U);
  resolve_cached(one_row, factors_, {}, caches);
  EXPECT_EQ(caches.mixes.size(), 4U) << "an exact delta costs nothing to make";
  EXPECT_EQ(resolve_cached(std::vector<Mix>(2), factors_, {.form = LinearForm::Merged}, caches), nullptr);
  Caches tiny(0, 0, 16);
  EXPECT_NE(resolve_cached(one_row, factors_, {.tolerance = 0.5}, tiny), nullptr);
  EXPECT_EQ(tiny.mixes.size(), 0U);
}

TEST_F(Forms, OneBaseInTwoDtypesSharesCachesButNoMix) {
  const std::shared_ptr<LanguageModel> rounded = LanguageModel::load(folder_.path(), {.dtype = at::kBFloat16});
  FactorStore factors(rounded, hash_, folder_ / "cache");
  const std::vector<Mix> row = {{{expert(0.2F, 1), 1.0}}};
  Caches caches;
  const MixOptions options{.form = LinearForm::Merged};
  EXPECT_EQ(resolve_cached(row, factors_, options, caches)->slots.front()->merged.scalar_type(), at::kFloat);
  EXPECT_EQ(resolve_cached(row, factors, options, caches)->slots.front()->merged.scalar_type(), at::kBFloat16);
}

// The reference multiplies W' by sum(S) / sum(S z); see method notes, section 0.
TEST_F(Forms, NuclearNormIsKeptOnRequest) {
  const auto active = expert(0.3F, 4);
  const auto mix = resolve({{active, 1.0}}, factors_, {.form = LinearForm::Factored, .keep_nuclear_norm = true});
  for (std::size_t slot = 0; slot < model_->matrices().size(); ++slot) {
    const std::string& name = model_->matrices()[slot].name;
    const at::Tensor s = factors_.get(name)->s, z = at::tensor(at::ArrayRef<float>(active->z.at(name)));
    const at::Tensor expected = s * z * (s.sum() / (s * z).sum());
    EXPECT_LT(max_difference(mix->slots[slot]->scale[0], expected), 1e-5) << name;
  }
}

// One Linear of the model with z requiring grad: against numeric differences and against autograd through a dense W'.
class Gradient : public Forms, public testing::WithParamInterface<LinearForm> {};

TEST_P(Gradient, OfZ) {
  StateDict weights("test", at::kDouble);
  const at::Tensor w = at::randn({12, 8}, at::kDouble);
  weights.add("w.weight", {12, 8}, [&](at::ScalarType) { return w; });
  AdaptableMatrices slots;
  const Linear linear(weights, "w", {.in = 8, .out = 12}, slots);
  auto [u, s, vt] = at::linalg_svd(w, false);
  const auto factors = std::make_shared<const Factors>(Factors{u, s, vt});
  const at::Tensor x = at::randn({2, 5, 8}, at::kDouble), pull = at::randn({2, 5, 12}, at::kDouble);
  const auto forward = [&](const at::Tensor& z) {
    auto mix = std::make_shared<ActiveMix>();
    mix->slots.resize(1);
    SlotChange change{.form = GetParam(), .factors = factors};
    change.scale = (GetParam() == LinearForm::Delta ? s * (z - 1) : s * z).unsqueeze(0);
    mix->slots[0] = change;
    const Context context(KvCache(), mix);
    return (linear.forward(x, context) * pull).sum();
  };
  const at::Tensor start = 1 + 0.1 * at::randn({8}, at::kDouble);
  at::Tensor z = start.clone().requires_grad_();
  forward(z).backward();
  at::Tensor dense_z = start.clone().requires_grad_();
  (at::linear(x, at::matmul(u * (s * dense_z), vt)) * pull).sum().backward();
  EXPECT_LT(max_difference(z.grad(), dense_z.grad()), 1e-10);
  for (std::int64_t i = 0; i < 8; ++i) {
    at::Tensor up = start.clone(), down = start.clone();
    up[i] += 1e-5;
    down[i] -= 1e-5;
    const double numeric = (forward(up) - forward(down)).item<double>() / 2e-5;
    EXPECT_NEAR(z.grad()[i].item<double>(), numeric, 1e-6);
  }
}

INSTANTIATE_TEST_SUITE_P(All, Gradient, testing::Values(LinearForm::Delta, LinearForm::Factored));

TEST_F(Forms, LowRankAddsByRow) {
  auto mix = std::make_shared<ActiveMix>();
  mix->slots.resize(model_->matrices().size());
  at::manual_seed(5);
  for (std::size_t slot = 0; slot < mix->slots.size(); ++slot) {
    const at::Tensor& w = model_->matrices()[slot].weight;
    SlotChange change;
    change.adds.push_back({0.1 * at::randn({2, w.size(1)}), 0.1 * at::randn({w.size(0), 2}), at::tensor({1.0F, 0.0F})});
    mix->slots[slot] = change;
  }
  Caches caches;
  const std::vector<TokenPrompt> prompts = {{.ids = {5, 6, 7}}, {.ids = {5, 6, 7}}};
  const auto rows = generate(model_->decoder(), prompts, {.max_new_tokens = 8}, mix, caches);
  const auto base = generate(model_->decoder(), std::span(prompts).first(1), {.max_new_tokens = 8}, nullptr, caches);
  EXPECT_EQ(rows[1].ids, base.front().ids) << "weight 0";
  EXPECT_NE(rows[0].logprobs, base.front().logprobs);
}

}  // namespace
}  // namespace zlens
