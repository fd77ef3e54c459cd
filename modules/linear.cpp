#include "modules/linear.h"

#include <ATen/ATen.h>

#include "modules/context.h"
#include "modules/state_dict.h"

namespace zlens {

Linear::Linear(StateDict& weights, const std::string& name, const LinearShape& shape, AdaptableMatrices& slots)
    : weight_(weights.take(name + ".weight", {shape.out, shape.in})), slot_(slots.size()) {
  if (shape.bias) bias_ = weights.take(name + ".bias", {shape.out});
  slots.push_back({name, weight_});
}

at::Tensor Linear::forward(const at::Tensor& x, const Context& context) const {
  const at::Tensor base = at::linear(x, weight_, bias_);
  const SlotDelta* delta = context.delta(slot_);
  if (!delta) return base;
  at::Tensor projected = at::linear(x, delta->factors->vt);                                  // -> [B, T, R]
  projected = (projected * delta->scale.unsqueeze(1)).to(x.scalar_type());                   // float32 product, one rounding
  return base + at::linear(projected, delta->factors->u);
}

}  // namespace zlens
