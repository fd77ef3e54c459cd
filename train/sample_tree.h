// Questions about one input and their answers as one tree of tokens, so that what they share is computed once.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "modules/caches.h"
#include "text/decoder.h"
#include "text/generate.h"

namespace zlens {

// A prompt and answers to it (token ids, the one that ends the answer included; none empty).
struct AnsweredPrompt {
  const TokenPrompt* prompt = nullptr;
  std::vector<std::vector<std::int32_t>> answers;
};

struct TreePass {
  std::shared_ptr<const ActiveMix> mix;  // nullptr: the base
  // Not nullptr: the base reads the prompts up to TokenPrompt::answer_start(), without gradients, and what it read is kept and
  // found here; the mix acts behind it.
  Caches* base_reads = nullptr;
};

// Log-probabilities [N] float32 of all answers' tokens, prompt by prompt, answer by answer; differentiable in the mix. The prompts
// are read once as far as they are alike, and each question once for all of its answers.
at::Tensor answer_logprobs(const Decoder& decoder, std::span<const AnsweredPrompt> prompts, const TreePass& pass);

struct BatchPass {
  std::shared_ptr<const ActiveMix> mix;  // nullptr: the base
  // What is learnt lies in the prompts' embeddings alone: the text that all prompts begin with is then read once for all rows and
  // without gradients. Not together with a mix.
  bool fixed_decoder = false;
};

// The same for the prompts of several inputs, a row of one batch each; differentiable in the decoder's weights and the prompts'
// embeddings, too.
at::Tensor answer_logprobs(const Decoder& decoder, std::span<const std::vector<AnsweredPrompt>> inputs, const BatchPass& pass = {});

}  // namespace zlens
