// Questions about one input and their answers as one tree of tokens, so that what they share is computed once.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "modules/lru_cache.h"
#include "text/decoder.h"
#include "text/generate.h"

namespace zlens {

// A prompt and answers to it (token ids, the one that ends the answer included; none empty).
struct AnsweredPrompt {
  const TokenPrompt* prompt = nullptr;
  std::vector<std::vector<std::int32_t>> answers;
};

// The keys and values of prompts as the base reads them, for scope `answer` and for the distance to the base. Bounded.
struct BaseReading {
  KvCache cache;
  std::vector<std::int64_t> branches;  // of every slot
};
using BaseReadings = LruCache<BaseReading>;

struct TreePass {
  std::shared_ptr<const ActiveMix> mix;  // nullptr: the base
  // True: the base reads the prompts up to TokenPrompt::answer_start(), without gradients; the mix acts behind it.
  bool base_reads = false;
  BaseReadings* readings = nullptr;  // where what the base read is kept; may be nullptr
};

// Log-probabilities [N] float32 of all answers' tokens, prompt by prompt, answer by answer; differentiable in the mix. The prompts
// are read once as far as they are alike, and each question once for all of its answers.
at::Tensor answer_logprobs(const Decoder& decoder, std::span<const AnsweredPrompt> prompts, const TreePass& pass);

}  // namespace zlens
