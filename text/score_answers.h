// How likely given answers are, without generating them.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "modules/caches.h"
#include "text/generate.h"

namespace zlens {

struct ScoredAnswers {
  std::vector<std::vector<float>> logprobs;  // of every token of every answer
  at::Tensor hidden;                         // [D] float32, of the prompt's last token
  std::int64_t reused_tokens = 0;            // of the prompt, from the prefix cache
};

using Answers = std::span<const std::vector<std::int32_t>>;  // token ids, none empty

// Log-probabilities of answers[i] behind prompts[i], in one pass over the prompts and one over all answers together. Prefixes of
// the prompts are shared through `caches` as in `generate`. Thread-safe as `generate` is. Throws InputError
// where an answer holds an id outside the vocabulary or is, behind its prompt, longer than the model's context.
std::vector<ScoredAnswers> score_answers(const Decoder& decoder, std::span<const TokenPrompt> prompts,
                                         std::span<const Answers> answers, const std::shared_ptr<const ActiveMix>& mix,
                                         Caches& caches);
// The same answers behind each prompt.
std::vector<ScoredAnswers> score_answers(const Decoder& decoder, std::span<const TokenPrompt> prompts, Answers answers,
                                         const std::shared_ptr<const ActiveMix>& mix, Caches& caches);
// Behind one prompt.
ScoredAnswers score_answers(const Decoder& decoder, const TokenPrompt& prompt, Answers answers,
                            const std::shared_ptr<const ActiveMix>& mix, Caches& caches);

// Sums of those.
std::vector<double> summed(const ScoredAnswers& scored);

}  // namespace zlens
