// The fused kernel for few rows against arithmetic in double; a scale of 0 leaves the base's bits; rows do not see each other.
#include "modules/spectral_rows.h"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include <cmath>

#include "modules/few_rows.h"

namespace zlens {
namespace {

at::Tensor random(at::IntArrayRef shape) {
  return at::randn(shape).to(at::kBFloat16);
}

struct Case {
  std::int64_t batch, tokens, outputs, rank, width;
  bool one_scale, weight, bias;
};

kernels::SpectralRows inputs(const Case& c) {
  at::manual_seed(11);
  kernels::SpectralRows in{random({c.batch, c.tokens, c.width}), random({c.rank, c.width}),
                           0.1 * at::randn({c.one_scale ? 1 : c.batch, c.rank + 5}).slice(1, 2, c.rank + 2),  // rows apart
                           random({c.outputs, c.rank})};
  if (c.weight) in.weight = random({c.outputs, c.width});
  if (c.bias) in.bias = random({c.outputs});
  return in;
}

class SpectralRows : public testing::TestWithParam<Case> {
 protected:
  SpectralRows() : in_(inputs(GetParam())) {}
  void SetUp() override {
    if (!kernels::few_rows_usable(in_.x, in_.vt)) GTEST_SKIP() << "this processor has no AVX-512 BF16";
    ASSERT_TRUE(kernels::spectral_rows_usable(in_));
  }
  kernels::SpectralRows in_;
};

TEST_P(SpectralRows, EqualsTheChainOfProducts) {
  const auto wide = [](const at::Tensor& x) { return x.to(at::kDouble); };
  const at::Tensor projected = at::linear(wide(in_.x), wide(in_.vt)) * wide(in_.scale).unsqueeze(1);
  at::Tensor expected = at::linear(projected, wide(in_.u));
  if (in_.weight.defined()) expected = expected + at::linear(wide(in_.x), wide(in_.weight));
  if (in_.bias.defined()) expected = expected + wide(in_.bias);
  const at::Tensor out = kernels::spectral_rows(in_);
  ASSERT_EQ(out.sizes(), expected.sizes());
  const double size = std::sqrt(static_cast<double>(in_.vt.size(0) * in_.vt.size(1)));
  EXPECT_TRUE((wide(out) - expected).abs().le(expected.abs() * 0.01 + 0.002 * size).all().item<bool>());
}

TEST_P(SpectralRows, EveryRowIsAsIfAlone) {
  const at::Tensor together = kernels::spectral_rows(in_);
  for (std::int64_t row = 0; row < in_.x.size(0); ++row) {
    kernels::SpectralRows alone = in_;
    alone.x = in_.x.slice(0, row, row + 1);
    if (in_.scale.size(0) > 1) alone.scale = in_.scale.slice(0, row, row + 1);
    EXPECT_TRUE(at::equal(kernels::spectral_rows(alone)[0], together[row]));
  }
}

TEST_P(SpectralRows, AScaleOfZeroLeavesTheBits) {
  if (!in_.weight.defined()) in_.weight = random({in_.u.size(0), in_.x.size(2)});
  in_.scale = at::zeros_like(in_.scale);
  EXPECT_TRUE(at::equal(kernels::spectral_rows(in_), kernels::few_rows_linear(in_.x, in_.weight, in_.bias)));
}

INSTANTIATE_TEST_SUITE_P(Cases, SpectralRows,
                         testing::Values(Case{8, 1, 576, 576, 576, false, false, false},
                                         Case{8, 1, 192, 192, 576, false, true, false}, Case{1, 1, 96, 64, 64, true, true, true},
                                         Case{3, 5, 65, 33, 70, false, true, true}, Case{2, 8, 7, 5, 9, false, false, true},
                                         Case{4, 4, 48, 3, 50, true, true, false}));

TEST(SpectralRowsUsable, NotWhereAGradientIsWanted) {
  kernels::SpectralRows in = inputs({2, 1, 8, 8, 8, false, true, false});
  in.scale = in.scale.clone().requires_grad_(true);
  EXPECT_FALSE(kernels::spectral_rows_usable(in));
}

}  // namespace
}  // namespace zlens
