#include "modules/linear.h"

#include <ATen/ATen.h>

#include "modules/context.h"
#include "modules/few_rows.h"
#include "modules/state_dict.h"

namespace zlens {

Linear::Linear(StateDict& weights, const std::string& name, const LinearShape& shape, AdaptableMatrices& slots)
    : weight_(weights.take(name + ".weight", {shape.out, shape.in})), slot_(slots.size()) {
  if (shape.bias) bias_ = weights.take(name + ".bias", {shape.out});
  slots.push_back({name, weight_});
}

at::Tensor product(const at::Tensor& x, const at::Tensor& weight, const at::Tensor& bias) {
  return kernels::few_rows_usable(x, weight) ? kernels::few_rows_linear(x, weight, bias) : at::linear(x, weight, bias);
}

at::Tensor Linear::forward(const at::Tensor& x, const Context& context) const {
  const at::Tensor base = product(x, weight_, bias_);
  const SlotDelta* delta = context.delta(slot_);
  if (!delta) return base;
  at::Tensor projected = product(x, delta->factors->vt);                    // -> [B, T, R]
  projected = (projected * delta->scale.unsqueeze(1)).to(x.scalar_type());  // float32 product, one rounding
  return base + product(projected, delta->factors->u);
}

}  // namespace zlens
