#include "modules/norm.h"

#include <ATen/ATen.h>

#include "modules/gradients.h"
#include "modules/state_dict.h"

namespace zlens {
namespace {

at::Tensor take_scale(StateDict& weights, const std::string& name, std::int64_t width, bool unit_offset) {
  const at::Tensor stored = weights.take(name, {width});
  return unit_offset ? stored.to(at::kFloat) + 1.0 : stored;
}

}  // namespace

RmsNorm::RmsNorm(StateDict& weights, const std::string& name, std::int64_t width, const Options& options)
    : options_(options), weight_(take_scale(weights, name + ".weight", width, options.unit_offset)) {}

at::Tensor RmsNorm::forward(const at::Tensor& x) const {
  if (kernels::usable(x) && kernels::usable(weight_) && fits(x)) return kernels::rms_norm(x, weight_, options_.eps);
  if (kernels::fusable(x) && fits(x)) return kernels::rms_norm_differentiable(x, weight_, options_.eps);
  const at::Tensor wide = x.to(at::kFloat);
  const at::Tensor scaled = wide * at::rsqrt(wide.pow(2).mean(-1, /*keepdim=*/true) + options_.eps);
  return options_.unit_offset ? (scaled * weight_).to(x.scalar_type()) : weight_ * scaled.to(x.scalar_type());
}

kernels::AddedNorm RmsNorm::forward(const at::Tensor& x, const at::Tensor& delta) const {
  if (kernels::usable(x) && kernels::usable(delta) && kernels::usable(weight_) && fits(x))
    return kernels::add_rms_norm(x, delta, weight_, options_.eps);
  const at::Tensor sum = x + delta;
  return {sum, forward(sum)};
}

LayerNorm::LayerNorm(StateDict& weights, const std::string& name, std::int64_t width, double eps)
    : weight_(weights.take(name + ".weight", {width})), bias_(weights.take(name + ".bias", {width})), eps_(eps) {}

at::Tensor LayerNorm::forward(const at::Tensor& x) const {
  return at::layer_norm(x, {x.size(-1)}, weight_, bias_, eps_);
}

}  // namespace zlens
