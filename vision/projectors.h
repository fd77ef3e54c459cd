// What joins a vision tower to a language model.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <optional>
#include <string>

#include "modules/linear.h"

namespace zlens {

class Context;
class StateDict;

// LLaVA: linear_2(gelu(linear_1(x))). Immutable; safe to share between threads.
class MlpProjector {
 public:
  struct Options {
    std::int64_t in = 0, out = 0;
    bool bias = true;
    std::string activation = "gelu";  // projector_hidden_act: gelu | gelu_pytorch_tanh | relu | silu
  };
  // Throws InputError on an unknown activation.
  MlpProjector(const Options& options, StateDict& weights, const std::string& name, AdaptableMatrices& slots);
  at::Tensor forward(const at::Tensor& x, const Context& context) const;  // [N, P, Dv] -> [N, P, D]

 private:
  std::string activation_;
  Linear linear_1_, linear_2_;
};

// Blocks of s x s neighbouring patches become one, side by side in their width: [N, P, D] -> [N, P / s², D s²], the block's rows
// outside, its columns inside. P must be a square whose side is a multiple of s.
at::Tensor shuffle_patches(const at::Tensor& x, std::int64_t s);

}  // namespace zlens
