#include "app/expert_form.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <array>
#include <cstdio>

#include "experts/linear_costs.h"
#include "io/error.h"
#include "io/user_folders.h"
#include "modules/dtype.h"
#include "text/model.h"

namespace zlens {
namespace {

// A question as it is in practice: what `auto` reckons with, so that the choice depends on options alone and a resumed run repeats
// it.
constexpr double kPromptTokens = 400, kNewTokens = 32;
constexpr std::int64_t kBatch = 8;

FormWork expected_work(std::int64_t expected_questions) {
  const std::int64_t questions = std::max<std::int64_t>(expected_questions, 1), batch = std::min(questions, kBatch);
  return {.prompt_tokens = static_cast<double>(questions) * kPromptTokens,
          .decode_steps = static_cast<double>(questions) / static_cast<double>(batch) * kNewTokens,
          .batch = batch};
}

// Of one merged copy of all adaptable matrices.
double merged_bytes(const LanguageModel& model) {
  double bytes = 0;
  for (const AdaptableMatrix& matrix : model.matrices()) bytes += static_cast<double>(matrix.weight.nbytes());
  return bytes;
}

std::string gigabytes(double bytes) {
  std::array<char, 32> text{};
  std::snprintf(text.data(), text.size(), "%.1f GB", bytes / 1e9);
  return text.data();
}

}  // namespace

void factor_ahead(const Mix& mix, FactorStore& factors, const SessionOptions& options) {
  DecomposeOptions decompose;
  for (const WeightedExpert& entry : mix) {
    for (const auto& [name, z] : entry.expert->z) decompose.only.insert(name);
    for (const auto& [name, xs] : entry.expert->xs) decompose.only.insert(name);
  }
  if (decompose.only.empty()) return;
  bool stopped = false;
  if (options.on_factors) {
    decompose.progress = [&](std::int64_t done, std::int64_t total, std::int64_t already) {
      if (already < total) stopped = !options.on_factors(done, total) || stopped;
    };
    decompose.stop = [&] { return stopped; };
  }
  try {
    factors.decompose(decompose);
  } catch (const Error&) {
    // Without a cache, or while another process fills it, `get` computes what is needed.
  }
  if (stopped) throw Error("stopped while the base was being factored; what is done is kept");
}

MixOptions mix_options(const SessionOptions& options, const LanguageModel& model, std::size_t mixes, Json& record) {
  MixOptions out{.tolerance = options.tolerance};
  const std::size_t experts = mixes > 1 ? mixes - 1 : 1;
  const double copies = static_cast<double>(experts) * merged_bytes(model);
  const bool copies_fit = experts == 1 || copies <= static_cast<double>(Caches::kMixBytes);
  if (options.form != "auto") {
    out.form = parse_form(options.form);
  } else if (options.tolerance == 0) {  // only delta can be truncated
    const LinearCosts costs = LinearCosts::load(assets_folder() / "linear-costs.json");
    FormWork work = expected_work(options.expected_questions);
    work.experts = std::min(static_cast<std::int64_t>(experts), std::max<std::int64_t>(options.expected_questions, 1));
    work.base_rows = mixes > 1;
    work.copies_fit = copies_fit;
    std::vector<MatrixShape> shapes;
    for (const AdaptableMatrix& matrix : model.matrices()) shapes.push_back({matrix.weight.size(0), matrix.weight.size(1)});
    out.form = choose_form(shapes, work, costs.of(dtype_label(model.dtype())));
    record["linear_costs"] = costs.sha256();
  }
  if (out.form == LinearForm::Merged && !copies_fit)
    throw InputError("form merged would hold " + std::to_string(experts) + " copies of the weights, " + gigabytes(copies) +
                     ", of " + gigabytes(static_cast<double>(Caches::kMixBytes)) + " that may be held: use delta or factored");
  check(out);
  record["form"] = form_name(out.form);
  return out;
}

Json truncation_summary(const Json& certificates) {
  std::int64_t kept = 0, rank = 0;
  double relative = 0;
  for (const Json& one : certificates) {
    kept += one.at("kept").get<std::int64_t>();
    rank += one.at("rank").get<std::int64_t>();
    relative = std::max(relative, one.at("spectral").get<double>() / one.at("change").get<double>());
  }
  return {{"kept", kept}, {"of", rank}, {"largest_relative_error", relative}};
}

}  // namespace zlens
