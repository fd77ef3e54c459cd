#include "modules/norm.h"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include <vector>

#include "modules/context.h"
#include "modules/mlp.h"
#include "modules/state_dict.h"

namespace zlens {
namespace {

// Holds these tensors, in this dtype.
StateDict state_of(const std::map<std::string, at::Tensor>& tensors, at::ScalarType dtype) {
  StateDict out("test", dtype);
  for (const auto& [name, tensor] : tensors)
    out.add(name, tensor.sizes().vec(), [tensor = tensor](at::ScalarType wanted) { return tensor.to(wanted); });
  return out;
}

TEST(UnitOffsetNorm, IsScaledInFloatAndRoundedOnce) {
  at::manual_seed(1);
  const at::Tensor weight = 0.3 * at::randn({67});
  for (const auto dtype : {at::kFloat, at::kBFloat16, at::kHalf}) {
    StateDict weights = state_of({{"norm.weight", weight}}, dtype);
    const RmsNorm norm(weights, "norm", 67, {.eps = 1e-6, .unit_offset = true});
    const at::Tensor x = (3 * at::randn({2, 5, 67})).to(dtype), delta = at::randn({2, 5, 67}).to(dtype);
    const auto expected = [&](const at::Tensor& in) {
      const at::Tensor wide = in.to(at::kDouble);
      return wide * at::rsqrt(wide.pow(2).mean(-1, true) + 1e-6) * (1 + weight.to(dtype).to(at::kDouble));
    };
    const kernels::AddedNorm added = norm.forward(x, delta);
    EXPECT_TRUE(at::equal(added.sum, x + delta));
    for (const auto& [found, wanted] : {std::pair{norm.forward(x), expected(x)}, std::pair{added.normed, expected(added.sum)}}) {
      ASSERT_EQ(found.scalar_type(), dtype);
      // Half a unit in the last place: two roundings would exceed it.
      const double half_unit = dtype == at::kFloat ? 4e-7 : dtype == at::kHalf ? 4.9e-4 : 3.92e-3;
      EXPECT_TRUE((found.to(at::kDouble) - wanted).abs().le(half_unit * wanted.abs() + 1e-6).all().item<bool>()) << dtype;
    }
  }
}

TEST(RmsNorm, AWeightThatWantsAGradientGetsItWhereTheInputWantsNone) {
  at::manual_seed(3);
  for (const auto dtype : {at::kFloat, at::kBFloat16}) {
    const at::Tensor weight = at::ones({24}, dtype).requires_grad_(), x = at::randn({1, 3, 24}).to(dtype);
    StateDict weights = state_of({{"norm.weight", weight}}, dtype);
    const RmsNorm norm(weights, "norm", 24, {.eps = 1e-6});
    for (const at::Tensor& y : {norm.forward(x), norm.forward(x, x).normed}) {
      ASSERT_TRUE(y.requires_grad()) << dtype;
      weight.mutable_grad() = at::Tensor();
      y.sum().backward();
      EXPECT_TRUE(at::allclose(weight.grad().to(at::kFloat), y.detach().to(at::kFloat).sum({0, 1}), 0.02, 0.02)) << dtype;
    }
  }
}

// A norm and a gated block of Gemma's kind, in float and bfloat16, against differences of the float one.
TEST(UnitOffsetNorm, GradientsOfNormAndGeluGateFollowNumericDifferences) {
  at::manual_seed(2);
  std::map<std::string, at::Tensor> tensors = {{"norm.weight", 0.3 * at::randn({24})}};
  for (const char* name : {"mlp.gate_proj.weight", "mlp.up_proj.weight"}) tensors[name] = 0.4 * at::randn({40, 24});
  tensors["mlp.down_proj.weight"] = 0.3 * at::randn({24, 40});
  const at::Tensor x = at::randn({1, 3, 24}), direction = at::randn({1, 3, 24});
  const Context context{KvCache()};
  const auto value = [&](const at::Tensor& in) {
    StateDict weights = state_of(tensors, in.scalar_type());
    AdaptableMatrices slots;
    const RmsNorm norm(weights, "norm", 24, {.unit_offset = true});
    const GatedMlp mlp(weights, "mlp", {24, 40, false, GateActivation::GeluTanh}, slots);
    return (mlp.forward(norm.forward(in), context).to(at::kFloat) * direction).sum();
  };
  for (const auto dtype : {at::kFloat, at::kBFloat16}) {
    const at::Tensor leaf = x.clone().to(dtype).requires_grad_();
    value(leaf).backward();
    for (const std::int64_t i : {0, 5, 30, 47, 71}) {
      const auto moved = [&](double by) {
        const at::Tensor next = x.clone();
        next.view({-1})[i] += by;
        return value(next).item<double>();
      };
      const double numeric = (moved(1e-2) - moved(-1e-2)) / 2e-2, tolerance = dtype == at::kFloat ? 0.01 : 0.1;
      EXPECT_NEAR(leaf.grad().view({-1})[i].item<double>(), numeric, tolerance * (0.1 + std::abs(numeric))) << dtype << " " << i;
    }
  }
}

}  // namespace
}  // namespace zlens
