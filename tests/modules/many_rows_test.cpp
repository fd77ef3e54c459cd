// The product of many rows against ATen in double, and what a row's result may not depend on.
#include "modules/many_rows.h"

#include <ATen/ATen.h>
#include <ATen/Parallel.h>
#include <gtest/gtest.h>

#include <array>
#include <cmath>

#include "modules/bf16_tile.h"
#include "modules/few_rows.h"
#include "modules/kernels.h"
#include "modules/linear.h"

namespace zlens {
namespace {

using kernels::many_rows_linear;
using kernels::Matrix;

at::Tensor random(at::IntArrayRef shape) {
  return at::randn(shape).to(at::kBFloat16);
}

at::Tensor run(const at::Tensor& x, const Matrix& matrix) {
  return many_rows_linear(x, {&matrix, 1}).front();
}

// Half a unit in the last of bfloat16's 8 bits, and what a float sum of `width` products may be off.
bool near(const at::Tensor& out, const at::Tensor& x, const Matrix& matrix) {
  const at::Tensor bias = matrix.bias.defined() ? matrix.bias.to(at::kDouble) : at::Tensor();
  const at::Tensor expected = at::linear(x.to(at::kDouble), matrix.weight.to(at::kDouble), bias);
  const double slack = 1e-5 * std::sqrt(static_cast<double>(x.size(-1)));
  return out.sizes() == expected.sizes() &&
         (out.to(at::kDouble) - expected).abs().le(expected.abs() / 256 + slack).all().item<bool>();
}

class ManyRows : public testing::Test {
 protected:
  void SetUp() override {
    at::manual_seed(11);
    if (!kernels::many_rows_usable(random({64, 4}), {random({4, 4}), {}})) GTEST_SKIP() << "this processor has no AVX-512 BF16";
  }
};

TEST_F(ManyRows, EqualsTheGeneralProduct) {
  for (const std::int64_t rows : {17, 18, 19, 20, 21, 22, 64, 131})
    for (const auto& [outputs, width] : std::vector<std::pair<std::int64_t, std::int64_t>>{
             {1, 1}, {1, 64}, {7, 33}, {16, 2}, {63, 31}, {65, 64}, {130, 97}, {192, 576}, {100, 1536}, {70, 2048}, {70, 4101}})
      for (const bool biased : {false, true}) {
        const at::Tensor x = random({rows, width});
        const Matrix matrix{random({outputs, width}), biased ? random({outputs}) : at::Tensor()};
        EXPECT_TRUE(near(run(x, matrix), x, matrix)) << rows << " x " << width << " -> " << outputs << (biased ? " biased" : "");
      }
}

#if defined(__x86_64__)
template <typename T>
ZLENS_BF16_TARGET at::Tensor tile_of(const T* left, const at::Tensor& weight) {
  using namespace kernels;
  const std::int64_t width = weight.size(1);
  AlignedArray<T> block((width + 1) / 2 * 2 * kTileColumns);
  for (std::int64_t c = 0; c < kTileRegisters; ++c)
    pack_rows(static_cast<const Bf16*>(weight.const_data_ptr()) + 16 * c * width, 16, width, width,
              columns_from(block.data(), 16 * c));
  Tile<kTileRows> sums;
  clear<kTileRows>(sums);
  multiply<kTileRows>(sums, left, width, block.data(), width);
  at::Tensor out = at::empty({kTileRows, kTileColumns});
  for (std::int64_t r = 0; r < kTileRows; ++r)
    for (std::int64_t c = 0; c < kTileRegisters; ++c)
      _mm512_storeu_ps(out.mutable_data_ptr<float>() + r * kTileColumns + 16 * c, sums[r][c]);
  return out;
}

// Which of the two a processor uses is its own matter (processor_prefers_floats): both must be right on all.
TEST_F(ManyRows, ATileOfPairsAndOneOfFloatsAreTheSameSums) {
  const at::Tensor x = random({kernels::kTileRows, 96}), weight = random({kernels::kTileColumns, 96}), wide = x.to(at::kFloat);
  const at::Tensor expected = at::linear(x.to(at::kDouble), weight.to(at::kDouble));
  for (const at::Tensor& sums :
       {tile_of(static_cast<const kernels::Bf16*>(x.const_data_ptr()), weight), tile_of(wide.const_data_ptr<float>(), weight)})
    EXPECT_LT((sums.to(at::kDouble) - expected).abs().max().item<double>(), 1e-4);
}
#endif

TEST_F(ManyRows, EachOfABatchHasAWeightOfItsOwn) {
  for (const auto& [rows, width, outputs] :
       std::vector<std::array<std::int64_t, 3>>{{1, 64, 5}, {50, 33, 70}, {13, 2070, 64}, {64, 7, 129}}) {
    const at::Tensor x = random({3, rows, width}), weights = random({3, outputs, width}), grad = random({3, rows, outputs});
    if (!kernels::many_rows_each_usable(x, weights)) GTEST_SKIP() << "this processor has no AVX-512 BF16";
    const auto expect_product = [](const at::Tensor& found, const at::Tensor& a, const at::Tensor& b) {
      const at::Tensor expected = at::bmm(a.to(at::kDouble), b.to(at::kDouble));
      ASSERT_EQ(found.sizes(), expected.sizes());
      EXPECT_LT((found.to(at::kDouble) - expected).norm().item<double>(), 3e-3 * expected.norm().item<double>());
    };
    expect_product(kernels::many_rows_each(x, weights), x, weights.transpose(1, 2));
    expect_product(kernels::many_rows_each_back(grad, weights), grad, weights);
  }
}

TEST_F(ManyRows, AnyLeadingShapeAndStrides) {
  const at::Tensor x = random({2, 25, 80}), columns = random({40, 30}).t();
  EXPECT_TRUE(near(run(x, {random({24, 80}).zero_().fill_(0.5), {}}), x, {at::full({24, 80}, 0.5, at::kBFloat16), {}}));
  const Matrix matrix{random({9, 40}), {}};
  EXPECT_TRUE(near(run(columns, matrix), columns, matrix));
}

TEST_F(ManyRows, AnotherRowsInfinityOrNanStaysThere) {
  for (const std::int64_t width : {33, 64}) {
    const Matrix matrix{random({70, width}), {}};
    const at::Tensor x = random({40, width}), expected = run(x, matrix);
    at::Tensor spoiled = x.clone();
    spoiled[20].fill_(INFINITY);
    spoiled[22].fill_(NAN);
    const at::Tensor out = run(spoiled, matrix);
    for (std::int64_t row = 0; row < 40; ++row) {
      EXPECT_EQ(at::equal(out[row], expected[row]), row != 20 && row != 22) << row << " of width " << width;
    }
    EXPECT_TRUE(out[22].isnan().all().item<bool>());
  }
}

TEST_F(ManyRows, ARowsResultDependsOnItAlone) {
  const Matrix matrix{random({130, 97}), random({130})};
  const at::Tensor x = random({200, 97}), all = run(x, matrix);
  for (const auto& [from, to] : std::vector<std::pair<std::int64_t, std::int64_t>>{{0, 17}, {1, 200}, {5, 96}, {150, 191}})
    EXPECT_TRUE(at::equal(run(x.slice(0, from, to), matrix), all.slice(0, from, to))) << from << " .. " << to;
  const at::Tensor order = at::randperm(200, at::kLong);
  EXPECT_TRUE(at::equal(run(x.index_select(0, order), matrix), all.index_select(0, order)));
}

TEST_F(ManyRows, TheNumberOfThreadsChangesNothing) {
  const Matrix matrix{random({200, 2150}), {}};
  const at::Tensor x = random({101, 2150});
  const int threads = at::get_num_threads();
  at::set_num_threads(1);
  const at::Tensor alone = run(x, matrix);
  for (const int count : {2, 3, 7}) {
    at::set_num_threads(count);
    EXPECT_TRUE(at::equal(run(x, matrix), alone)) << count;
  }
  at::set_num_threads(threads);
}

TEST_F(ManyRows, SeveralMatricesAtOnceEqualOneAfterAnother) {
  const std::vector<Matrix> matrices{{random({70, 50}), {}}, {random({3, 50}), random({3})}, {random({128, 50}), {}}};
  const at::Tensor x = random({4, 9, 50});
  const std::vector<at::Tensor> out = many_rows_linear(x, matrices);
  ASSERT_EQ(out.size(), matrices.size());
  for (std::size_t i = 0; i < out.size(); ++i) EXPECT_TRUE(at::equal(out[i], run(x, matrices[i]))) << i;
}

TEST_F(ManyRows, GatedEqualsTheProductsAndTheirSilu) {
  for (const std::int64_t outputs : {1, 17, 32, 50, 96})
    for (const bool biased : {false, true}) {
      const std::int64_t width = outputs == 50 ? 2100 : 75;
      const auto bias = [&] { return biased ? random({outputs}) : at::Tensor(); };
      const Matrix gate{random({outputs, width}), bias()}, up{random({outputs, width}), bias()};
      const at::Tensor x = random({2, 10, width}), expected = run(x, gate);
      kernels::silu_times(expected, run(x, up));
      EXPECT_TRUE(at::equal(kernels::many_rows_gated(x, gate, up), expected)) << outputs << (biased ? " biased" : "");
    }
}

// The gradient of x is what `near` says of the transposed weight.
TEST_F(ManyRows, BackEqualsTheProductWithTheTransposedWeight) {
  for (const std::int64_t rows : {17, 22, 131})
    for (const auto& [outputs, width] : std::vector<std::pair<std::int64_t, std::int64_t>>{
             {1, 1}, {64, 1}, {33, 7}, {2, 16}, {31, 63}, {64, 65}, {97, 130}, {576, 192}, {2048, 70}, {4101, 70}}) {
      const at::Tensor grad = random({rows, outputs}), weight = random({outputs, width});
      EXPECT_TRUE(near(kernels::many_rows_back(grad, weight), grad, {weight.t(), {}}))
          << rows << " x " << outputs << " -> " << width;
    }
}

TEST_F(ManyRows, AProductWithAFrozenMatrixHasTheGeneralGradient) {
  const at::Tensor weight = random({70, 96}), bias = random({70}), grad = random({2, 30, 70});
  const at::Tensor x = random({2, 30, 96}).requires_grad_(true);
  const at::Tensor out = product(x, weight, bias);
  EXPECT_TRUE(at::equal(out.detach(), run(x.detach(), {weight, bias})));
  out.backward(grad);
  EXPECT_TRUE(near(x.grad(), grad, {weight.t(), {}}));
}

TEST_F(ManyRows, NotForFewRowsOtherDtypesOrGradients) {
  const at::Tensor x = random({64, 8}), weight = random({4, 8});
  const auto usable = [](const at::Tensor& rows, const at::Tensor& matrix, const at::Tensor& bias = {}) {
    return kernels::many_rows_usable(rows, {matrix, bias});
  };
  EXPECT_TRUE(usable(x, weight));
  EXPECT_FALSE(usable(x.slice(0, 0, kernels::kFewRows), weight));
  EXPECT_FALSE(usable(x.to(at::kFloat), weight));
  EXPECT_FALSE(usable(x, random({8, 4}).t())) << "not contiguous";
  EXPECT_FALSE(usable(x.clone().requires_grad_(true), weight));
  EXPECT_FALSE(usable(x, weight.clone().requires_grad_(true)));
  EXPECT_FALSE(usable(x, weight, at::ones({4})));
}

TEST(Product, OfAWeightThatWantsAGradientIsDifferentiable) {
  for (const std::int64_t rows : {1, 64}) {
    const at::Tensor weight = random({4, 8}).requires_grad_(true);
    EXPECT_TRUE(product(random({rows, 8}), weight).requires_grad()) << rows;
  }
}

}  // namespace
}  // namespace zlens
