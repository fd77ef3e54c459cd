#include "experts/transfer.h"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "experts/mix.h"
#include "experts/random_expert.h"
#include "io/support.h"
#include "support/checkpoint.h"

namespace zlens {
namespace {

ChangeWeight noisy(double strength) {
  return [strength](const std::string& name, const at::Tensor& weight) {
    return name.find("layers") == std::string::npos ? weight : weight + strength * weight.std() * at::randn_like(weight);
  };
}

TEST(TransferExpert, SmallDriftKeepsTheEffect) {
  TinyBase from;
  at::manual_seed(3);
  TinyBase to("llama3", noisy(1e-4));
  ASSERT_NE(from.factors.base_hash(), to.factors.base_hash());
  const Expert expert = random_expert(from.factors, 0.1F, 7);
  const Transfer transfer = transfer_expert(expert, from.factors, to.factors);
  EXPECT_EQ(transfer.expert.base, to.factors.base_hash());
  EXPECT_EQ(transfer.expert.z, expert.z);
  EXPECT_GT(transfer.report.alignment, 0.98);
  EXPECT_LT(transfer.report.effect, 0.1);
  EXPECT_EQ(transfer.report.matrices.size(), expert.z.size());
  for (const MatrixDrift& one : transfer.report.matrices) {
    EXPECT_LT(one.spectrum, 1e-3) << one.name;
    EXPECT_LE(one.alignment, 1 + 1e-5) << one.name;
  }
  const std::vector<std::int32_t> ids = {3, 14, 15, 92};
  const auto logits = [&](TinyBase& base, const Expert& with) {
    return prompt_logits(base.model->decoder(), {.ids = ids}, resolve({{std::make_shared<Expert>(with), 1.0}}, base.factors));
  };
  EXPECT_LT(max_difference(logits(from, expert), logits(to, transfer.expert)), 0.1);
}

TEST(TransferExpert, StrangersAreToldApart) {
  TinyBase from;
  at::manual_seed(4);
  TinyBase to("llama3", [](const std::string& name, const at::Tensor& weight) {
    return name.find("layers") == std::string::npos ? weight : at::randn_like(weight) * weight.std();
  });
  const Transfer transfer = transfer_expert(random_expert(from.factors, 0.1F, 7), from.factors, to.factors);
  EXPECT_LT(transfer.report.alignment, 0.3);
  EXPECT_GT(transfer.report.effect, 0.9);
}

// Singular vectors are defined up to their signs; z is not.
TEST(TransferExpert, TheSameBaseAndSignsDoNotMatter) {
  TinyBase from;
  TinyBase to("llama3", [](const std::string& name, const at::Tensor& weight) {
    return name == "model.layers.0.mlp.up_proj" ? -weight : weight;
  });
  const Transfer transfer = transfer_expert(random_expert(from.factors, 0.1F, 7), from.factors, to.factors);
  EXPECT_NEAR(transfer.report.alignment, 1, 1e-4);
  for (const MatrixDrift& one : transfer.report.matrices) {
    EXPECT_NEAR(one.alignment, 1, 1e-3) << one.name;
    EXPECT_NEAR(one.effect, one.name == "model.layers.0.mlp.up_proj" ? 2 : 0, 1e-3) << one.name;
  }
}

// [M, N] with two singular values far above the others and, of the first right singular vector, two entries that are the largest
// but for a little: which of them makes the sign definite depends on `tilt`.
at::Tensor nearly_tied(at::IntArrayRef shape, double tilt) {
  at::manual_seed(5);
  const std::int64_t rank = std::min(shape[0], shape[1]);
  const at::Tensor u = std::get<0>(at::linalg_qr(at::randn({shape[0], rank}, at::kDouble)));
  at::Tensor columns = at::randn({shape[1], rank}, at::kDouble);
  columns.select(1, 0).zero_();
  columns[0][0] = 1 + tilt;
  columns[1][0] = tilt - 1;
  const at::Tensor v = std::get<0>(at::linalg_qr(columns));
  at::Tensor s = at::linspace(1, 0.5, rank, at::kDouble);
  s[0] = 8;
  s[1] = 4;
  return at::matmul(u * s, v.t()).to(at::kFloat);
}

// X stands between singular vectors: where a pair of them turns round, X must follow.
TEST(TransferExpert, LoraXsFollowsTheSignsOfSingularVectors) {
  const std::string matrix = "model.layers.0.self_attn.q_proj";
  const auto tilted = [&](double tilt) {
    return [=](const std::string& name, const at::Tensor& weight) {
      return name == matrix ? nearly_tied(weight.sizes(), tilt).to(weight.scalar_type()) : weight;
    };
  };
  TinyBase from("llama3", tilted(1e-3)), to("llama3", tilted(-1e-3));
  Expert expert;
  expert.name = "x";
  expert.base = from.factors.base_hash();
  expert.xs[matrix] = {2, 2, {1, 2, 3, 4}};
  expert.prototype = {2, 1, {0, 1}};
  const Factors a = from.factors.exact(matrix), b = to.factors.exact(matrix);
  ASSERT_LT((a.u.select(1, 0) * b.u.select(1, 0)).sum().item<double>(), -0.9) << "the first pair turns round";
  ASSERT_GT((a.u.select(1, 1) * b.u.select(1, 1)).sum().item<double>(), 0.9) << "the second does not";
  const Transfer transfer = transfer_expert(expert, from.factors, to.factors);
  EXPECT_EQ(transfer.expert.xs.at(matrix).values, (std::vector<float>{1, -2, -3, 4}));
  EXPECT_GT(transfer.report.alignment, 0.99);
  EXPECT_LT(transfer.report.effect, 0.02);
  EXPECT_EQ(transfer.expert.prototype.rows, 0) << "it tells how the old base reads prompts";
}

TEST(TransferExpert, LowRankPartsAndReport) {
  TinyBase from;
  at::manual_seed(3);
  TinyBase to("llama3", noisy(1e-4));
  const Transfer transfer = transfer_expert(random_expert(from.factors, 0.1F, 7, /*low_rank=*/true), from.factors, to.factors);
  for (const MatrixDrift& one : transfer.report.matrices)
    if (one.name.find("mlp") != std::string::npos) {
      EXPECT_EQ(one.effect, 0) << one.name << ": LoRA does not depend on the factors";
    } else {
      EXPECT_LT(one.effect, 0.1) << one.name << ": LoRA-XS is carried over";
    }
  const Json json = to_json(transfer.report);
  EXPECT_EQ(json["matrices"].size(), transfer.report.matrices.size());
  EXPECT_EQ(json["alignment"], transfer.report.alignment);
  EXPECT_TRUE(transfer.expert.record.contains("transferred"));
}

TEST(TransferExpert, OtherShapesAndOtherBasesAreRefused) {
  TinyBase from;
  TinyBase other("qwen3");
  const Expert expert = random_expert(from.factors, 0.1F, 7);
  EXPECT_THROW(transfer_expert(expert, from.factors, other.factors), InputError);
  test::expect_refused(expert.name, "made for base", [&] { transfer_expert(expert, other.factors, from.factors); });
}

}  // namespace
}  // namespace zlens
