#include "app/expert_form.h"

#include <ATen/ATen.h>

#include <algorithm>

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

MixOptions mix_options(const SessionOptions& options, const LanguageModel& model, bool several, Json& record) {
  MixOptions out{.tolerance = options.tolerance};
  if (options.form != "auto") {
    out.form = parse_form(options.form);
  } else if (options.tolerance == 0) {  // only delta can be truncated
    const LinearCosts costs = LinearCosts::load(assets_folder() / "linear-costs.json");
    std::vector<MatrixShape> shapes;
    for (const AdaptableMatrix& matrix : model.matrices()) shapes.push_back({matrix.weight.size(0), matrix.weight.size(1)});
    const auto questions = static_cast<double>(std::max<std::int64_t>(options.expected_questions, 1));
    out.form = choose_form(
        shapes, {.prompt_tokens = questions * kPromptTokens, .decode_steps = questions * kNewTokens, .base_rows = several},
        costs.of(dtype_label(model.dtype())));
    record["linear_costs"] = costs.sha256();
  }
  if (out.form == LinearForm::Merged && several)
    throw InputError("form merged needs one expert for all questions, which a dispatcher does not give: use delta or factored");
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
