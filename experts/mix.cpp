#include "experts/mix.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <map>

#include "io/error.h"
#include "io/sha256.h"
#include "text/model.h"

namespace zlens {
namespace {

void check_base(const Expert& expert, const FactorStore& factors) {
  if (expert.base != factors.base_hash())
    throw InputError("expert '" + expert.name + "' was made for base " + expert.base + ", but the model is base " +
                     factors.base_hash());
}

using Shifts = std::map<std::string, at::Tensor>;

// sum of weight (z - 1), [R] by matrix.
Shifts summed_shifts(const Mix& mix, const FactorStore& factors) {
  Shifts shifts;
  for (const auto& [expert, weight] : mix) {
    check_base(*expert, factors);
    for (const auto& [name, z] : expert->z) {
      const auto rank = factors.rank(name), length = static_cast<std::int64_t>(z.size());
      if (length != rank)
        throw InputError("expert '" + expert->name + "': z of '" + name + "' has " + std::to_string(length) +
                         " values, the matrix has " + std::to_string(rank) + " singular values");
      const at::Tensor shift = (at::tensor(at::ArrayRef<float>(z)) - 1.0) * weight;
      const auto [entry, added] = shifts.emplace(name, shift);
      if (!added) entry->second = entry->second + shift;
    }
  }
  return shifts;
}

// z - 1 of every row, [B, R]; undefined where it is 0 throughout.
at::Tensor stacked_shift(const std::vector<Shifts>& rows, const std::string& name) {
  const auto holder = std::find_if(rows.begin(), rows.end(), [&](const Shifts& row) { return row.contains(name); });
  if (holder == rows.end()) return {};
  std::vector<at::Tensor> stacked;
  for (const Shifts& row : rows) {
    const auto found = row.find(name);
    stacked.push_back(found == row.end() ? at::zeros_like(holder->at(name)) : found->second);
  }
  at::Tensor out = at::stack(stacked);
  return out.any().item<bool>() ? out : at::Tensor();
}

SlotChange change_of(const AdaptableMatrix& matrix, at::Tensor shift, std::shared_ptr<const Factors> factors,
                     const MixOptions& options) {
  const at::Tensor& s = factors->s;
  shift = shift.to(s.device());
  if (options.keep_nuclear_norm) shift = (1 + shift) * (s.sum() / ((1 + shift) * s).sum(-1, /*keepdim=*/true)) - 1;
  SlotChange change{.form = options.form};
  if (options.form == LinearForm::Merged) {
    const at::Tensor delta = at::matmul(factors->u.to(at::kFloat) * (s * shift), factors->vt.to(at::kFloat));
    change.merged = (matrix.weight.to(at::kFloat) + delta).to(matrix.weight.scalar_type());
  } else {
    change.scale = options.form == LinearForm::Factored ? s * (1 + shift) : s * shift;
    change.factors = std::move(factors);
  }
  return change;
}

}  // namespace

std::shared_ptr<const ActiveMix> resolve(const Mix& mix, FactorStore& factors, const MixOptions& options) {
  return resolve_rows(std::span(&mix, 1), factors, options);
}

std::shared_ptr<const ActiveMix> resolve_rows(std::span<const Mix> rows, FactorStore& factors, const MixOptions& options) {
  if (std::all_of(rows.begin(), rows.end(), [](const Mix& mix) { return mix.empty(); })) return nullptr;
  Json described = Json::array();
  for (const Mix& mix : rows) described.push_back(describe(mix));
  const bool alike = std::all_of(described.begin(), described.end(), [&](const Json& mix) { return mix == described.front(); });
  if (!alike && options.form == LinearForm::Merged) throw InputError("rows with different experts cannot share merged weights");
  std::vector<Shifts> shifts;
  for (const Mix& mix : rows.first(alike ? 1 : rows.size())) shifts.push_back(summed_shifts(mix, factors));
  auto active = std::make_shared<ActiveMix>();
  const AdaptableMatrices& matrices = factors.model().matrices();
  active->slots.resize(matrices.size());
  for (std::size_t slot = 0; slot < matrices.size(); ++slot)
    if (const at::Tensor shift = stacked_shift(shifts, matrices[slot].name); shift.defined())
      active->slots[slot] = change_of(matrices[slot], shift, factors.get(matrices[slot].name), options);
  const Json identity = {{"rows", alike ? Json::array({described.front()}) : described},
                         {"form", static_cast<int>(options.form)},
                         {"keep_nuclear_norm", options.keep_nuclear_norm}};
  active->content_hash = sha256_hex(identity.dump());
  return active;
}

Json describe(const Mix& mix) {
  Json out = Json::array();
  for (const auto& [expert, weight] : mix)
    out.push_back({{"expert", expert->name}, {"sha256", expert->sha256}, {"weight", weight}});
  return out;
}

}  // namespace zlens
