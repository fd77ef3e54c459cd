#include "experts/linear_costs.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <utility>

#include "io/error.h"
#include "io/json.h"
#include "io/mapped_file.h"
#include "io/sha256.h"

namespace zlens {
namespace {

constexpr std::array<std::pair<LinearForm, const char*>, 3> kForms = {
    {{LinearForm::Delta, "delta"}, {LinearForm::Factored, "factored"}, {LinearForm::Merged, "merged"}}};

double rate(const Json& table, const char* key, const std::string& subject) {
  const auto found = table.find(key);
  if (found == table.end() || !found->is_number() || !std::isfinite(found->get<double>()) || found->get<double>() < 0)
    throw InputError(subject + "." + key + " must be a number of seconds");
  return found->get<double>();
}

// One product [tokens, N] x [N, M], many tokens at once.
double many(double m, double n, double tokens, const DtypeCosts& costs) {
  return tokens > 0 ? costs.product + m * n * tokens * costs.many_mac : 0;
}

double few(double m, double n, double rows, const DtypeCosts& costs) {
  return costs.product + m * n * std::max(costs.weight, rows * costs.few_mac);
}

double product_seconds(double m, double n, const FormWork& work, const DtypeCosts& costs) {
  return many(m, n, work.prompt_tokens, costs) + work.decode_steps * few(m, n, static_cast<double>(work.batch), costs);
}

}  // namespace

LinearCosts LinearCosts::load(const std::filesystem::path& path) {
  const std::string text = read_text_file(path, std::size_t{1} << 20);
  const Json table = parse_json(text, path.string());
  LinearCosts out;
  if (!table.is_object() || table.value("format", Json()) != 1)
    throw InputError(path.string() + ": is no table of linear costs of format 1");
  for (const char* dtype : {"bf16", "fp16", "fp32"}) {
    const std::string subject = path.string() + ": " + dtype;
    const auto found = table.find(dtype);
    if (found == table.end() || !found->is_object()) throw InputError(subject + " is missing");
    out.dtypes_[dtype] = {rate(*found, "product_s", subject), rate(*found, "weight_s", subject), rate(*found, "few_mac_s", subject),
                          rate(*found, "many_mac_s", subject), rate(*found, "build_mac_s", subject)};
  }
  out.sha256_ = sha256_hex(text);
  return out;
}

const DtypeCosts& LinearCosts::of(const std::string& dtype) const {
  const auto found = dtypes_.find(dtype);
  if (found == dtypes_.end()) throw InputError("there are no linear costs for dtype '" + dtype + "'");
  return found->second;
}

double form_seconds(LinearForm form, const MatrixShape& shape, const FormWork& work, const DtypeCosts& costs) {
  const auto m = static_cast<double>(shape.rows), n = static_cast<double>(shape.columns), rank = std::min(m, n);
  const double kept = work.kept < 0 ? rank : std::min(static_cast<double>(work.kept), rank);
  const auto experts = static_cast<double>(work.experts);
  switch (form) {
    case LinearForm::Delta:
      return product_seconds(m, n, work, costs) + product_seconds(kept, n, work, costs) + product_seconds(m, kept, work, costs);
    case LinearForm::Factored:
      return product_seconds(rank, n, work, costs) + product_seconds(m, rank, work, costs);
    case LinearForm::Merged:
      const double decode = few(m, n, static_cast<double>(work.batch) / experts, costs);
      return experts * (m * n * rank * costs.build_mac + work.decode_steps * decode) + many(m, n, work.prompt_tokens, costs);
  }
  return 0;
}

LinearForm choose_form(std::span<const MatrixShape> shapes, const FormWork& work, const DtypeCosts& costs) {
  std::pair<double, LinearForm> best{INFINITY, LinearForm::Delta};
  for (const auto& [form, name] : kForms) {
    if (form == LinearForm::Merged && !work.copies_fit) continue;
    if (form == LinearForm::Factored && work.base_rows) continue;
    double seconds = 0;
    for (const MatrixShape& shape : shapes) seconds += form_seconds(form, shape, work, costs);
    if (seconds < best.first) best = {seconds, form};
  }
  return best.second;
}

const char* form_name(LinearForm form) {
  return std::ranges::find(kForms, form, [](const auto& entry) { return entry.first; })->second;
}

LinearForm parse_form(const std::string& name) {
  for (const auto& [form, known] : kForms)
    if (name == known) return form;
  throw InputError("unknown form '" + name + "' (known: auto, delta, factored, merged)");
}

}  // namespace zlens
