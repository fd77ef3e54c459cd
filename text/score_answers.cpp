#include "text/score_answers.h"

#include <ATen/ATen.h>
#include <c10/core/InferenceMode.h>

#include <numeric>

#include "text/prefill.h"

namespace zlens {
namespace {

using Answers = std::span<const std::vector<std::int32_t>>;

// All but the last token of every answer, each answer a branch that continues the prompt.
struct Continuations {
  std::vector<std::int64_t> ids, offsets, branches;  // offsets: behind the prompt
};

Continuations continuations(Answers answers) {
  Continuations out;
  for (std::size_t a = 0; a < answers.size(); ++a)
    for (std::size_t t = 0; t + 1 < answers[a].size(); ++t) {
      out.ids.push_back(answers[a][t]);
      out.offsets.push_back(static_cast<std::int64_t>(t));
      out.branches.push_back(static_cast<std::int64_t>(a) + 1);
    }
  return out;
}

// [B, T, D] of the continuations' tokens; the cache holds the prompts, branch 0.
at::Tensor run(const Decoder& decoder, const Continuations& tokens, std::span<const TokenPrompt> prompts, Context& context) {
  const auto batch = static_cast<std::int64_t>(prompts.size());
  std::vector<std::int64_t> branches(static_cast<std::size_t>(context.cache().length()), 0), lengths;
  branches.insert(branches.end(), tokens.branches.begin(), tokens.branches.end());
  for (const TokenPrompt& prompt : prompts) lengths.push_back(static_cast<std::int64_t>(prompt.ids.size()));
  const std::int64_t last = tokens.branches.back();
  at::Tensor ancestors = at::eye(last + 1, at::kLong).to(at::kBool);
  ancestors.select(1, 0).fill_(true);
  const auto for_each_row = [&](const at::Tensor& row) { return row.unsqueeze(0).expand({batch, row.size(0)}); };
  const TokenTree tree{at::tensor(lengths, at::kLong).unsqueeze(1) + at::tensor(tokens.offsets, at::kLong).unsqueeze(0),
                       for_each_row(at::tensor(branches, at::kLong)), ancestors.unsqueeze(0).expand({batch, last + 1, last + 1})};
  return decoder.forward_tree(decoder.embed(for_each_row(at::tensor(tokens.ids, at::kLong))), tree, context);
}

// Of every token of every answer; logprobs: [1 + T, V], what follows the prompt, then each of the continuations' tokens.
std::vector<std::vector<float>> picked(const at::Tensor& logprobs, Answers answers) {
  const auto values = logprobs.accessor<float, 2>();
  std::vector<std::vector<float>> out;
  std::int64_t next = 1;  // row that predicts the second token of the answer at hand
  for (const auto& answer : answers) {
    std::vector<float> scores;
    for (std::size_t t = 0; t < answer.size(); ++t) scores.push_back(values[t == 0 ? 0 : next++][answer[t]]);
    out.push_back(std::move(scores));
  }
  return out;
}

}  // namespace

std::vector<ScoredAnswers> score_answers(const Decoder& decoder, std::span<const TokenPrompt> prompts, Answers answers,
                                         const std::shared_ptr<const ActiveMix>& mix, Caches& caches) {
  if (prompts.empty()) return {};
  const c10::InferenceMode inference;
  const Continuations tokens = continuations(answers);
  Prefilled start = prefill(decoder, prompts, static_cast<std::int64_t>(tokens.ids.size()), mix, caches);
  at::Tensor hidden = start.hidden;  // -> [B, 1, D]
  std::vector<ScoredAnswers> out(prompts.size());
  for (std::size_t row = 0; row < out.size(); ++row) {
    out[row].hidden = hidden[static_cast<std::int64_t>(row)][0].to(at::kCPU, at::kFloat);
    out[row].reused_tokens = start.reused[row];
  }
  if (answers.empty()) return out;
  if (!tokens.ids.empty()) hidden = at::cat({hidden, run(decoder, tokens, prompts, start.context)}, 1);
  for (std::size_t row = 0; row < out.size(); ++row) {
    const at::Tensor logits = decoder.logits(hidden[static_cast<std::int64_t>(row)]).to(at::kFloat);  // -> [1 + T, V]
    out[row].logprobs = picked(logits.log_softmax(-1).to(at::kCPU), answers);
  }
  return out;
}

ScoredAnswers score_answers(const Decoder& decoder, const TokenPrompt& prompt, Answers answers,
                            const std::shared_ptr<const ActiveMix>& mix, Caches& caches) {
  return std::move(score_answers(decoder, std::span(&prompt, 1), answers, mix, caches).front());
}

std::vector<double> summed(const ScoredAnswers& scored) {
  std::vector<double> out;
  for (const auto& logprobs : scored.logprobs) out.push_back(std::accumulate(logprobs.begin(), logprobs.end(), 0.0));
  return out;
}

}  // namespace zlens
