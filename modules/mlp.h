// The gated feed-forward block: down(act(gate(x)) * up(x)).
#pragma once

#include <string>

#include "modules/linear.h"

namespace zlens {

enum class GateActivation { Silu, GeluTanh };  // GeluTanh: the tanh approximation of gelu

// Immutable; safe to share between threads.
class GatedMlp {
 public:
  struct Options {
    std::int64_t hidden_size = 0, intermediate_size = 0;
    bool bias = false;
    GateActivation activation = GateActivation::Silu;
  };
  GatedMlp(StateDict& weights, const std::string& name, const Options& options, AdaptableMatrices& slots);
  at::Tensor forward(const at::Tensor& x, const Context& context) const;  // [B, T, D] -> [B, T, D]

 private:
  at::Tensor gated(const at::Tensor& x, const Context& context) const;  // act(gate(x)) * up(x)

  GateActivation activation_;
  Linear gate_proj_, up_proj_, down_proj_;
};

}  // namespace zlens
