// Linear: the only place where a weight meets an activation, and so the only place where an expert acts.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <initializer_list>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "modules/linear_form.h"

#include "modules/many_rows.h"

namespace zlens {

class Context;
class StateDict;

// W = U diag(S) Vᵀ of one matrix [M, N], R = min(M, N), in the dtype that Linear computes in (S in float32).
struct Factors {
  at::Tensor u;   // [M, R]
  at::Tensor s;   // [R]
  at::Tensor vt;  // [R, N]
};

// y += weight ∘ up (down x): LoRA, LoRA-XS.
struct LowRankAdd {
  at::Tensor down;    // [r, N]
  at::Tensor up;      // [M, r]
  at::Tensor weight;  // [B] or [1]: for each row of the batch; float32
};

// What was left out of a delta, exactly; norms of the row that has the largest.
struct Truncation {
  std::int64_t kept = 0, rank = 0;  // components; rank 0: nothing was truncated
  double spectral = 0;              // ‖ΔW - ΔW_I‖₂
  double frobenius = 0;             // ‖ΔW - ΔW_I‖_F
  double change = 0;                // ‖ΔW‖₂
};

// What a mix does to one matrix.
struct SlotChange {
  LinearForm form = LinearForm::Delta;
  std::shared_ptr<const Factors> factors;  // Delta, Factored; nullptr: the mix has no z here
  at::Tensor scale;                        // Delta: S (z - 1), Factored: S z; float32, [B, R], or [1, R] for all rows alike
  at::Tensor merged;                       // Merged: W' [M, N], for all rows
  std::vector<LowRankAdd> adds;            // on top of any form
  Truncation truncation;                   // Delta

  // Rows of the batch that this tells apart: 1 where all are treated alike.
  std::int64_t rows() const;
  SlotChange select_rows(const at::Tensor& index) const;
};

// A mix resolved for one model: one entry for each adaptable matrix, empty where the matrix keeps its base weight.
struct ActiveMix {
  std::vector<std::optional<SlotChange>> slots;
  std::string content_hash;  // of every z in it: part of the key of whatever is cached
  bool answer_only = false;  // the prompt up to TokenPrompt::answer_from is read by the base

  // False: every row of a batch is treated alike.
  bool by_row() const;
  // True while it is trained: something of it requires grad.
  bool requires_grad() const;
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
  // Differentiable in x and in whatever of the change requires grad; the weight itself never gets a gradient.
  at::Tensor forward(const at::Tensor& x, const Context& context) const;

  friend std::vector<at::Tensor> forward_all(std::initializer_list<const Linear*> linears, const at::Tensor& x,
                                             const Context& context);
  friend at::Tensor forward_gated(const Linear& gate, const Linear& up, const at::Tensor& x, const Context& context);

 private:
  at::Tensor spectral(const at::Tensor& x, const SlotChange& change) const;

  // The matrices, where the context changes none of them and one kernel can take them all.
  static std::optional<std::vector<kernels::Matrix>> at_once(std::initializer_list<const Linear*> linears, const at::Tensor& x,
                                                             const Context& context);

  at::Tensor weight_, bias_;
  std::size_t slot_;
};

// What each gives for x, bit for bit; faster than one after another where x has many rows.
std::vector<at::Tensor> forward_all(std::initializer_list<const Linear*> linears, const at::Tensor& x, const Context& context);

// silu(gate(x)) * up(x), whose roundings do not depend on the way it is computed. Both of one shape. -> [..., out]
at::Tensor forward_gated(const Linear& gate, const Linear& up, const at::Tensor& x, const Context& context);

}  // namespace zlens
