// Linear: the only place where a weight meets an activation, and so the only place where an expert acts.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace zlens {

class Context;
class StateDict;

// W = U diag(S) Vᵀ of one matrix [M, N], R = min(M, N), in the dtype that Linear computes in (S in float32).
struct Factors {
  at::Tensor u;   // [M, R]
  at::Tensor s;   // [R]
  at::Tensor vt;  // [R, N]
};

// What a mix does to one matrix: y += U (scale ∘ (Vᵀ x)).
struct SlotDelta {
  std::shared_ptr<const Factors> factors;
  at::Tensor scale;  // S (z - 1), float32, [B, R], or [1, R] for all rows alike
};

// A mix resolved for one model: one entry for each adaptable matrix, empty where the matrix keeps its base weight.
struct ActiveMix {
  std::vector<std::optional<SlotDelta>> slots;
  std::string content_hash;  // of every z in it: part of the key of whatever is cached
};

// The adaptable matrices of a model in the order of their construction; the index is the slot.
struct AdaptableMatrix {
  std::string name;   // canonical, without ".weight"
  at::Tensor weight;  // [M, N]
};
using AdaptableMatrices = std::vector<AdaptableMatrix>;

// x [..., N] times weight [M, N] transposed, plus bias [M] where defined, by the fastest kernel for the shape. -> [..., M]
at::Tensor product(const at::Tensor& x, const at::Tensor& weight, const at::Tensor& bias = {});

struct LinearShape {
  std::int64_t in = 0, out = 0;
  bool bias = false;
};

// Immutable; safe to share between threads.
class Linear {
 public:
  // Takes `name`.weight [out, in] (and .bias [out]) and enters itself into `slots`.
  Linear(StateDict& weights, const std::string& name, const LinearShape& shape, AdaptableMatrices& slots);

  // x [..., in] -> [..., out]; x is [B, T, in] where a mix with a scale for each row is active.
  // The base product where the context's mix leaves this matrix alone: bit-identical to a model without experts.
  at::Tensor forward(const at::Tensor& x, const Context& context) const;

 private:
  at::Tensor weight_, bias_;
  std::size_t slot_;
};

}  // namespace zlens
