#include "train/trainable.h"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include "experts/mix.h"
#include "io/error.h"
#include "io/support.h"
#include "support/checkpoint.h"
#include "train/toy.h"

namespace zlens {
namespace {

class Methods : public testing::TestWithParam<const char*> {
 protected:
  at::Tensor logits(const std::shared_ptr<const ActiveMix>& mix) const {
    return prompt_logits(toy_.model->decoder(), {.ids = {3, 14, 15, 92, 65}}, mix);
  }
  std::unique_ptr<Trainable> make() { return make_trainable(toy_.factors, {.method = GetParam(), .rank = 4}); }
  ToyModel toy_;
};

TEST_P(Methods, StartAtTheBase) {
  const auto trainable = make();
  EXPECT_GT(trainable->count(), 0);
  EXPECT_TRUE(at::equal(logits(trainable->mix()), logits(nullptr)));
}

TEST_P(Methods, GiveAnExpertThatComputesAlike) {
  const auto trainable = make();
  at::manual_seed(1);
  for (auto& [name, value] : trainable->parameters()) value.set_data(value.detach() + 0.05 * at::randn_like(value));
  auto expert = std::make_shared<Expert>();
  expert->name = "e";
  expert->base = toy_.factors.base_hash();
  trainable->store(*expert);
  EXPECT_LT(max_difference(logits(trainable->mix()), logits(resolve({{expert, 1.0}}, toy_.factors))), 1e-4);
  const auto again = make();
  again->load(*expert);
  EXPECT_LT(max_difference(logits(trainable->mix()), logits(again->mix())), 1e-4);
}

// Whatever of an expert the training would lose is refused.
TEST_P(Methods, AStartIsTakenWholeOrRefused) {
  const auto trainable = make();
  Expert expert;
  expert.name = "e";
  expert.base = toy_.factors.base_hash();
  trainable->store(expert);
  start_from(expert, false, toy_.factors, *trainable);
  const auto expect_refused = [&](const Expert& wrong, bool answer_only, const MethodOptions& options, const char* fragment) {
    const auto other = make_trainable(toy_.factors, options);
    test::expect_refused("'e'", fragment, [&] { start_from(wrong, answer_only, toy_.factors, *other); });
  };
  const MethodOptions same{.method = GetParam(), .rank = 4};
  MethodOptions fewer = same;
  fewer.matrices = "mlp";
  expect_refused(expert, false, fewer, "--matrices");
  fewer = same;
  fewer.first_layer = 1;
  expect_refused(expert, false, fewer, "--layers");
  expect_refused(expert, true, same, "--scope");
  Expert wrong = expert;
  wrong.record["scope"] = "answer";
  expect_refused(wrong, false, same, "--scope");
  wrong = expert;
  wrong.base = std::string(64, 'b');
  expect_refused(wrong, false, same, "made for base");
  wrong = expert;
  const std::string matrix = toy_.model->matrices()[0].name;
  if (expert.z.empty()) {
    wrong.z[matrix] = std::vector<float>(static_cast<std::size_t>(toy_.factors.rank(matrix)), 1.5F);
  } else {
    wrong.xs[matrix] = {1, 1, {1}};
  }
  expect_refused(wrong, false, same, "--method");
}

TEST_P(Methods, EveryParameterGetsAGradient) {
  const auto trainable = make();
  at::manual_seed(2);
  for (auto& [name, value] : trainable->parameters()) value.set_data(value.detach() + 0.05 * at::randn_like(value));
  Context context(KvCache(toy_.model->decoder().kv_shape(), 1, 4), trainable->mix());
  const at::Tensor ids = at::tensor({5, 6, 7, 8}, at::kLong).unsqueeze(0);
  toy_.model->decoder().forward(toy_.model->decoder().embed(ids), {}, context).square().sum().backward();
  for (const auto& [name, value] : trainable->parameters()) {
    ASSERT_TRUE(value.grad().defined()) << name;
    EXPECT_GT(value.grad().abs().sum().item<double>(), 0) << name;
  }
}

INSTANTIATE_TEST_SUITE_P(All, Methods, testing::Values("svf", "svf-topk", "lora-xs", "lora"), [](const auto& chosen) {
  std::string name = chosen.param;
  std::erase(name, '-');
  return name;
});

TEST(Svf, TrustBoundsTheChangeOfEveryMatrix) {
  ToyModel toy;
  const auto trainable = make_trainable(toy.factors, {.trust = 0.05});
  for (auto& [name, value] : trainable->parameters()) value.set_data(at::ones_like(value));
  trainable->project();
  for (const auto& [name, value] : trainable->parameters()) {
    const at::Tensor s = toy.factors.get(name.substr(2))->s;
    EXPECT_NEAR((s * value.detach()).norm().item<double>(), 0.05 * s.norm().item<double>(), 1e-5);
  }
}

TEST(Svf, TheLeadingOnesStartFromAnExpertOfThemAlone) {
  ToyModel toy;
  const auto all = make_trainable(toy.factors, {}), leading = make_trainable(toy.factors, {.method = "svf-topk", .rank = 4});
  Expert expert;
  expert.name = "e";
  expert.base = toy.factors.base_hash();
  for (auto& [name, value] : leading->parameters()) value.set_data(value.detach() + 0.25);
  leading->store(expert);
  const auto again = make_trainable(toy.factors, {.method = "svf-topk", .rank = 5});
  for (Trainable* one : {all.get(), again.get()}) {
    start_from(expert, false, toy.factors, *one);
    Expert stored;
    one->store(stored);
    EXPECT_EQ(stored.z, expert.z);
  }
  const auto fewer = make_trainable(toy.factors, {.method = "svf-topk", .rank = 3});
  test::expect_refused("'e'", "--rank", [&] { start_from(expert, false, toy.factors, *fewer); });
}

TEST(Selection, ByKindAndLayer) {
  ToyModel toy;
  const AdaptableMatrices& matrices = toy.model->matrices();
  const auto names = [&](const MethodOptions& options) {
    std::vector<std::string> out;
    for (const std::size_t slot : selected_slots(*toy.model, options)) out.push_back(matrices[slot].name);
    return out;
  };
  EXPECT_EQ(names({}).size(), matrices.size());
  EXPECT_EQ(names({.matrices = "attention"}).size() + names({.matrices = "mlp"}).size(), matrices.size());
  EXPECT_EQ(names({.matrices = "q_proj", .first_layer = 1}).front(), "model.layers.1.self_attn.q_proj");
  EXPECT_EQ(names({.matrices = "language"}).size(), matrices.size());
  EXPECT_THROW(names({.matrices = "vision"}), InputError);
  EXPECT_THROW(names({.matrices = "nothing"}), InputError);
  EXPECT_THROW(names({.first_layer = 99}), InputError);
  EXPECT_THROW(make_trainable(toy.factors, {.method = "dora"}), InputError);
  EXPECT_THROW(make_trainable(toy.factors, {.method = "lora", .rank = 0}), InputError);
}

}  // namespace
}  // namespace zlens
