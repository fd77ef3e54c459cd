#include "experts/mix.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <charconv>
#include <map>
#include <optional>

#include "io/error.h"
#include "io/sha256.h"
#include "modules/dtype.h"
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
  for (const WeightedExpert& entry : mix) {
    const Expert* expert = entry.expert.get();
    for (const auto& [name, z] : expert->z) {
      const auto rank = factors.rank(name), length = static_cast<std::int64_t>(z.size());
      if (length != rank)
        throw InputError("expert '" + expert->name + "': z of '" + name + "' has " + std::to_string(length) +
                         " values, the matrix has " + std::to_string(rank) + " singular values");
      const at::Tensor shift = (at::tensor(at::ArrayRef<float>(z)) - 1.0) * entry.weight_of(name);
      const auto [sum, added] = shifts.emplace(name, shift);
      if (!added) sum->second = sum->second + shift;
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

at::Tensor to_tensor(const Matrix& matrix, const at::Tensor& like) {
  return at::tensor(at::ArrayRef<float>(matrix.values)).view({matrix.rows, matrix.columns}).to(like.options());
}

void check_shape(const Expert& expert, const AdaptableMatrix& matrix, std::int64_t out, std::int64_t in) {
  if (out == matrix.weight.size(0) && in == matrix.weight.size(1)) return;
  throw InputError("expert '" + expert.name + "' changes '" + matrix.name + "' as a matrix [" + std::to_string(out) + ", " +
                   std::to_string(in) + "], but it is " + shape_text(matrix.weight.sizes()));
}

// The low-rank part of one expert for one matrix; nothing where it has none.
std::optional<LowRankAdd> low_rank_of(const Expert& expert, const AdaptableMatrix& matrix, FactorStore& factors) {
  if (const auto a = expert.lora_a.find(matrix.name); a != expert.lora_a.end()) {
    const Matrix& b = expert.lora_b.at(matrix.name);
    check_shape(expert, matrix, b.rows, a->second.columns);
    return LowRankAdd{to_tensor(a->second, matrix.weight), to_tensor(b, matrix.weight), {}};
  }
  const auto found = expert.xs.find(matrix.name);
  if (found == expert.xs.end()) return std::nullopt;
  const auto whole = factors.get(matrix.name);
  const std::int64_t rank = found->second.rows;
  if (rank > whole->s.size(0))
    throw InputError("expert '" + expert.name + "': xs of '" + matrix.name + "' has rank " + std::to_string(rank) +
                     ", the matrix has " + std::to_string(whole->s.size(0)) + " singular values");
  const at::Tensor up = at::matmul(whole->u.slice(1, 0, rank), to_tensor(found->second, matrix.weight));
  return LowRankAdd{whole->vt.slice(0, 0, rank).contiguous(), up.contiguous(), {}};
}

// One entry for each expert that occurs in any row, weighted by row.
void add_low_rank(SlotChange& change, std::span<const Mix> rows, const AdaptableMatrix& matrix, FactorStore& factors) {
  std::vector<std::pair<const Expert*, std::vector<float>>> weights;  // in the order of their first row
  for (std::size_t row = 0; row < rows.size(); ++row)
    for (const WeightedExpert& weighted : rows[row]) {
      const auto& expert = weighted.expert;
      if (!expert->lora_a.contains(matrix.name) && !expert->xs.contains(matrix.name)) continue;
      auto entry = std::find_if(weights.begin(), weights.end(), [&](const auto& one) { return one.first == expert.get(); });
      if (entry == weights.end()) entry = weights.insert(entry, {expert.get(), std::vector<float>(rows.size())});
      entry->second[row] += static_cast<float>(weighted.weight_of(matrix.name));
    }
  for (const auto& [expert, by_row] : weights) {
    if (std::all_of(by_row.begin(), by_row.end(), [](float weight) { return weight == 0; })) continue;
    LowRankAdd add = *low_rank_of(*expert, matrix, factors);
    add.weight = at::tensor(at::ArrayRef<float>(by_row)).to(matrix.weight.device());
    change.adds.push_back(std::move(add));
  }
}

void check_names(const Mix& mix, const FactorStore& factors) {
  for (const WeightedExpert& entry : mix) {
    const Expert* expert = entry.expert.get();
    check_base(*expert, factors);
    for (const auto* matrices : {&expert->lora_a, &expert->xs})
      for (const auto& [name, values] : *matrices) factors.rank(name);
  }
}

// True where an expert acts on the answer only. Throws where the experts disagree.
bool answer_only(std::span<const Mix> rows) {
  std::optional<bool> all;
  for (const Mix& mix : rows)
    for (const WeightedExpert& entry : mix) {
      const Expert* expert = entry.expert.get();
      const auto scope = expert->record.find("scope");
      const bool answer = scope != expert->record.end() && scope->second == "answer";
      if (all.value_or(answer) != answer)
        throw InputError("expert '" + expert->name + "' has another scope than the others of the mix (all, answer): use one kind");
      all = answer;
    }
  return all.value_or(false);
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
  if (alike) rows = rows.first(1);
  std::vector<Shifts> shifts;
  for (const Mix& mix : rows) {
    check_names(mix, factors);
    shifts.push_back(summed_shifts(mix, factors));
  }
  auto active = std::make_shared<ActiveMix>();
  const AdaptableMatrices& matrices = factors.model().matrices();
  active->slots.resize(matrices.size());
  for (std::size_t slot = 0; slot < matrices.size(); ++slot) {
    SlotChange change;
    const at::Tensor shift = stacked_shift(shifts, matrices[slot].name);
    if (shift.defined()) change = change_of(matrices[slot], shift, factors.get(matrices[slot].name), options);
    add_low_rank(change, rows, matrices[slot], factors);
    if (shift.defined() || !change.adds.empty()) active->slots[slot] = std::move(change);
  }
  active->answer_only = answer_only(rows);
  const Json identity = {{"rows", alike ? Json::array({described.front()}) : described},
                         {"form", static_cast<int>(options.form)},
                         {"keep_nuclear_norm", options.keep_nuclear_norm}};
  active->content_hash = sha256_hex(identity.dump());
  return active;
}

Json describe(const Mix& mix) {
  Json out = Json::array();
  for (const WeightedExpert& entry : mix) {
    out.push_back({{"expert", entry.expert->name}, {"sha256", entry.expert->sha256}, {"weight", entry.weight}});
    if (!entry.by_layer.empty()) out.back()["by_layer"] = entry.by_layer;
  }
  return out;
}

std::int64_t layer_of(const std::string& matrix) {
  constexpr std::string_view kLayers = "layers.";
  const auto at = matrix.find(kLayers);
  std::int64_t layer = 0;
  if (at != std::string::npos) std::from_chars(matrix.data() + at + kLayers.size(), matrix.data() + matrix.size(), layer);
  return layer;
}

double WeightedExpert::weight_of(const std::string& matrix) const {
  if (by_layer.empty()) return weight;
  const auto layer = static_cast<std::size_t>(layer_of(matrix));
  return layer < by_layer.size() ? weight * by_layer[layer] : weight;
}

}  // namespace zlens
