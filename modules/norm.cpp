#include "modules/norm.h"

#include <ATen/ATen.h>

#include "modules/gradients.h"
#include "modules/state_dict.h"

namespace zlens {

RmsNorm::RmsNorm(StateDict& weights, const std::string& name, std::int64_t width, double eps)
    : weight_(weights.take(name + ".weight", {width})), eps_(eps) {}

at::Tensor RmsNorm::forward(const at::Tensor& x) const {
  if (kernels::usable(x)) return kernels::rms_norm(x, weight_, eps_);
  if (kernels::fusable(x) && !weight_.requires_grad()) return kernels::rms_norm_differentiable(x, weight_, eps_);
  const at::Tensor wide = x.to(at::kFloat);
  const at::Tensor scaled = wide * at::rsqrt(wide.pow(2).mean(-1, /*keepdim=*/true) + eps_);
  return weight_ * scaled.to(x.scalar_type());
}

kernels::AddedNorm RmsNorm::forward(const at::Tensor& x, const at::Tensor& delta) const {
  if (kernels::usable(x) && kernels::usable(delta)) return kernels::add_rms_norm(x, delta, weight_, eps_);
  const at::Tensor sum = x + delta;
  return {sum, forward(sum)};
}

LayerNorm::LayerNorm(StateDict& weights, const std::string& name, std::int64_t width, double eps)
    : weight_(weights.take(name + ".weight", {width})), bias_(weights.take(name + ".bias", {width})), eps_(eps) {}

at::Tensor LayerNorm::forward(const at::Tensor& x) const {
  return at::layer_norm(x, {x.size(-1)}, weight_, bias_, eps_);
}

}  // namespace zlens
