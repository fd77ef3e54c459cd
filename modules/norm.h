// RMS norm.
#pragma once

#include <ATen/core/Tensor.h>

#include <string>

#include "modules/kernels.h"

namespace zlens {

class StateDict;

// x / sqrt(mean(x²) + eps) in float32, scaled by the weight. Immutable; safe to share between threads.
class RmsNorm {
 public:
  struct Options {
    double eps = 1e-6;
    // false: rounded to x's dtype, then times w (Llama's order; transformers LlamaRMSNorm).
    // true: times 1 + w in float32, then rounded (transformers GemmaRMSNorm).
    bool unit_offset = false;
  };
  // Takes `name`.weight [width].
  RmsNorm(StateDict& weights, const std::string& name, std::int64_t width, const Options& options);
  at::Tensor forward(const at::Tensor& x) const;  // [..., D] -> [..., D]

  // The sum x + delta of a residual connection, and its norm.
  kernels::AddedNorm forward(const at::Tensor& x, const at::Tensor& delta) const;

 private:
  // The fused loops scale by weights of x's dtype, rounding before: with float32 weights that is exact for float32 alone.
  bool fits(const at::Tensor& x) const { return x.scalar_type() == weight_.scalar_type(); }

  Options options_;
  at::Tensor weight_;  // unit_offset: 1 + w in float32
};

}  // namespace zlens
