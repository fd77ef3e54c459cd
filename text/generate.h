// Generation: prompts in, tokens out.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "modules/caches.h"
#include "modules/linear.h"
#include "modules/modality.h"
#include "text/decoder.h"
#include "text/sampling.h"

namespace zlens {

// One prepared input of a prompt, and what encodes it.
struct EmbeddedInput {
  std::shared_ptr<const Modality> modality;
  std::shared_ptr<const Prepared> prepared;
};

// One row: token ids, and for ids that stand for embeddings of a modality the rows that replace them.
struct TokenPrompt {
  std::vector<std::int32_t> ids;
  // Increasing lengths at which the keys and values of ids[0, n) are worth keeping for other prompts (texts in front of a
  // question). What is reused depends on this prompt alone, never on what ran before: results do not depend on history. A decoder
  // with bidirectional_prompt reuses nothing but all of this very prompt before its last token.
  std::vector<std::int64_t> shared_prefixes;
  std::vector<std::int64_t> embedded;   // indices into ids, increasing, whose embedding is given
  at::Tensor embeddings;                // [embedded.size(), D]; undefined where there are none
  std::string embeddings_hash;          // content hash of embeddings: part of cache keys
  std::vector<EmbeddedInput> inputs;    // what the embeddings were encoded from
  std::vector<std::int64_t> row_order;  // embeddings[i] is row row_order[i] of what the inputs give, one after the other
  // Where the answer's side begins (behind the question: the tokens that open the answer, at least the last one): what a mix that
  // is ActiveMix::answer_only acts on. 0: the last token.
  std::int64_t answer_from = 0;

  // The same within [1, ids.size() - 1]; 0 for a prompt of one token.
  std::int64_t answer_start() const;
  // Keeps all but the last token for others with this very prompt: more answers to it, or their likelihoods.
  void share_whole();
};

struct GenerateOptions {
  std::int64_t max_new_tokens = 64;
  SamplingOptions sampling;
  std::vector<std::int32_t> stop_ids;  // generation of a row ends with any of them (kept as its last id)
  std::vector<std::uint64_t> streams;  // number of each row's random stream; empty: 0, 1, …
};

enum class FinishReason { Stop, Length, Cancelled };

struct Generation {
  std::vector<std::int32_t> ids;  // with the stop id, where one ended it
  std::vector<float> logprobs;    // of each id, at temperature 1
  FinishReason reason = FinishReason::Length;
  std::int64_t prompt_tokens = 0, reused_tokens = 0;  // reused: taken from the prefix cache
};

// Called after each step with the row and its new id; says how to go on.
enum class Next { Continue, EndRow, EndAll };
using TokenCallback = std::function<Next(std::size_t row, const Choice& choice)>;

// Generates for all prompts as one batch, rows of unequal length padded on the left. `mix` may hold one row of scales or one for
// each prompt. Throws InputError where a prompt is empty or longer than the model's context leaves room for. Thread-safe: the model
// is only read, `caches` locks itself.
std::vector<Generation> generate(const Decoder& decoder, std::span<const TokenPrompt> prompts, const GenerateOptions& options,
                                 const std::shared_ptr<const ActiveMix>& mix, Caches& caches, const TokenCallback& on_token = {});

// Logits [T, V] float32 of a whole prompt, read as `generate` reads it. Throws as `generate` does.
at::Tensor prompt_logits(const Decoder& decoder, const TokenPrompt& prompt, const std::shared_ptr<const ActiveMix>& mix);

}  // namespace zlens
