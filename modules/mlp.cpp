#include "modules/mlp.h"

#include <ATen/ATen.h>

#include "modules/context.h"
#include "modules/gradients.h"

namespace zlens {

GatedMlp::GatedMlp(StateDict& weights, const std::string& name, const Options& options, AdaptableMatrices& slots)
    : activation_(options.activation),
      gate_proj_(weights, name + ".gate_proj", {options.hidden_size, options.intermediate_size, options.bias}, slots),
      up_proj_(weights, name + ".up_proj", {options.hidden_size, options.intermediate_size, options.bias}, slots),
      down_proj_(weights, name + ".down_proj", {options.intermediate_size, options.hidden_size, options.bias}, slots) {}

at::Tensor GatedMlp::gated(const at::Tensor& x, const Context& context) const {
  if (activation_ == GateActivation::Silu) return forward_gated(gate_proj_, up_proj_, x, context);
  const auto both = forward_all({&gate_proj_, &up_proj_}, x, context);
  return (kernels::fusable(both[0]) ? kernels::gelu_tanh_differentiable(both[0]) : at::gelu(both[0], "tanh")) * both[1];
}

at::Tensor GatedMlp::forward(const at::Tensor& x, const Context& context) const {
  return down_proj_.forward(gated(x, context), context);
}

}  // namespace zlens
