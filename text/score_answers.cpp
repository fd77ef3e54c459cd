#include "text/score_answers.h"

#include <ATen/ATen.h>
#include <c10/core/InferenceMode.h>

#include <numeric>

#include "text/prefill.h"

namespace zlens {
namespace {

// All but the last token of every answer, each answer a branch that continues the prompt.
struct Continuations {
  std::vector<std::int64_t> ids, positions, branches;
};

Continuations continuations(std::span<const std::vector<std::int32_t>> answers, std::int64_t prompt_length) {
  Continuations out;
  for (std::size_t a = 0; a < answers.size(); ++a)
    for (std::size_t t = 0; t + 1 < answers[a].size(); ++t) {
      out.ids.push_back(answers[a][t]);
      out.positions.push_back(prompt_length + static_cast<std::int64_t>(t));
      out.branches.push_back(static_cast<std::int64_t>(a) + 1);
    }
  return out;
}

// [T, D] of the continuations' tokens; the cache holds the prompt, branch 0.
at::Tensor run(const Decoder& decoder, const Continuations& tokens, std::int64_t answers, Context& context) {
  std::vector<std::int64_t> branches(static_cast<std::size_t>(context.cache().length()), 0);
  branches.insert(branches.end(), tokens.branches.begin(), tokens.branches.end());
  at::Tensor ancestors = at::eye(answers + 1, at::kLong).to(at::kBool);
  ancestors.select(1, 0).fill_(true);
  const TokenTree tree{at::tensor(tokens.positions, at::kLong).unsqueeze(0), at::tensor(branches, at::kLong).unsqueeze(0),
                       ancestors.unsqueeze(0)};
  return decoder.forward_tree(decoder.embed(at::tensor(tokens.ids, at::kLong).unsqueeze(0)), tree, context)[0];
}

}  // namespace

ScoredAnswers score_answers(const Decoder& decoder, const TokenPrompt& prompt, std::span<const std::vector<std::int32_t>> answers,
                            const std::shared_ptr<const ActiveMix>& mix, Caches& caches) {
  const c10::InferenceMode inference;
  const Continuations tokens = continuations(answers, static_cast<std::int64_t>(prompt.ids.size()));
  const auto more = static_cast<std::int64_t>(tokens.ids.size());
  Prefilled start = prefill(decoder, std::span(&prompt, 1), more, mix, caches);
  const at::Tensor last = start.hidden[0];  // -> [1, D]
  ScoredAnswers out{.hidden = last[0].to(at::kCPU, at::kFloat), .reused_tokens = start.reused.front()};
  if (answers.empty()) return out;
  const at::Tensor hidden =
      more > 0 ? at::cat({last, run(decoder, tokens, static_cast<std::int64_t>(answers.size()), start.context)}, 0) : last;
  const at::Tensor logprobs = decoder.logits(hidden).to(at::kFloat).log_softmax(-1).to(at::kCPU).contiguous();  // -> [1 + T, V]
  const float* values = logprobs.const_data_ptr<float>();
  const std::int64_t vocabulary = logprobs.size(1);
  std::int64_t next = 1;  // row that predicts the second token of the answer at hand
  for (const auto& answer : answers) {
    std::vector<float> scores;
    for (std::size_t t = 0; t < answer.size(); ++t) scores.push_back(values[(t == 0 ? 0 : next++) * vocabulary + answer[t]]);
    out.logprobs.push_back(std::move(scores));
  }
  return out;
}

std::vector<double> summed(const ScoredAnswers& scored) {
  std::vector<double> out;
  for (const auto& logprobs : scored.logprobs) out.push_back(std::accumulate(logprobs.begin(), logprobs.end(), 0.0));
  return out;
}

}  // namespace zlens
