#include "modules/linear.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <stdexcept>
#include <string>

#include "modules/context.h"
#include "modules/few_rows.h"
#include "modules/gradients.h"
#include "modules/kernels.h"
#include "modules/many_rows.h"
#include "modules/spectral_rows.h"
#include "modules/state_dict.h"

namespace zlens {

Linear::Linear(StateDict& weights, const std::string& name, const LinearShape& shape, AdaptableMatrices& slots)
    : weight_(weights.take(name + ".weight", {shape.out, shape.in})), slot_(slots.size()) {
  if (shape.bias) bias_ = weights.take(name + ".bias", {shape.out});
  slots.push_back({name, weight_});
}

at::Tensor product(const at::Tensor& x, const at::Tensor& weight, const at::Tensor& bias) {
  if (kernels::few_rows_usable(x, weight, bias)) return kernels::few_rows_linear(x, weight, bias);
  const kernels::Matrix matrix{weight, bias};
  if (kernels::many_rows_usable(x, matrix)) return kernels::many_rows_linear(x, {&matrix, 1}).front();
  if (kernels::many_rows_differentiable_usable(x, matrix)) return kernels::many_rows_differentiable(x, matrix);
  return at::linear(x, weight, bias);
}

std::int64_t SlotChange::rows() const {
  std::int64_t most = scale.defined() ? scale.size(0) : 1;
  for (const LowRankAdd& add : adds) most = std::max(most, add.weight.size(0));
  return most;
}

SlotChange SlotChange::select_rows(const at::Tensor& index) const {
  const auto select = [&](at::Tensor& rows) {
    if (rows.defined() && rows.size(0) > 1) rows = rows.index_select(0, index.to(rows.device()));
  };
  SlotChange out = *this;
  select(out.scale);
  for (LowRankAdd& add : out.adds) select(add.weight);
  return out;
}

bool ActiveMix::by_row() const {
  return std::any_of(slots.begin(), slots.end(), [](const auto& slot) { return slot && slot->rows() > 1; });
}

bool ActiveMix::requires_grad() const {
  return std::any_of(slots.begin(), slots.end(), [](const std::optional<SlotChange>& change) {
    if (!change) return false;
    const auto learns = [](const at::Tensor& part) { return part.defined() && part.requires_grad(); };
    return learns(change->scale) || learns(change->merged) ||
           std::any_of(change->adds.begin(), change->adds.end(),
                       [&](const LowRankAdd& add) { return learns(add.down) || learns(add.up) || learns(add.weight); });
  });
}

// W' x of the change's form, low-rank parts left out.
at::Tensor Linear::spectral(const at::Tensor& x, const SlotChange& change) const {
  if (change.form == LinearForm::Merged) return product(x, change.merged, bias_);
  if (!change.factors) return product(x, weight_, bias_);
  if (change.scale.size(0) != 1 && change.scale.size(0) != x.size(0))
    throw std::logic_error("a mix of " + std::to_string(change.scale.size(0)) + " rows for " + std::to_string(x.size(0)) +
                           " inputs");
  const bool delta = change.form == LinearForm::Delta;
  const kernels::SpectralRows few{x, change.factors->vt, change.scale, change.factors->u, delta ? weight_ : at::Tensor(), bias_};
  if (kernels::spectral_rows_usable(few)) return kernels::spectral_rows(few);
  at::Tensor projected = product(x, change.factors->vt);  // -> [B, T, R]
  projected = kernels::scale_rows(projected, change.scale);
  if (!delta) return product(projected, change.factors->u, bias_);
  return product(x, weight_, bias_) + product(projected, change.factors->u);
}

at::Tensor Linear::forward(const at::Tensor& x, const Context& context) const {
  const SlotChange* change = context.change(slot_);
  if (!change) return product(x, weight_, bias_);
  at::Tensor y = spectral(x, *change);
  for (const LowRankAdd& add : change->adds) {
    const at::Tensor low = product(x, add.down);  // weighted here, where it is narrow
    y = y + product((low * add.weight.view({-1, 1, 1})).to(y.scalar_type()), add.up);
  }
  return y;
}

std::optional<std::vector<kernels::Matrix>> Linear::at_once(std::initializer_list<const Linear*> linears, const at::Tensor& x,
                                                            const Context& context) {
  std::vector<kernels::Matrix> matrices;
  for (const Linear* linear : linears) {
    matrices.push_back({linear->weight_, linear->bias_});
    if (context.change(linear->slot_) || !kernels::many_rows_usable(x, matrices.back())) return std::nullopt;
  }
  return matrices;
}

std::vector<at::Tensor> forward_all(std::initializer_list<const Linear*> linears, const at::Tensor& x, const Context& context) {
  if (const auto matrices = Linear::at_once(linears, x, context)) return kernels::many_rows_linear(x, *matrices);
  std::vector<at::Tensor> out;
  for (const Linear* linear : linears) out.push_back(linear->forward(x, context));
  return out;
}

at::Tensor forward_gated(const Linear& gate, const Linear& up, const at::Tensor& x, const Context& context) {
  if (const auto both = Linear::at_once({&gate, &up}, x, context)) return kernels::many_rows_gated(x, both->front(), both->back());
  const at::Tensor gated = gate.forward(x, context), factor = up.forward(x, context);
  if (kernels::usable(gated) && kernels::usable(factor)) {
    kernels::silu_times(gated, factor);
    return gated;
  }
  return kernels::fusable(gated) ? kernels::silu_times_differentiable(gated, factor) : at::silu(gated) * factor;
}

}  // namespace zlens
