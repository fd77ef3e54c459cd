#include "modules/mlp.h"

#include "modules/context.h"

namespace zlens {

GatedMlp::GatedMlp(StateDict& weights, const std::string& name, const Options& options, AdaptableMatrices& slots)
    : gate_proj_(weights, name + ".gate_proj", {options.hidden_size, options.intermediate_size, options.bias}, slots),
      up_proj_(weights, name + ".up_proj", {options.hidden_size, options.intermediate_size, options.bias}, slots),
      down_proj_(weights, name + ".down_proj", {options.intermediate_size, options.hidden_size, options.bias}, slots) {}

at::Tensor GatedMlp::forward(const at::Tensor& x, const Context& context) const {
  return down_proj_.forward(forward_gated(gate_proj_, up_proj_, x, context), context);
}

}  // namespace zlens
