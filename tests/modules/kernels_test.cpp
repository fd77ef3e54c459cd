// The fused loops against the same arithmetic in plain ATen, in float and bfloat16.
#include "modules/kernels.h"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include "modules/few_rows.h"
#include "modules/prompt_attention.h"
#include "support/checkpoint.h"

namespace zlens {
namespace {

struct Case {
  at::ScalarType dtype;
  double tolerance;
};

class Kernels : public testing::TestWithParam<Case> {
 protected:
  void SetUp() override { at::manual_seed(1); }
  at::Tensor random(at::IntArrayRef shape) const { return at::randn(shape).to(GetParam().dtype); }
};

TEST_P(Kernels, RmsNorm) {
  for (const std::int64_t width : {1, 7, 64, 576}) {
    const at::Tensor x = random({3, 5, width}), weight = random({width});
    const at::Tensor wide = x.to(at::kFloat);
    const at::Tensor expected = (wide * at::rsqrt(wide.pow(2).mean(-1, true) + 1e-5)).to(GetParam().dtype) * weight;
    EXPECT_LE(max_difference(kernels::rms_norm(x, weight, 1e-5), expected), GetParam().tolerance) << width;
  }
}

TEST_P(Kernels, AddRmsNormIsTheSumAndItsNorm) {
  const at::Tensor x = random({2, 70, 65}), delta = random({2, 70, 65}), weight = random({65});
  const kernels::AddedNorm out = kernels::add_rms_norm(x, delta, weight, 1e-5);
  EXPECT_TRUE(at::equal(out.sum, x + delta));
  EXPECT_TRUE(at::equal(out.normed, kernels::rms_norm(x + delta, weight, 1e-5)));
}

TEST_P(Kernels, SiluTimes) {
  const at::Tensor gate = random({3, 1001}) * 8, up = random({3, 1001});
  const at::Tensor expected = at::silu(gate) * up, out = gate.clone();
  kernels::silu_times(out, up);
  EXPECT_LE(max_difference(out, expected), GetParam().tolerance * 12) << "values up to about 100";
  const at::Tensor extremes = at::tensor({-1e4F, -100.0F, 0.0F, 100.0F, 1e4F}).to(GetParam().dtype);
  const at::Tensor extreme_out = extremes.clone();
  kernels::silu_times(extreme_out, at::ones_like(extremes));
  EXPECT_LE(max_difference(extreme_out, at::silu(extremes)), 1e-6);
}

TEST_P(Kernels, HeadsAreRotatedAndWrittenIntoTheCache) {
  const std::int64_t batch = 2, tokens = 3, heads = 4, kv_heads = 2, width = 8, capacity = 6;
  const at::Tensor q = random({batch, tokens, heads * width}), k = random({batch, tokens, kv_heads * width}),
                   v = random({batch, tokens, kv_heads * width});
  const at::Tensor angles = at::randn({batch, tokens, width / 2});
  const at::Tensor keys = at::zeros({batch, kv_heads, capacity, width}, q.options()), values = at::zeros_like(keys);
  const auto rotated = [&](const at::Tensor& x, std::int64_t count) {
    const at::Tensor y = x.to(at::kFloat).view({batch, tokens, count, width}).transpose(1, 2);
    const at::Tensor a = y.slice(3, 0, width / 2), b = y.slice(3, width / 2);
    const at::Tensor cos = angles.cos().unsqueeze(1), sin = angles.sin().unsqueeze(1);
    return at::cat({a * cos - b * sin, b * cos + a * sin}, 3);
  };
  const kernels::Rotation rotation{angles.cos(), angles.sin(), width};
  const at::Tensor query = kernels::rotate_heads(q, rotation);
  kernels::append(k, v, rotation, {keys, values, 2});
  EXPECT_LE(max_difference(query, rotated(q, heads)), GetParam().tolerance);
  EXPECT_LE(max_difference(keys.slice(2, 2, 5), rotated(k, kv_heads)), GetParam().tolerance);
  EXPECT_TRUE(at::equal(values.slice(2, 2, 5), v.view({batch, tokens, kv_heads, width}).transpose(1, 2)));
  EXPECT_EQ(keys.slice(2, 0, 2).abs().sum().item<float>(), 0) << "other slots stay";
  EXPECT_EQ(keys.slice(2, 5).abs().sum().item<float>(), 0);
}

TEST_P(Kernels, DecodeAttentionSkipsPaddingAndOldTokens) {
  const std::int64_t batch = 2, heads = 6, kv_heads = 2, width = 16, capacity = 40, length = 33;
  const at::Tensor q = random({batch, heads, 1, width}), keys = random({batch, kv_heads, capacity, width}),
                   values = random({batch, kv_heads, capacity, width});
  at::Tensor positions = at::full({batch, capacity}, -1, at::kInt);
  positions[0].slice(0, 0, length).copy_(at::arange(length, at::kInt));
  positions[1].slice(0, 9, length).copy_(at::arange(length - 9, at::kInt));
  for (const std::int64_t window : {0, 10}) {
    const at::Tensor own = positions.slice(1, length - 1, length);
    at::Tensor visible = positions.slice(1, 0, length).ge(0);
    if (window) visible = visible.logical_and(positions.slice(1, 0, length).gt(own - window));
    const at::Tensor k = keys.slice(2, 0, length).to(at::kFloat).repeat_interleave(heads / kv_heads, 1);
    const at::Tensor v = values.slice(2, 0, length).to(at::kFloat).repeat_interleave(heads / kv_heads, 1);
    const at::Tensor scores = at::matmul(q.to(at::kFloat), k.transpose(2, 3)) * 0.3;
    const at::Tensor weights = at::softmax(scores.masked_fill(visible.logical_not().unsqueeze(1).unsqueeze(1), -INFINITY), -1);
    const at::Tensor expected = at::matmul(weights, v).transpose(1, 2).flatten(2);
    EXPECT_LE(max_difference(kernels::decode_attention({q, keys, values, positions, length, window, 0.3}), expected),
              GetParam().tolerance);
  }
}

TEST_P(Kernels, MaskedSoftmaxSeesWhatPositionsAllow) {
  const std::int64_t batch = 2, heads = 3, tokens = 4, length = 21;
  const at::Tensor scores = random({batch, heads, tokens, length});
  at::Tensor slots = at::full({batch, length + 5}, -1, at::kInt), queries = at::full({batch, tokens}, -1, at::kLong);
  slots[0].slice(0, 0, length).copy_(at::arange(length, at::kInt));
  slots[1].slice(0, 6, length).copy_(at::arange(length - 6, at::kInt));
  queries[0].copy_(at::arange(length - tokens, length));
  queries[1].slice(0, 1).copy_(at::arange(length - 6 - 3, length - 6));  // its first query is padding
  for (const std::int64_t window : {0, 5}) {
    const at::Tensor q = queries.unsqueeze(2), k = slots.slice(1, 0, length).unsqueeze(1);
    at::Tensor visible = k.ge(0).logical_and(k.le(q));
    if (window) visible = visible.logical_and(k.gt(q - window));
    const at::Tensor masked = (scores.to(at::kFloat) * 0.7).masked_fill(visible.logical_not().unsqueeze(1), -INFINITY);
    const at::Tensor expected = at::softmax(masked, -1).nan_to_num(0);
    const at::Tensor weights = scores.clone();
    kernels::masked_softmax({weights, queries, slots, window, 0.7});
    EXPECT_LE(max_difference(weights, expected), GetParam().tolerance) << window;
  }
}

TEST(PromptAttention, EqualsTheDefinition) {
  at::manual_seed(5);
  for (const auto& [tokens, length, width] : std::vector<std::tuple<std::int64_t, std::int64_t, std::int64_t>>{
           {2, 2, 64}, {7, 7, 64}, {70, 70, 64}, {13, 200, 64}, {65, 65, 128}, {6, 64, 64}, {70, 131, 32}, {9, 9, 96}})
    for (const auto& [window, ordered] : {std::pair<std::int64_t, bool>{0, true}, {9, true}, {0, false}}) {
      const std::int64_t batch = 2, heads = 4, kv_heads = 2, capacity = length + 3,
                         padding = length > 100 ? 70 : std::min<std::int64_t>(5, length - 1);
      const auto random = [](at::IntArrayRef shape) { return at::randn(shape).to(at::kBFloat16); };
      const at::Tensor q = random({batch, heads, tokens, width}), k = random({batch, kv_heads, capacity, width}),
                       v = random({batch, kv_heads, capacity, width});
      if (!kernels::prompt_attention_usable(q)) GTEST_SKIP() << "this processor has no AVX-512 BF16";
      at::Tensor slots = at::full({batch, capacity}, -1, at::kInt);
      slots[0].slice(0, 0, length).copy_(at::arange(length, at::kInt));
      slots[1].slice(0, padding, length).copy_(at::arange(length - padding, at::kInt));
      const at::Tensor own = slots.slice(1, length - tokens, length), seen = slots.slice(1, 0, length);
      // Not ordered: each sees up to the last.
      const at::Tensor newest = ordered ? own : at::where(own.ge(0), own.amax(1, true), -1);
      at::Tensor visible = seen.unsqueeze(1).ge(0).logical_and(seen.unsqueeze(1).le(newest.unsqueeze(2)));
      if (window) visible = visible.logical_and(seen.unsqueeze(1).gt(own.unsqueeze(2) - window));
      const auto wide = [&](const at::Tensor& x) {
        return x.slice(2, 0, length).to(at::kFloat).repeat_interleave(heads / kv_heads, 1);
      };
      const at::Tensor scores = at::matmul(q.to(at::kFloat), wide(k).transpose(2, 3)) * 0.2;
      const at::Tensor weights = at::softmax(scores.masked_fill(visible.logical_not().unsqueeze(1), -INFINITY), -1).nan_to_num(0);
      const at::Tensor expected = at::matmul(weights, wide(v)).transpose(1, 2).flatten(2);
      const at::Tensor out =
          kernels::prompt_attention({q, k, v, newest.to(at::kLong).contiguous(), slots, length, window, 0.2, ordered});
      EXPECT_LE(max_difference(out, expected), 0.03) << tokens << " " << length << " " << window << " " << ordered;
    }
}

TEST(FewRows, EqualsTheGeneralProduct) {
  at::manual_seed(3);
  for (const std::int64_t rows : {1, 2, 3, 5, 8, 11, 16})
    for (const auto& [outputs, width] :
         std::vector<std::pair<std::int64_t, std::int64_t>>{{1, 1}, {7, 33}, {192, 576}, {576, 1536}, {65, 64}})
      for (const bool biased : {false, true}) {
        const at::Tensor x = at::randn({1, rows, width}).to(at::kBFloat16), weight = at::randn({outputs, width}).to(at::kBFloat16);
        const at::Tensor bias = biased ? at::randn({outputs}).to(at::kBFloat16) : at::Tensor();
        if (!kernels::few_rows_usable(x, weight)) GTEST_SKIP() << "this processor has no AVX-512 BF16";
        const at::Tensor wide_bias = biased ? bias.to(at::kDouble) : bias;
        const at::Tensor expected = at::linear(x.to(at::kDouble), weight.to(at::kDouble), wide_bias);
        const at::Tensor out = kernels::few_rows_linear(x, weight, bias);
        ASSERT_EQ(out.sizes(), expected.sizes());
        const at::Tensor bound = expected.abs() * 0.01 + 0.01 * std::sqrt(static_cast<double>(width));
        EXPECT_TRUE((out.to(at::kDouble) - expected).abs().le(bound).all().item<bool>()) << rows << " " << outputs << " " << width;
      }
}

TEST(FewRows, NotForManyRowsOrOtherDtypes) {
  const at::Tensor weight = at::ones({4, 8}, at::kBFloat16);
  EXPECT_FALSE(kernels::few_rows_usable(at::ones({17, 8}, at::kBFloat16), weight));
  EXPECT_FALSE(kernels::few_rows_usable(at::ones({1, 8}), weight));
  EXPECT_FALSE(kernels::few_rows_usable(at::ones({1, 8}, at::kBFloat16).requires_grad_(true), weight));
  const at::Tensor bias = at::zeros({weight.size(0)}, at::kBFloat16).requires_grad_(true);
  EXPECT_FALSE(kernels::few_rows_usable(at::ones({1, 8}, at::kBFloat16), weight, bias));
}

INSTANTIATE_TEST_SUITE_P(Dtypes, Kernels, testing::Values(Case{at::kFloat, 2e-6}, Case{at::kBFloat16, 0.04}),
                         [](const auto& given) { return given.param.dtype == at::kFloat ? "fp32" : "bf16"; });

TEST(KernelsUsable, NotWhereGradientsAreWanted) {
  EXPECT_TRUE(kernels::usable(at::ones({2})));
  EXPECT_FALSE(kernels::usable(at::ones({2}).requires_grad_(true)));
  EXPECT_FALSE(kernels::usable(at::ones({2}, at::kDouble)));
}

}  // namespace
}  // namespace zlens
