// The decomposition against ATen's in double, on easy, ill-conditioned and degenerate matrices.
#include "experts/svd.h"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <thread>

#include "io/error.h"

namespace zlens {
namespace {

// A matrix [m, n] whose singular values fall from 1 to 1 / condition.
at::Tensor conditioned(std::int64_t m, std::int64_t n, double condition) {
  at::manual_seed(7);
  const std::int64_t r = std::min(m, n);
  const at::Tensor u = std::get<0>(at::linalg_qr(at::randn({m, r}, at::kDouble)));
  const at::Tensor v = std::get<0>(at::linalg_qr(at::randn({n, r}, at::kDouble)));
  return at::matmul(u * at::logspace(0, -std::log10(condition), r, 10, at::kDouble), v.t()).to(at::kFloat);
}

void expect_exact(const at::Tensor& weight) {
  const Svd out = exact_svd(weight);
  const at::Tensor u = out.u.to(at::kDouble), s = out.s.to(at::kDouble), vt = out.vt.to(at::kDouble), w = weight.to(at::kDouble);
  const double norm = std::max(w.norm().item<double>(), 1e-30);
  EXPECT_LE((at::matmul(u * s, vt) - w).norm().item<double>(), kSvdTolerance * norm);
  const at::Tensor one = at::eye(s.size(0), at::kDouble);
  EXPECT_LE((at::matmul(u.t(), u) - one).abs().max().item<double>(), kSvdTolerance);
  EXPECT_LE((at::matmul(vt, vt.t()) - one).abs().max().item<double>(), kSvdTolerance);
  EXPECT_TRUE((s >= 0).all().item<bool>());
  const at::Tensor expected = at::linalg_svdvals(w);
  EXPECT_LE((s - expected).abs().max().item<double>(), 1e-6 * expected[0].item<double>() + 1e-30);
}

TEST(ExactSvd, EveryShape) {
  for (const auto& [m, n] : {std::pair{40, 24}, std::pair{24, 40}, std::pair{32, 32}, std::pair{1, 9}, std::pair{9, 1}})
    expect_exact(conditioned(m, n, 100));
}

TEST(ExactSvd, IllConditionedAndRankDeficient) {
  for (const double condition : {1e3, 1e5, 1e7, 1e12}) expect_exact(conditioned(48, 32, condition));
  expect_exact(at::zeros({6, 4}));
  expect_exact(at::ones({6, 9}));
  at::Tensor twins = at::eye(8);  // equal singular values
  twins[3].copy_(twins[2]);
  expect_exact(twins);
}

TEST(ExactSvd, MeasuresAreThoseOfTheWholeMatrices) {
  const at::Tensor weight = conditioned(60, 40, 100);
  Svd bad = exact_svd(weight);
  bad.u = bad.u + 1e-3 * at::randn(bad.u.sizes());
  bad.vt[3] = bad.vt[3] + 0.01 * bad.vt[4];
  measure(bad, weight);
  const double error = ((at::matmul(bad.u * bad.s, bad.vt) - weight).norm() / weight.norm()).item<double>();
  EXPECT_NEAR(bad.error / error, 1, 0.3);
  double worst = 0;
  for (const at::Tensor& gram : {at::matmul(bad.u.t(), bad.u), at::matmul(bad.vt, bad.vt.t())})
    worst = std::max(worst, (gram - at::eye(40)).norm(2, 1).max().item<double>());
  EXPECT_NEAR(bad.orthogonality / worst, 1, 0.5);
}

TEST(ExactSvd, SignsAreDefinite) {
  const at::Tensor weight = conditioned(24, 16, 50);
  const Svd out = exact_svd(weight), turned = exact_svd(-weight);
  const at::Tensor largest = out.vt.gather(1, out.vt.abs().argmax(1, true));
  EXPECT_TRUE((largest > 0).all().item<bool>());
  EXPECT_LT((out.vt - turned.vt).abs().max().item<double>(), 1e-5);
  EXPECT_LT((out.u + turned.u).abs().max().item<double>(), 1e-5);
}

TEST(ExactSvd, RefusesWhatIsNotFinite) {
  for (const float bad : {std::numeric_limits<float>::quiet_NaN(), std::numeric_limits<float>::infinity()}) {
    at::Tensor weight = at::ones({4, 3});
    weight[1][2] = bad;
    EXPECT_THROW(exact_svd(weight), Error);
  }
}

}  // namespace
}  // namespace zlens
