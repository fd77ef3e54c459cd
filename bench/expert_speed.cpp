// What experts cost in decoding: 8 rows with 8 different experts against 8 rows on one merged expert and against the 8 rows one
// after another on merged copies; what switching costs, beside a dense rebuild of all matrices as the reference does it.
//   expert_speed MODEL [--expert FILE] [--dtype bf16] [--threads 2] [--rounds 5] [--spread 0.02] [--tolerance 0.01]      prints
//   JSON
// Without --expert, z = 1 + spread * N(0, 1). With it, row k has the file's expert at weight 1 - k / 20.
#include <ATen/ATen.h>
#include <ATen/Parallel.h>
#include <c10/core/InferenceMode.h>

#include <algorithm>
#include <chrono>
#include <functional>
#include <iostream>

#include "app/session.h"
#include "experts/base_hash.h"
#include "experts/factors.h"
#include "experts/mix.h"
#include "io/user_folders.h"
#include "modules/dtype.h"
#include "text/model.h"

namespace {

using namespace zlens;
using Clock = std::chrono::steady_clock;
using Active = std::shared_ptr<const ActiveMix>;

constexpr std::size_t kRows = 8;
constexpr std::int64_t kPromptTokens = 32, kNewTokens = 48;

struct Arguments {
  std::string model, expert, dtype = "bf16";
  int threads = 2, rounds = 5;
  double spread = 0.02, share = 1, tolerance = 0.01;
};

double seconds_since(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

double median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  return values[values.size() / 2];
}

std::shared_ptr<const Expert> random_expert(const FactorStore& factors, const Arguments& arguments, int seed) {
  auto out = std::make_shared<Expert>();
  out->name = "random" + std::to_string(seed);
  out->sha256 = out->name;
  out->base = factors.base_hash();
  at::manual_seed(seed);
  for (const AdaptableMatrix& matrix : factors.model().matrices()) {
    const std::int64_t rank = factors.rank(matrix.name);
    const at::Tensor z = 1 + arguments.spread * at::randn({rank}) * at::rand({rank}).lt(arguments.share);
    out->z[matrix.name] = std::vector<float>(z.const_data_ptr<float>(), z.const_data_ptr<float>() + z.numel());
  }
  return out;
}

std::vector<Mix> different_mixes(const Arguments& arguments, const FactorStore& factors) {
  std::vector<Mix> out;
  const auto one = arguments.expert.empty() ? nullptr : std::make_shared<const Expert>(read_expert(arguments.expert));
  for (std::size_t row = 0; row < kRows; ++row)
    out.push_back(one ? Mix{{one, 1 - 0.05 * static_cast<double>(row)}}
                      : Mix{{random_expert(factors, arguments, static_cast<int>(row)), 1.0}});
  return out;
}

std::vector<TokenPrompt> prompts(std::size_t batch) {
  std::vector<TokenPrompt> out(batch);
  for (std::size_t row = 0; row < batch; ++row)
    for (std::int64_t t = 0; t < kPromptTokens; ++t)
      out[row].ids.push_back(static_cast<std::int32_t>(100 + 37 * t + 11 * static_cast<std::int64_t>(row)));
  return out;
}

// Seconds between the first and the last token of `rows` rows.
double decode_seconds(const Decoder& decoder, std::size_t rows, const Active& mix) {
  Caches caches;
  Clock::time_point first, last;
  generate(decoder, prompts(rows), {.max_new_tokens = kNewTokens}, mix, caches, [&](std::size_t row, const Choice&) {
    if (row == 0) last = Clock::now();
    if (row == 0 && first == Clock::time_point()) first = last;
    return Next::Continue;
  });
  return std::chrono::duration<double>(last - first).count();
}

double dense_rebuild_seconds(FactorStore& factors, const Expert& expert) {
  const c10::InferenceMode inference;
  struct Parts {
    at::Tensor u, s, vt, z;
  };
  std::vector<Parts> all;
  for (const AdaptableMatrix& matrix : factors.model().matrices()) {
    const auto parts = factors.get(matrix.name);
    const auto z = expert.z.find(matrix.name);
    all.push_back({parts->u.to(at::kFloat), parts->s, parts->vt.to(at::kFloat),
                   z == expert.z.end() ? at::ones_like(parts->s) : at::tensor(at::ArrayRef<float>(z->second))});
  }
  const auto start = Clock::now();
  for (const Parts& parts : all)
    at::matmul(at::matmul(parts.u, at::diag(parts.s * parts.z)), parts.vt).mul_(parts.s.sum() / (parts.s * parts.z).sum());
  return seconds_since(start);
}

// Relative change of the logits after a prompt, against the exact form in the same dtype.
double logit_error(const Decoder& decoder, const Active& mix, const Active& exact) {
  const TokenPrompt prompt = prompts(1).front();
  const at::Tensor reference = prompt_logits(decoder, prompt, exact).to(at::kFloat);
  return ((prompt_logits(decoder, prompt, mix).to(at::kFloat) - reference).norm() / reference.norm()).item<double>();
}

Json logit_errors(const Decoder& decoder, const Mix& mix, FactorStore& factors, double tolerance) {
  const Active exact = resolve(mix, factors);
  return {{"base", logit_error(decoder, nullptr, exact)},
          {"factored", logit_error(decoder, resolve(mix, factors, {.form = LinearForm::Factored}), exact)},
          {"truncated", logit_error(decoder, resolve(mix, factors, {.tolerance = tolerance}), exact)}};
}

// Components kept over all matrices, and the largest relative errors that are certified.
Json summary(const Json& certificates, double tolerance) {
  std::int64_t kept = 0, rank = 0;
  double spectral = 0;
  for (const Json& one : certificates) {
    kept += one.at("kept").get<std::int64_t>();
    rank += one.at("rank").get<std::int64_t>();
    spectral = std::max(spectral, one.at("spectral").get<double>() / one.at("change").get<double>());
  }
  return {{"tolerance", tolerance}, {"kept", kept}, {"of", rank}, {"largest_spectral_error", spectral}};
}

template <typename Body>
double seconds_of(const Body& body) {
  const auto start = Clock::now();
  body();
  return seconds_since(start);
}

// Everything that is timed, resolved once.
struct Mixes {
  std::vector<Active> merged;  // one for each row
  Active factored, factored_one, delta, truncated, truncated_one;

  Mixes(const std::vector<Mix>& mixes, FactorStore& factors, double tolerance) {
    for (const Mix& mix : mixes) merged.push_back(resolve(mix, factors, {.form = LinearForm::Merged}));
    factored = resolve_rows(mixes, factors, {.form = LinearForm::Factored});
    factored_one = resolve(mixes[0], factors, {.form = LinearForm::Factored});
    delta = resolve_rows(mixes, factors);
    truncated = resolve_rows(mixes, factors, {.tolerance = tolerance});
    truncated_one = resolve(mixes[0], factors, {.tolerance = tolerance});
  }
};

using Seconds = std::map<std::string, std::vector<double>>;

// Seconds of every case, round by round.
Seconds decoding(const Decoder& decoder, const Mixes& mixes, int rounds) {
  const std::vector<std::pair<std::string, Active>> cases = {{"base", nullptr},
                                                             {"merged_one", mixes.merged[0]},
                                                             {"factored_one", mixes.factored_one},
                                                             {"factored_different", mixes.factored},
                                                             {"delta_different", mixes.delta},
                                                             {"truncated_different", mixes.truncated},
                                                             {"truncated_one", mixes.truncated_one}};
  Seconds out;
  for (int round = -1; round < rounds; ++round) {
    std::map<std::string, double> values;
    for (const auto& [name, mix] : cases) values[name] = decode_seconds(decoder, kRows, mix);
    for (const Active& mix : mixes.merged) values["merged_in_turn"] += decode_seconds(decoder, 1, mix);
    for (const auto& [name, value] : values)
      if (round >= 0) out[name].push_back(value);  // the first round is warm-up
  }
  return out;
}

Json speeds(const Seconds& seconds) {
  Json rates = Json::object();
  for (const auto& [name, values] : seconds) rates[name] = static_cast<double>(kRows * (kNewTokens - 1)) / median(values);
  const auto ratio = [&](const std::string& slow, const std::string& fast) {
    std::vector<double> each;
    for (std::size_t i = 0; i < seconds.at(slow).size(); ++i) each.push_back(seconds.at(slow)[i] / seconds.at(fast)[i]);
    return median(each);
  };
  return {{"tokens_s", rates},
          {"factored_to_merged", ratio("merged_one", "factored_different")},
          {"delta_to_merged", ratio("merged_one", "delta_different")},
          {"truncated_to_merged", ratio("merged_one", "truncated_different")},
          {"truncated_one_to_merged", ratio("merged_one", "truncated_one")},
          {"factored_to_in_turn", ratio("merged_in_turn", "factored_different")}};
}

// Switching with cold caches: a dense rebuild goes before every switch.
Json switching(const std::vector<Mix>& mixes, FactorStore& factors, int rounds) {
  std::vector<double> switches, rebuilds;
  for (int round = 0; round < rounds; ++round) {
    const Mix& other = mixes[static_cast<std::size_t>(round) % kRows];
    rebuilds.push_back(dense_rebuild_seconds(factors, *other.front().expert));
    switches.push_back(seconds_of([&] { resolve(other, factors); }));
  }
  return {{"switch_s", median(switches)}, {"dense_rebuild_s", median(rebuilds)}};
}

Json measure(const Arguments& arguments) {
  const std::shared_ptr<const LanguageModel> model =
      LanguageModel::load(find_model(arguments.model), {.dtype = parse_dtype(arguments.dtype)});
  FactorStore factors(model, base_hash(*model, user_cache_folder()), user_cache_folder() / "factors");
  factors.decompose();
  const std::vector<Mix> mixes = different_mixes(arguments, factors);
  Json out = {{"model", model->path().filename().string()},
              {"expert", arguments.expert},
              {"spread", arguments.spread},
              {"share", arguments.share},
              {"dtype", arguments.dtype},
              {"threads", at::get_num_threads()},
              {"logit_error", logit_errors(model->decoder(), mixes[0], factors, arguments.tolerance)}};
  if (arguments.rounds == 0) return out;
  const Mixes resolved(mixes, factors, arguments.tolerance);
  out["rounds"] = arguments.rounds;
  out.update(speeds(decoding(model->decoder(), resolved, arguments.rounds)));
  out.update(switching(mixes, factors, arguments.rounds));
  out["truncated_different"] = summary(certificate(*resolved.truncated, model->matrices()), arguments.tolerance);
  out["truncated_one"] = summary(certificate(*resolved.truncated_one, model->matrices()), arguments.tolerance);
  return out;
}

}  // namespace

int main(int argc, char** argv) {
  Arguments arguments;
  for (int i = 1; i < argc; ++i) {
    const std::string word = argv[i];
    const auto value = [&] { return i + 1 < argc ? argv[++i] : ""; };
    if (word == "--expert")
      arguments.expert = value();
    else if (word == "--dtype")
      arguments.dtype = value();
    else if (word == "--threads")
      arguments.threads = std::atoi(value());
    else if (word == "--rounds")
      arguments.rounds = std::atoi(value());
    else if (word == "--spread")
      arguments.spread = std::atof(value());
    else if (word == "--share")
      arguments.share = std::atof(value());
    else if (word == "--tolerance")
      arguments.tolerance = std::atof(value());
    else
      arguments.model = word;
  }
  try {
    at::set_num_threads(arguments.threads);
    std::cout << measure(arguments).dump(2) << "\n";
  } catch (const std::exception& error) {
    std::cerr << "expert_speed: " << error.what() << "\n";
    return 1;
  }
}
