#include "vision/projectors.h"

#include <ATen/ATen.h>

#include <cmath>

#include "io/error.h"
#include "modules/context.h"
#include "modules/state_dict.h"

namespace zlens {
namespace {

at::Tensor activate(const at::Tensor& x, const std::string& name) {
  if (name == "gelu") return at::gelu(x);
  if (name == "gelu_pytorch_tanh") return at::gelu(x, "tanh");
  return name == "relu" ? at::relu(x) : at::silu(x);
}

}  // namespace

MlpProjector::MlpProjector(const Options& options, StateDict& weights, const std::string& name, AdaptableMatrices& slots)
    : activation_(options.activation),
      linear_1_(weights, name + ".linear_1", {options.in, options.out, options.bias}, slots),
      linear_2_(weights, name + ".linear_2", {options.out, options.out, options.bias}, slots) {
  if (activation_ != "gelu" && activation_ != "gelu_pytorch_tanh" && activation_ != "relu" && activation_ != "silu")
    throw InputError(weights.subject() + ": projector_hidden_act '" + activation_ +
                     "' is not supported (known: gelu, gelu_pytorch_tanh, relu, silu)");
}

at::Tensor MlpProjector::forward(const at::Tensor& x, const Context& context) const {
  return linear_2_.forward(activate(linear_1_.forward(x, context), activation_), context);
}

at::Tensor shuffle_patches(const at::Tensor& x, std::int64_t s) {
  const std::int64_t count = x.size(0), width = x.size(2);
  const auto side = static_cast<std::int64_t>(std::lround(std::sqrt(static_cast<double>(x.size(1)))));
  if (side * side != x.size(1) || side % s != 0)
    throw InputError("pixel shuffle by " + std::to_string(s) + " needs a square of patches whose side is a multiple of it, got " +
                     std::to_string(x.size(1)) + " patches");
  return x.reshape({count, side / s, s, side / s, s, width})
      .permute({0, 1, 3, 2, 4, 5})
      .reshape({count, side * side / (s * s), s * s * width});
}

}  // namespace zlens
