// Experts through Linear: exactness of "off", the delta form against a dense W', threads that share one model.
#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include <thread>

#include "experts/expert_fixture.h"
#include "io/error.h"
#include "support/checkpoint.h"

namespace zlens {
namespace {

class Delta : public ExpertFixture {};

TEST_F(Delta, FactorsMultiplyBackToTheMatrix) {
  for (const AdaptableMatrix& matrix : model_->matrices()) {
    const auto factors = factors_.get(matrix.name);
    const at::Tensor product = at::matmul(factors->u * factors->s, factors->vt);
    EXPECT_LE((product - matrix.weight).norm().item<double>(), 1e-5 * matrix.weight.norm().item<double>()) << matrix.name;
  }
}

TEST_F(Delta, NoExpertAndAllOnesAreBitIdenticalToTheBase) {
  const at::Tensor base = logits(nullptr);
  EXPECT_TRUE(at::equal(base, logits(resolve({}, factors_))));
  EXPECT_TRUE(at::equal(base, logits(resolve({{expert(0, 1), 1.0}}, factors_))));
  EXPECT_TRUE(at::equal(base, logits(resolve({{expert(0.2F, 1), 0.0}}, factors_)))) << "weight 0";
  EXPECT_FALSE(at::equal(base, logits(resolve({{expert(0.2F, 1), 1.0}}, factors_))));
}

TEST_F(Delta, AnActiveScaleOfZeroLeavesTheBaseBits) {
  auto mix = std::make_shared<ActiveMix>(*resolve({{expert(0.2F, 1), 1.0}}, factors_));
  for (auto& slot : mix->slots) slot->scale = at::zeros_like(slot->scale);  // z = 1, through the whole delta arithmetic
  EXPECT_TRUE(at::equal(logits(nullptr), logits(mix)));
}

TEST_F(Delta, EqualsADenselyRebuiltModel) {
  const auto active = expert(0.1F, 2);
  TemporaryFolder rebuilt;
  const auto changed = load_model_fixture("llama3", rebuilt.path(), [&](const std::string& name, const at::Tensor& weight) {
    const auto z = active->z.find(name);
    if (z == active->z.end()) return weight;
    const auto factors = factors_.get(name);
    return at::matmul(factors->u * (factors->s * at::tensor(at::ArrayRef<float>(z->second))), factors->vt).contiguous();
  });
  const at::Tensor expected = prompt_logits(changed->decoder(), {.ids = ids_}, nullptr);
  EXPECT_LT(max_difference(logits(resolve({{active, 1.0}}, factors_)), expected), 1e-4);
}

TEST_F(Delta, RowsOfABatchMayHaveDifferentExperts) {
  const std::vector<std::shared_ptr<const ActiveMix>> single = {resolve({{expert(0.2F, 1), 1.0}}, factors_),
                                                                resolve({{expert(0.2F, 2), 1.0}}, factors_),
                                                                resolve({{expert(0.2F, 3), 0.5}}, factors_)};
  auto joined = std::make_shared<ActiveMix>(*single[0]);
  for (std::size_t slot = 0; slot < joined->slots.size(); ++slot)
    joined->slots[slot]->scale =
        at::cat({single[0]->slots[slot]->scale, single[1]->slots[slot]->scale, single[2]->slots[slot]->scale}, 0);
  Caches caches;
  const std::vector<TokenPrompt> prompts = {{.ids = {5, 6, 7, 8}}, {.ids = {9}}, {.ids = {1, 2}}};
  const auto together = generate(model_->decoder(), prompts, {.max_new_tokens = 12}, joined, caches);
  for (std::size_t row = 0; row < 3; ++row)
    EXPECT_EQ(together[row].ids,
              generate(model_->decoder(), std::span(&prompts[row], 1), {.max_new_tokens = 12}, single[row], caches).front().ids);
}

TEST_F(Delta, PrefixesAreNotSharedBetweenExperts) {
  Caches caches;
  const std::vector<TokenPrompt> prompt = {{.ids = std::vector<std::int32_t>(40, 7), .shared_prefixes = {30}}};
  const auto one = resolve({{expert(0.3F, 1), 1.0}}, factors_), two = resolve({{expert(0.3F, 2), 1.0}}, factors_);
  const auto run = [&](const auto& mix, Caches& with) {
    return generate(model_->decoder(), prompt, {.max_new_tokens = 8}, mix, with).front();
  };
  run(one, caches);
  EXPECT_EQ(run(two, caches).reused_tokens, 0);
  Caches fresh;
  EXPECT_EQ(run(two, caches).logprobs, run(two, fresh).logprobs);
}

TEST_F(Delta, TwoThreadsWithTwoExpertsOnOneModel) {
  const auto one = resolve({{expert(0.3F, 1), 1.0}}, factors_), two = resolve({{expert(0.3F, 2), 1.0}}, factors_);
  Caches caches;
  const auto answer = [&](const auto& mix) {
    const std::vector<TokenPrompt> prompt = {{.ids = {5, 6, 7, 8, 9}}};
    return generate(model_->decoder(), prompt, {.max_new_tokens = 24}, mix, caches).front().ids;
  };
  const auto expected_one = answer(one), expected_two = answer(two);
  ASSERT_NE(expected_one, expected_two);
  int wrong_one = 0, wrong_two = 0;
  std::thread other([&] {
    for (int i = 0; i < 10; ++i) wrong_two += answer(two) != expected_two;
  });
  for (int i = 0; i < 10; ++i) wrong_one += answer(one) != expected_one;
  other.join();
  EXPECT_EQ(wrong_one, 0);
  EXPECT_EQ(wrong_two, 0);
}

TEST_F(Delta, WrongBaseWrongLengthAndUnknownMatrixAreRefused) {
  auto bad = std::make_shared<Expert>(*expert(0.1F, 1));
  bad->base = std::string(64, '0');
  EXPECT_THROW(resolve({{bad, 1.0}}, factors_), InputError);
  bad = std::make_shared<Expert>(*expert(0.1F, 1));
  bad->z.begin()->second.pop_back();
  EXPECT_THROW(resolve({{bad, 1.0}}, factors_), InputError);
  bad = std::make_shared<Expert>(*expert(0.1F, 1));
  bad->z["model.layers.99.self_attn.q_proj"] = {1};
  EXPECT_THROW(resolve({{bad, 1.0}}, factors_), InputError);
}

TEST_F(Delta, BaseHashFollowsTheWeightsNotTheFile) {
  EXPECT_EQ(hash_.size(), 64U);
  const TemporaryFolder copy, changed;
  EXPECT_EQ(base_hash(*load_model_fixture("llama3", copy.path()), copy / "cache"), hash_);
  const auto other = load_model_fixture("llama3", changed.path(), [](const std::string& name, const at::Tensor& weight) {
    return name == "model.layers.0.mlp.up_proj" ? weight + 1e-3 : weight;
  });
  EXPECT_NE(base_hash(*other, changed / "cache"), hash_);
  EXPECT_EQ(base_hash(*model_, folder_ / "cache"), hash_) << "from the cache";
}

TEST_F(Delta, DamagedCachedFactorsAreComputedAgain) {
  const std::string name = model_->matrices().front().name;
  const auto expected = factors_.get(name);
  const auto path = folder_ / "cache" / hash_ / (name + ".safetensors");
  ASSERT_TRUE(std::filesystem::exists(path));
  for (const std::uintmax_t cut : {std::uintmax_t{0}, std::filesystem::file_size(path) / 2}) {
    std::filesystem::resize_file(path, cut);
    FactorStore fresh(model_, hash_, folder_ / "cache");
    EXPECT_TRUE(at::equal(fresh.get(name)->s, expected->s));
  }
}

}  // namespace
}  // namespace zlens
