#include "train/adamw.h"

#include <ATen/ATen.h>
#include <c10/core/GradMode.h>

#include <cmath>

namespace zlens {

AdamW::AdamW(std::map<std::string, at::Tensor>& parameters, const AdamWOptions& options)
    : parameters_(parameters), options_(options) {
  for (const auto& [name, value] : parameters)
    for (const char* moment : {"m/", "v/"}) moments_[moment + name] = at::zeros_like(value).detach();
}

double AdamW::step(double learning_rate) {
  const c10::NoGradGuard no_grad;
  double squares = 0;
  for (const auto& [name, value] : parameters_)
    if (value.grad().defined()) squares += value.grad().square().sum(at::kDouble).item<double>();
  const double norm = std::sqrt(squares);
  const bool usable = std::isfinite(norm);
  const double shrink = options_.clip_norm > 0 && norm > options_.clip_norm ? options_.clip_norm / norm : 1;
  if (usable) ++steps_;
  const double correct1 = 1 - std::pow(options_.beta1, static_cast<double>(steps_)),
               correct2 = 1 - std::pow(options_.beta2, static_cast<double>(steps_));
  for (auto& [name, value] : parameters_) {
    if (!value.grad().defined()) continue;
    if (usable) {
      const at::Tensor gradient = value.grad() * shrink;
      at::Tensor &m = moments_.at("m/" + name), &v = moments_.at("v/" + name);
      m.mul_(options_.beta1).add_(gradient, 1 - options_.beta1);
      v.mul_(options_.beta2).addcmul_(gradient, gradient, 1 - options_.beta2);
      value.mul_(1 - learning_rate * options_.weight_decay);
      value.addcdiv_(m, (v / correct2).sqrt_().add_(options_.eps), -learning_rate / correct1);
    }
    value.mutable_grad() = at::Tensor();
  }
  return norm;
}

}  // namespace zlens
