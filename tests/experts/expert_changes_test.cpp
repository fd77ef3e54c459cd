#include "experts/expert_changes.h"

#include <gtest/gtest.h>

#include "experts/delta_weight.h"
#include "experts/random_expert.h"
#include "io/support.h"

namespace zlens {
namespace {

TEST(MatrixPlace, SplitsNames) {
  const MatrixPlace place = place_of("model.layers.12.self_attn.q_proj");
  EXPECT_EQ(place.kind, "self_attn.q_proj");
  EXPECT_EQ(place.layer, 12);
  for (const char* name : {"lm_head", "model.layers.x.q", "model.layers.3", "layers..q", "model.layers.99999999.q"}) {
    EXPECT_EQ(place_of(name).kind, name);
    EXPECT_EQ(place_of(name).layer, -1);
  }
}

class Changes : public testing::Test {
 protected:
  // ‖W' - W‖ and ‖W‖ of each matrix from dense matrices.
  void expect_dense_norms(const Expert& expert) {
    std::size_t checked = 0;
    for (const MatrixChange& change : changes_of(expert, &base_.factors)) {
      const Factors factors = base_.factors.exact(change.name);
      const double whole = at::matmul(factors.u * factors.s, factors.vt).norm().item<double>();
      const double norm = delta_weight(expert, change.name, factors).norm().item<double>();
      EXPECT_NEAR(change.norm, norm, 1e-4 * norm) << change.name;
      ASSERT_TRUE(change.relative);
      EXPECT_NEAR(*change.relative, norm / whole, 1e-4 * norm / whole) << change.name;
      ++checked;
    }
    EXPECT_EQ(checked, base_.model->matrices().size());
  }

  TinyBase base_;
};

TEST_F(Changes, NormsAreThoseOfTheDenseChange) {
  expect_dense_norms(random_expert(base_.factors, 0.1F, 1));
  expect_dense_norms(random_expert(base_.factors, 0.1F, 2, /*low_rank=*/true));
  Expert both = random_expert(base_.factors, 0.1F, 3, /*low_rank=*/true);
  both.z = random_expert(base_.factors, 0.1F, 4).z;
  expect_dense_norms(both);
}

TEST_F(Changes, WithoutTheBaseTheFileAlone) {
  Expert expert = random_expert(base_.factors, 0.1F, 1);
  expert.z["model.layers.0.self_attn.q_proj"] = {1.5F, 1, 1, 0, 1};
  for (const MatrixChange& change : changes_of(expert, nullptr)) {
    EXPECT_FALSE(change.relative);
    if (change.name != "model.layers.0.self_attn.q_proj") continue;
    EXPECT_NEAR(change.norm, std::sqrt(1.25), 1e-6);
    EXPECT_EQ(change.largest_shift, 1.0);
    EXPECT_EQ(change.profile, (std::vector<float>{0.5F, 0, 0, 1, 0}));
    EXPECT_EQ(change.parameters, 5);
  }
  const Expert low_rank = random_expert(base_.factors, 0.1F, 2, /*low_rank=*/true);
  const auto alone = changes_of(low_rank, nullptr), known = changes_of(low_rank, &base_.factors);
  for (std::size_t i = 0; i < alone.size(); ++i) EXPECT_NEAR(alone[i].norm, known[i].norm, 1e-4 * known[i].norm) << alone[i].name;
}

TEST_F(Changes, OrderIsThatOfTheDecoder) {
  std::vector<std::string> names;
  for (const MatrixChange& change : changes_of(random_expert(base_.factors, 0.1F, 1), nullptr)) names.push_back(change.name);
  ASSERT_GT(names.size(), 7U);
  EXPECT_EQ(std::vector<std::string>(names.begin(), names.begin() + 8),
            (std::vector<std::string>{"model.layers.0.self_attn.q_proj", "model.layers.0.self_attn.k_proj",
                                      "model.layers.0.self_attn.v_proj", "model.layers.0.self_attn.o_proj",
                                      "model.layers.0.mlp.gate_proj", "model.layers.0.mlp.up_proj", "model.layers.0.mlp.down_proj",
                                      "model.layers.1.self_attn.q_proj"}));
}

TEST_F(Changes, WhatDoesNotFitIsRefused) {
  const auto refused = [&](const char* fragment, const std::function<void(Expert&)>& change) {
    Expert z = random_expert(base_.factors, 0.1F, 1), low = random_expert(base_.factors, 0.1F, 2, /*low_rank=*/true);
    z.lora_a = low.lora_a, z.lora_b = low.lora_b, z.xs = low.xs;
    change(z);
    test::expect_refused("", fragment, [&] { check_fits(z, base_.factors); });
    test::expect_refused("", fragment, [&] { changes_of(z, &base_.factors); });
  };
  const std::string q = "model.layers.0.self_attn.q_proj", up = "model.layers.0.mlp.up_proj";
  refused(base_.factors.base_hash().c_str(), [](Expert& e) { e.base = std::string(64, 'f'); });
  refused("values of z", [&](Expert& e) { e.z[q].pop_back(); });
  refused("no adaptable matrix", [](Expert& e) { e.z["model.layers.99.self_attn.q_proj"] = {1}; });
  refused("no adaptable matrix", [](Expert& e) { e.xs["x"] = {1, 1, {1}}; });
  refused("no adaptable matrix", [](Expert& e) { e.lora_a["x"] = e.lora_b["x"] = {1, 1, {1}}; });
  refused("columns of lora_a", [&](Expert& e) { e.lora_a[up] = random_matrix(3, 5, 1); });
  refused("rows of lora_b", [&](Expert& e) { e.lora_b[up] = random_matrix(5, 3, 1); });
  refused("rows of xs", [&](Expert& e) { e.xs[q] = random_matrix(1000, 1000, 1); });
}

}  // namespace
}  // namespace zlens
