#include "text/score_answers.h"

#include <ATen/ATen.h>
#include <c10/core/InferenceMode.h>

#include <algorithm>
#include <numeric>

#include "io/error.h"
#include "text/padded_rows.h"
#include "text/prefill.h"

namespace zlens {
namespace {

// Answers come from a tokenizer, which may know more tokens than the model.
void check_answer(const DecoderConfig& config, const TokenPrompt& prompt, const std::vector<std::int32_t>& answer) {
  for (const std::int32_t id : answer)
    if (id < 0 || id >= config.vocab_size)
      throw InputError("an answer holds the token id " + std::to_string(id) + ", but the model has " +
                       std::to_string(config.vocab_size) + " embeddings: use the tokenizer of this model");
  const std::size_t length = prompt.ids.size() + answer.size();
  if (length > static_cast<std::size_t>(config.max_position_embeddings))
    throw InputError("the prompt has " + std::to_string(prompt.ids.size()) + " tokens and an answer " +
                     std::to_string(answer.size()) + ", but the model's context holds " +
                     std::to_string(config.max_position_embeddings) + ": shorten one of them");
}

// All but the last token of every answer to every prompt, each answer a branch that continues its prompt.
class Continuations {
 public:
  Continuations(std::span<const TokenPrompt> prompts, std::span<const Answers> answers) {
    for (std::size_t row = 0; row < prompts.size(); ++row) {
      rows_.emplace_back();
      for (std::size_t a = 0; a < answers[row].size(); ++a)
        add(rows_.back(), static_cast<std::int64_t>(prompts[row].ids.size()), answers[row][a], static_cast<std::int64_t>(a) + 1);
    }
  }

  std::int64_t length() const { return length_; }  // of the longest row; the others are padded

  // [B, T, D] of the tokens; the cache holds the prompts, branch 0.
  at::Tensor run(const Decoder& decoder, Context& context) const {
    const auto batch = static_cast<std::int64_t>(rows_.size());
    at::Tensor ancestors = at::eye(branches_ + 1, at::kLong).to(at::kBool);
    ancestors.select(1, 0).fill_(true);
    const at::Tensor prompts = at::zeros({batch, context.cache().length()}, at::kLong);
    const TokenTree tree{padded(&Row::positions, -1), at::cat({prompts, padded(&Row::branches, 0)}, 1),
                         ancestors.unsqueeze(0).expand({batch, branches_ + 1, branches_ + 1})};
    return decoder.forward_tree(decoder.embed(padded(&Row::ids, 0)), tree, context);
  }

 private:
  struct Row {
    std::vector<std::int64_t> ids, positions, branches;
  };

  void add(Row& row, std::int64_t from, const std::vector<std::int32_t>& answer, std::int64_t branch) {
    for (std::size_t t = 0; t + 1 < answer.size(); ++t) {
      row.ids.push_back(answer[t]);
      row.positions.push_back(from + static_cast<std::int64_t>(t));
      row.branches.push_back(branch);
    }
    length_ = std::max(length_, static_cast<std::int64_t>(row.ids.size()));
    branches_ = std::max(branches_, branch);
  }

  at::Tensor padded(std::vector<std::int64_t> Row::*values, std::int64_t filler) const {  // -> [B, T]
    return padded_rows(rows_, values, length_, filler);
  }

  std::vector<Row> rows_;
  std::int64_t length_ = 0, branches_ = 0;
};

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

std::vector<ScoredAnswers> score_answers(const Decoder& decoder, std::span<const TokenPrompt> prompts,
                                         std::span<const Answers> answers, const std::shared_ptr<const ActiveMix>& mix,
                                         Caches& caches) {
  if (prompts.empty()) return {};
  for (std::size_t row = 0; row < prompts.size(); ++row)
    for (const auto& answer : answers[row]) check_answer(decoder.config(), prompts[row], answer);
  const c10::InferenceMode inference;
  const Continuations tokens(prompts, answers);
  Prefilled start = prefill(decoder, prompts, tokens.length(), mix, caches);
  at::Tensor hidden = start.hidden;  // -> [B, 1, D]
  std::vector<ScoredAnswers> out(prompts.size());
  for (std::size_t row = 0; row < out.size(); ++row) {
    out[row].hidden = hidden[static_cast<std::int64_t>(row)][0].to(at::kCPU, at::kFloat);
    out[row].reused_tokens = start.reused[row];
  }
  if (tokens.length() > 0) hidden = at::cat({hidden, tokens.run(decoder, start.context)}, 1);
  for (std::size_t row = 0; row < out.size(); ++row) {
    if (answers[row].empty()) continue;
    const at::Tensor logits = decoder.logits(hidden[static_cast<std::int64_t>(row)]).to(at::kFloat);  // -> [1 + T, V]
    out[row].logprobs = picked(logits.log_softmax(-1).to(at::kCPU), answers[row]);
  }
  return out;
}

std::vector<ScoredAnswers> score_answers(const Decoder& decoder, std::span<const TokenPrompt> prompts, Answers answers,
                                         const std::shared_ptr<const ActiveMix>& mix, Caches& caches) {
  return score_answers(decoder, prompts, std::vector<Answers>(prompts.size(), answers), mix, caches);
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
