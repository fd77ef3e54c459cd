#include "modules/mlp.h"

#include <ATen/ATen.h>

#include "modules/context.h"
#include "modules/kernels.h"

namespace zlens {

GatedMlp::GatedMlp(StateDict& weights, const std::string& name, const Options& options, AdaptableMatrices& slots)
    : gate_proj_(weights, name + ".gate_proj", {options.hidden_size, options.intermediate_size, options.bias}, slots),
      up_proj_(weights, name + ".up_proj", {options.hidden_size, options.intermediate_size, options.bias}, slots),
      down_proj_(weights, name + ".down_proj", {options.intermediate_size, options.hidden_size, options.bias}, slots) {}

at::Tensor GatedMlp::forward(const at::Tensor& x, const Context& context) const {
  const auto projected = forward_all({&gate_proj_, &up_proj_}, x, context);
  const at::Tensor &gate = projected[0], &up = projected[1];
  if (!kernels::usable(gate) || !kernels::usable(up)) return down_proj_.forward(at::silu(gate) * up, context);
  kernels::silu_times(gate, up);
  return down_proj_.forward(gate, context);
}

}  // namespace zlens
