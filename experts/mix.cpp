#include "experts/mix.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <charconv>
#include <optional>

#include "experts/scope.h"
#include "experts/truncate.h"
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

// z - 1 of all matrices and all rows, later what becomes of it in `Linear`.
struct Scales {
  std::vector<std::int64_t> begin;  // of each slot's R values, and the end of the last
  at::Tensor values;                // [B, sum of R], float32

  Scales(std::size_t rows, const AdaptableMatrices& matrices) : begin(1, 0) {
    for (const AdaptableMatrix& matrix : matrices)
      begin.push_back(begin.back() + std::min(matrix.weight.size(0), matrix.weight.size(1)));
    values = at::zeros({static_cast<std::int64_t>(rows), begin.back()});
  }
  std::span<float> at(std::int64_t row, std::size_t slot) const {
    return {values.mutable_data_ptr<float>() + row * begin.back() + begin[slot], static_cast<std::size_t>(rank(slot))};
  }
  std::int64_t rank(std::size_t slot) const { return begin[slot + 1] - begin[slot]; }
  at::Tensor of(std::size_t slot) const { return values.narrow(1, begin[slot], rank(slot)); }
};

// Adds weight (z - 1) of every expert of the mix.
void add_shifts(const Mix& mix, std::int64_t row, const FactorStore& factors, const Scales& scales) {
  for (const WeightedExpert& entry : mix)
    for (const auto& [name, z] : entry.expert->z) {
      const std::size_t slot = factors.slot(name);
      const std::span<float> out = scales.at(row, slot);
      if (z.size() != out.size())
        throw InputError("expert '" + entry.expert->name + "': z of '" + name + "' has " + std::to_string(z.size()) +
                         " values, the matrix has " + std::to_string(out.size()) + " singular values");
      const auto weight = static_cast<float>(entry.weight_of(name));
      for (std::size_t i = 0; i < z.size(); ++i) out[i] += (z[i] - 1) * weight;
    }
}

// z - 1 -> S (z - 1), or S z for the factored form.
void scale_row(std::span<float> shift, std::span<const float> s, const MixOptions& options) {
  float norm = 1;  // sum(S) / sum(S z)
  if (options.keep_nuclear_norm) {
    double before = 0, after = 0;
    for (std::size_t i = 0; i < s.size(); ++i) {
      before += s[i];
      after += s[i] * (1 + shift[i]);
    }
    norm = static_cast<float>(before / after);
  }
  const float off = options.form == LinearForm::Factored ? 0.0F : 1.0F;
  if (norm == 1 && off == 1) {
    for (std::size_t i = 0; i < s.size(); ++i) shift[i] *= s[i];  // exact where z is close to 1
  } else {
    for (std::size_t i = 0; i < s.size(); ++i) shift[i] = s[i] * ((1 + shift[i]) * norm - off);
  }
}

// What the summed z - 1 of a slot does; nothing where it is 0 in every row.
std::optional<SlotChange> spectral_change(const Scales& scales, std::size_t slot, FactorStore& store, const MixOptions& options) {
  bool any = false;
  const std::int64_t rows = scales.values.size(0);
  for (std::int64_t row = 0; row < rows && !any; ++row)
    any = std::ranges::any_of(scales.at(row, slot), [](float shift) { return shift != 0; });
  if (!any) return std::nullopt;
  const AdaptableMatrix& matrix = store.model().matrices()[slot];
  SlotChange change{.form = options.form, .factors = store.get(slot)};
  const at::Tensor s = change.factors->s.is_cpu() ? change.factors->s : change.factors->s.cpu();
  for (std::int64_t row = 0; row < rows; ++row)
    scale_row(scales.at(row, slot), {s.const_data_ptr<float>(), static_cast<std::size_t>(s.numel())}, options);
  change.scale = scales.of(slot);
  if (!change.factors->s.is_cpu()) change.scale = change.scale.to(change.factors->s.device());
  if (options.tolerance > 0) return truncate(change, options.tolerance);
  if (options.form != LinearForm::Merged) return change;
  const at::Tensor delta = at::matmul(change.factors->u.to(at::kFloat) * change.scale, change.factors->vt.to(at::kFloat));
  return SlotChange{.form = options.form, .merged = (matrix.weight.to(at::kFloat) + delta).to(matrix.weight.scalar_type())};
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
      const bool answer = acts_on_answer_only(*expert);
      if (all.value_or(answer) != answer)
        throw InputError("expert '" + expert->name + "' has another scope than the others of the mix (all, answer): use one kind");
      all = answer;
    }
  return all.value_or(false);
}

bool is_base(std::span<const Mix> rows) {
  return std::ranges::all_of(rows, [](const Mix& mix) { return mix.empty(); });
}

// One description where all rows are alike, else one for each.
Json distinct(std::span<const Mix> rows) {
  Json described = Json::array();
  for (const Mix& mix : rows) described.push_back(describe(mix));
  const bool alike = std::ranges::all_of(described, [&](const Json& mix) { return mix == described.front(); });
  return alike ? Json::array({described.front()}) : described;
}

// Of every z and low-rank part (through the experts' own checksums), of what they act on, and of how.
std::string content_hash(const Json& rows, const FactorStore& factors, const MixOptions& options) {
  return sha256_hex(Json({{"rows", rows},
                          {"base", factors.base_hash()},
                          {"form", static_cast<int>(options.form)},
                          {"keep_nuclear_norm", options.keep_nuclear_norm},
                          {"tolerance", options.tolerance}})
                        .dump());
}

std::size_t bytes_of(const ActiveMix& mix) {
  std::size_t bytes = 0;
  for (const auto& change : mix.slots) {
    if (!change) continue;
    if (change->merged.defined()) bytes += change->merged.nbytes();
    if (change->truncation.kept < change->truncation.rank) bytes += change->factors->u.nbytes() + change->factors->vt.nbytes();
  }
  return bytes;
}

}  // namespace

void check(const MixOptions& options) {
  if (!(options.tolerance >= 0 && options.tolerance < 1))
    throw InputError("a tolerance of " + std::to_string(options.tolerance) + " makes no sense: it must be at least 0 and below 1");
  if (options.tolerance > 0 && options.form != LinearForm::Delta)
    throw InputError("only the delta form can be truncated: use a tolerance of 0 with the others");
}

std::shared_ptr<const ActiveMix> resolve_cached(std::span<const Mix> rows, FactorStore& factors, const MixOptions& options,
                                                Caches& caches) {
  const bool cheap = options.form != LinearForm::Merged && options.tolerance == 0;
  if (cheap || is_base(rows)) return resolve_rows(rows, factors, options);
  // One base may be loaded twice, in two dtypes or on two devices.
  const std::string key = std::to_string(factors.model().decoder().id()) + "\n" + content_hash(distinct(rows), factors, options);
  if (auto kept = caches.mixes.get(key)) return kept;
  auto fresh = resolve_rows(rows, factors, options);
  caches.mixes.put(key, fresh, bytes_of(*fresh));
  return fresh;
}

std::shared_ptr<const ActiveMix> resolve(const Mix& mix, FactorStore& factors, const MixOptions& options) {
  return resolve_rows(std::span(&mix, 1), factors, options);
}

std::shared_ptr<const ActiveMix> resolve_rows(std::span<const Mix> rows, FactorStore& factors, const MixOptions& options) {
  check(options);
  if (is_base(rows)) return nullptr;
  const Json described = distinct(rows);
  rows = rows.first(described.size());
  if (rows.size() > 1 && options.form == LinearForm::Merged)
    throw InputError("rows with different experts cannot share merged weights");
  const AdaptableMatrices& matrices = factors.model().matrices();
  const Scales scales(rows.size(), matrices);
  for (std::size_t row = 0; row < rows.size(); ++row) {
    check_names(rows[row], factors);
    add_shifts(rows[row], static_cast<std::int64_t>(row), factors, scales);
  }
  auto active = std::make_shared<ActiveMix>();
  active->slots.resize(matrices.size());
  for (std::size_t slot = 0; slot < matrices.size(); ++slot) {
    std::optional<SlotChange>& change = active->slots[slot];
    change = spectral_change(scales, slot, factors, options);
    SlotChange adds;
    add_low_rank(adds, rows, matrices[slot], factors);
    if (adds.adds.empty()) continue;
    if (!change) change.emplace();
    change->adds = std::move(adds.adds);
  }
  active->answer_only = answer_only(rows);
  active->content_hash = content_hash(described, factors, options);
  return active;
}

Json certificate(const ActiveMix& mix, const AdaptableMatrices& matrices) {
  Json out = Json::array();
  for (std::size_t slot = 0; slot < mix.slots.size(); ++slot) {
    if (!mix.slots[slot] || mix.slots[slot]->truncation.rank == 0) continue;
    const Truncation& cut = mix.slots[slot]->truncation;
    out.push_back({{"matrix", matrices[slot].name},
                   {"kept", cut.kept},
                   {"rank", cut.rank},
                   {"spectral", cut.spectral},
                   {"frobenius", cut.frobenius},
                   {"change", cut.change}});
  }
  return out;
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
