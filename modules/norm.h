// Norms.
#pragma once

#include <ATen/core/Tensor.h>

#include <string>

#include "modules/kernels.h"

namespace zlens {

class StateDict;

// x / sqrt(mean(x²) + eps) in float32, rounded to x's dtype, then times the weight (Llama's order; transformers LlamaRMSNorm).
// Immutable; safe to share between threads.
class RmsNorm {
 public:
  RmsNorm(StateDict& weights, const std::string& name, std::int64_t width, double eps);
  at::Tensor forward(const at::Tensor& x) const;  // [..., D] -> [..., D]

  // The sum x + delta of a residual connection, and its norm.
  kernels::AddedNorm forward(const at::Tensor& x, const at::Tensor& delta) const;

 private:
  at::Tensor weight_;
  double eps_;
};

// (x - mean) / sqrt(variance + eps) times the weight plus the bias (torch.nn.LayerNorm). Immutable; safe to share between threads.
class LayerNorm {
 public:
  LayerNorm(StateDict& weights, const std::string& name, std::int64_t width, double eps);
  at::Tensor forward(const at::Tensor& x) const;  // [..., D] -> [..., D]

 private:
  at::Tensor weight_, bias_;
  double eps_;
};

}  // namespace zlens
