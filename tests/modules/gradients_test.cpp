#include "modules/gradients.h"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include <limits>
#include <vector>

#include "modules/rope.h"

namespace zlens {
namespace {

struct Results {
  at::Tensor value;
  std::vector<at::Tensor> gradients;
};

// The value of f(inputs) and the gradients of a weighted sum of it.
template <typename F>
Results run(const F& f, const std::vector<at::Tensor>& inputs) {
  std::vector<at::Tensor> leaves;
  for (const at::Tensor& input : inputs) leaves.push_back(input.detach().clone().requires_grad_());
  Results out{f(leaves), {}};
  at::manual_seed(5);
  const at::Tensor weights = at::randn(out.value.sizes()).to(out.value.scalar_type());
  (out.value * weights).sum().backward();
  out.value = out.value.detach();
  for (const at::Tensor& leaf : leaves) out.gradients.push_back(leaf.grad());
  return out;
}

void expect_near(const at::Tensor& a, const at::Tensor& b, double tolerance) {
  ASSERT_EQ(a.sizes(), b.sizes());
  ASSERT_EQ(a.scalar_type(), b.scalar_type());
  const double off = (a.to(at::kDouble) - b.to(at::kDouble)).norm().item<double>(), size = b.to(at::kDouble).norm().item<double>();
  EXPECT_LE(off, tolerance * size);
}

// f against its definition g: in float closely, in bfloat16 to that format's precision of g computed in float.
template <typename F, typename G>
void compare(const F& f, const G& g, std::vector<at::Tensor> inputs) {
  const Results exact = run(g, inputs);
  for (const auto dtype : {at::kFloat, at::kBFloat16}) {
    std::vector<at::Tensor> typed;
    for (const at::Tensor& input : inputs) typed.push_back(input.to(dtype));
    const Results found = run(f, typed);
    const double tolerance = dtype == at::kFloat ? 1e-5 : 1e-2;
    expect_near(found.value.to(at::kFloat), exact.value, tolerance);
    for (std::size_t i = 0; i < inputs.size(); ++i) expect_near(found.gradients[i].to(at::kFloat), exact.gradients[i], tolerance);
  }
}

TEST(Gradients, BatchesOfProductsFollowTheirDefinition) {
  at::manual_seed(3);
  compare([](const auto& in) { return kernels::bmm_transposed_differentiable(in[0], in[1]); },
          [](const auto& in) { return at::bmm(in[0], in[1].transpose(1, 2)); }, {at::randn({3, 41, 67}), at::randn({3, 70, 67})});
  compare([](const auto& in) { return kernels::bmm_differentiable(in[0], in[1]); },
          [](const auto& in) { return at::bmm(in[0], in[1]); }, {at::randn({2, 30, 65}), at::randn({2, 65, 32})});
}

TEST(Gradients, RmsNormFollowsItsDefinition) {
  at::manual_seed(1);
  const at::Tensor weight = at::randn({67});
  compare([&](const auto& in) { return kernels::rms_norm_differentiable(in[0], weight.to(in[0].scalar_type()), 1e-5); },
          [&](const auto& in) { return weight * in[0] * at::rsqrt(in[0].pow(2).mean(-1, true) + 1e-5); }, {at::randn({3, 41, 67})});
}

TEST(Gradients, WeightsOfANormThatIsTrainedGetTheirs) {
  at::manual_seed(6);
  compare([](const auto& in) { return kernels::rms_norm_differentiable(in[0], in[1], 1e-5); },
          [](const auto& in) { return in[1] * in[0] * at::rsqrt(in[0].pow(2).mean(-1, true) + 1e-5); },
          {at::randn({3, 41, 67}), at::randn({67})});
}

TEST(Gradients, GeluFollowsItsDefinition) {
  at::manual_seed(7);
  compare([](const auto& in) { return kernels::gelu_tanh_differentiable(in[0]); },
          [](const auto& in) { return at::gelu(in[0], "tanh"); }, {at::randn({2, 9, 133}) * 4});
  const at::Tensor far = kernels::gelu_tanh_differentiable(at::tensor({-100.0F, 0.0F, 100.0F}));
  EXPECT_TRUE(at::equal(far, at::tensor({-0.0F, 0.0F, 100.0F}))) << far;
}

TEST(Gradients, SoftmaxFollowsItsDefinition) {
  at::manual_seed(8);
  const at::Tensor x = at::randn({2, 3, 5, 37});
  at::Tensor mask = at::zeros({2, 1, 5, 37});
  mask.masked_fill_(at::rand({2, 1, 5, 37}).gt(0.7), -std::numeric_limits<double>::infinity());
  compare([&](const auto& in) { return kernels::softmax_differentiable(in[0], mask.to(in[0].scalar_type()), 0.4); },
          [&](const auto& in) { return at::softmax(in[0] * 0.4 + mask, -1); }, {x});
  compare([&](const auto& in) { return kernels::softmax_differentiable(in[0], {}, 1.5); },
          [&](const auto& in) { return at::softmax(in[0] * 1.5, -1); }, {x});
}

TEST(Gradients, SiluTimesFollowsItsDefinition) {
  at::manual_seed(2);
  compare([](const auto& in) { return kernels::silu_times_differentiable(in[0], in[1]); },
          [](const auto& in) { return at::silu(in[0]) * in[1]; }, {at::randn({2, 9, 133}) * 3, at::randn({2, 9, 133})});
}

TEST(Gradients, RotationFollowsItsDefinition) {
  at::manual_seed(3);
  const RopeAngles angles = Rope({}, 10).angles(at::randint(0, 500, {2, 7}, at::kLong));
  compare([&](const auto& in) { return kernels::rotate_heads_differentiable(in[0], angles, 10); },
          [&](const auto& in) {
            return rotate(in[0].unflatten(-1, {-1, 10}).transpose(1, 2), angles);
          },
          {at::randn({2, 7, 40})});
}

TEST(Gradients, ScaledRowsFollowTheirDefinition) {
  at::manual_seed(4);
  for (const std::int64_t sets : {1, 3}) {
    const at::Tensor x = at::randn({3, 21, 130}), scale = at::randn({sets, 130});
    const auto f = [](const std::vector<at::Tensor>& in) { return kernels::scale_rows(in[0], in[1].to(at::kFloat)); };
    const auto g = [](const std::vector<at::Tensor>& in) { return in[0] * in[1].unsqueeze(1); };
    compare(f, g, {x, scale});
    EXPECT_TRUE(at::equal(kernels::scale_rows(x, scale), g({x, scale}))) << "without a graph";
  }
}

TEST(Gradients, RowsThatLieApartInMemoryCountAsTheyAre) {
  at::manual_seed(6);
  const at::Tensor x = at::randn({2, 12, 5});
  const auto turned = [](const at::Tensor& y) { return y.transpose(1, 2); };  // [2, 5, 12], not contiguous
  compare([&](const auto& in) { return kernels::silu_times_differentiable(turned(in[0]), turned(in[1])); },
          [&](const auto& in) { return at::silu(turned(in[0])) * turned(in[1]); }, {x, at::randn({2, 12, 5})});
}

}  // namespace
}  // namespace zlens
