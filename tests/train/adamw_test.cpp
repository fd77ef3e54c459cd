#include "train/adamw.h"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include <cmath>

namespace zlens {
namespace {

TEST(AdamW, FollowsThePublishedFormula) {
  std::map<std::string, at::Tensor> parameters = {{"w", at::tensor({1.0F, -2.0F}).requires_grad_()}};
  AdamW optimizer(parameters, {.weight_decay = 0.1});
  double w[2] = {1, -2}, m[2] = {0, 0}, v[2] = {0, 0};
  for (int step = 1; step <= 3; ++step) {
    (parameters["w"].square().sum() * 1.5).backward();
    optimizer.step(0.01);
    for (int i = 0; i < 2; ++i) {
      const double g = 3 * w[i];
      m[i] = 0.9 * m[i] + 0.1 * g;
      v[i] = 0.999 * v[i] + 0.001 * g * g;
      w[i] *= 1 - 0.01 * 0.1;
      w[i] -= 0.01 * (m[i] / (1 - std::pow(0.9, step))) / (std::sqrt(v[i] / (1 - std::pow(0.999, step))) + 1e-8);
      EXPECT_NEAR(parameters["w"][i].item<double>(), w[i], 1e-6);
    }
  }
}

TEST(AdamW, ClipsTheNormOfAllGradientsTogether) {
  std::map<std::string, at::Tensor> parameters = {{"a", at::zeros({1}).requires_grad_()}, {"b", at::zeros({1}).requires_grad_()}};
  AdamW optimizer(parameters, {.clip_norm = 1});
  (3 * parameters["a"] + 4 * parameters["b"]).sum().backward();
  EXPECT_NEAR(optimizer.step(0.1), 5, 1e-6);
  EXPECT_NEAR(optimizer.moments().at("m/a").item<double>(), 0.1 * 3 / 5, 1e-6);
  EXPECT_FALSE(parameters["a"].grad().defined());
}

TEST(AdamW, AGradientThatIsNotFiniteChangesNothing) {
  std::map<std::string, at::Tensor> parameters = {{"a", at::ones({2}).requires_grad_()}};
  AdamW optimizer(parameters, {});
  (parameters["a"] * at::tensor({1.0F, NAN})).sum().backward();
  EXPECT_FALSE(std::isfinite(optimizer.step(0.1)));
  EXPECT_TRUE(at::equal(parameters["a"].detach(), at::ones({2})));
  EXPECT_EQ(optimizer.steps(), 0);
}

}  // namespace
}  // namespace zlens
