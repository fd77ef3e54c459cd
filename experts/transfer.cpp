#include "experts/transfer.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <set>

#include "experts/delta_weight.h"
#include "io/error.h"
#include "modules/dtype.h"
#include "text/model.h"

namespace zlens {
namespace {

const AdaptableMatrix& matrix_of(FactorStore& factors, const std::string& name) {
  factors.rank(name);
  const auto& matrices = factors.model().matrices();
  return *std::find_if(matrices.begin(), matrices.end(), [&](const AdaptableMatrix& one) { return one.name == name; });
}

// The same matrix of another model.
std::string name_in(const LanguageModel& to, const LanguageModel& from, const std::string& name) {
  const std::string prefix = from.decoder_name() + ".";
  return name.starts_with(prefix) ? to.decoder_name() + "." + name.substr(prefix.size()) : name;
}

template <typename Value>
void rename_keys(std::map<std::string, Value>& values, const LanguageModel& to, const LanguageModel& from) {
  std::map<std::string, Value> out;
  for (auto& [name, value] : values) out.emplace(name_in(to, from, name), std::move(value));
  values = std::move(out);
}

void check_shapes(FactorStore& from, FactorStore& to, const std::string& name) {
  const auto a = matrix_of(from, name).weight.sizes(), b = matrix_of(to, name_in(to.model(), from.model(), name)).weight.sizes();
  if (a != b)
    throw InputError("'" + name + "' is " + shape_text(a) + " in the expert's base, but " + shape_text(b) + " in " +
                     to.model().path().string());
}

// |u_i · u'_i| |v_i · v'_i| for each i, [R].
at::Tensor alignments(const Factors& a, const Factors& b) {
  return (a.u * b.u).sum(0).abs() * (a.vt * b.vt).sum(1).abs();
}

double weighted_mean(const at::Tensor& values, const at::Tensor& weights) {
  const double total = weights.sum().item<double>();
  return total > 0 ? (values * weights).sum().item<double>() / total : values.mean().item<double>();
}

// -1 where u · u' is negative, else 1.
at::Tensor signs(const at::Tensor& products) {
  return at::where(products.lt(0), -1.0, 1.0).to(at::kFloat);
}

// X stands between singular vectors, so one that has turned round turns its row (u) or its column (v) of X.
void turn(Matrix& x, const Factors& a, const Factors& b) {
  at::Tensor values = at::from_blob(x.values.data(), {x.rows, x.columns}, at::kFloat);
  values.mul_(signs((a.u * b.u).sum(0)).slice(0, 0, x.rows).unsqueeze(1));
  values.mul_(signs((a.vt * b.vt).sum(1)).slice(0, 0, x.columns));
}

struct Measured {
  MatrixDrift drift;
  double size = 0;  // ‖ΔW‖
};

// Carries what depends on the factors over to `carried`, a copy of `expert` whose matrices have their old names still.
Measured carry(const Expert& expert, Expert& carried, const std::string& name, FactorStore& from, FactorStore& to) {
  Measured out{{.name = name, .alignment = 1, .plain_alignment = 1}};
  if (!needs_factors(expert, name)) {
    out.size = delta_weight(expert, name, {}).norm().item<double>();
    return out;
  }
  const Factors a = from.exact(name), b = to.exact(name_in(to.model(), from.model(), name));
  const at::Tensor aligned = alignments(a, b), before = delta_weight(expert, name, a);
  at::Tensor weights = at::zeros_like(a.s);
  if (expert.z.contains(name)) weights = a.s * shift_of(expert, name).abs();
  if (const auto x = carried.xs.find(name); x != carried.xs.end()) {
    weights.slice(0, 0, x->second.rows) += 1;
    turn(x->second, a, b);
  }
  out.drift.alignment = weighted_mean(aligned, weights);
  out.drift.plain_alignment = aligned.mean().item<double>();
  const double norm = a.s.norm().item<double>();
  out.drift.spectrum = norm > 0 ? (a.s - b.s).norm().item<double>() / norm : 0;
  out.size = before.norm().item<double>();
  out.drift.effect = out.size > 0 ? (before - delta_weight(carried, name, b)).norm().item<double>() / out.size : 0;
  return out;
}

}  // namespace

Transfer transfer_expert(const Expert& expert, FactorStore& from, FactorStore& to) {
  check_fits(expert, from);
  std::set<std::string> names;
  for (const auto& [name, z] : expert.z) names.insert(name);
  for (const auto* parts : {&expert.lora_a, &expert.xs})
    for (const auto& [name, matrix] : *parts) names.insert(name);
  for (const std::string& name : names) check_shapes(from, to, name);
  Transfer out{expert, {}};
  double total = 0;
  for (const std::string& name : names) {
    const Measured measured = carry(expert, out.expert, name, from, to);
    out.report.matrices.push_back(measured.drift);
    out.report.alignment += measured.drift.alignment * measured.size;
    out.report.effect += measured.drift.effect * measured.size;
    total += measured.size;
  }
  out.report.alignment = total > 0 ? out.report.alignment / total : 1;
  out.report.effect = total > 0 ? out.report.effect / total : 0;
  rename_keys(out.expert.z, to.model(), from.model());
  for (auto* parts : {&out.expert.lora_a, &out.expert.lora_b, &out.expert.xs}) rename_keys(*parts, to.model(), from.model());
  out.expert.base = to.base_hash();
  out.expert.prototype = {};  // of what the old base read
  out.expert.record["transferred"] = Json{
      {"expert", expert.sha256},
      {"base", expert.base},
      {"alignment", out.report.alignment},
      {"effect", out.report.effect}}.dump();
  return out;
}

Json to_json(const TransferReport& report) {
  Json matrices = Json::array();
  for (const MatrixDrift& one : report.matrices)
    matrices.push_back({{"matrix", one.name},
                        {"alignment", one.alignment},
                        {"plain_alignment", one.plain_alignment},
                        {"spectrum", one.spectrum},
                        {"effect", one.effect}});
  return {{"alignment", report.alignment}, {"effect", report.effect}, {"matrices", matrices}};
}

}  // namespace zlens
