// The first part of generation: prompts into the KV cache, shared prefixes once.
#pragma once

#include <memory>
#include <span>
#include <vector>

#include "text/generate.h"

namespace zlens {

struct Prefilled {
  Context context;
  at::Tensor hidden;                 // [B, 1, D] of each prompt's last token
  std::vector<std::int64_t> reused;  // tokens of each row that came from the cache
};

// Embeddings [1, to - from, D] of part of a prompt, modality rows put in.
at::Tensor embed_prompt(const Decoder& decoder, const TokenPrompt& prompt, std::int64_t from, std::int64_t to);

// `mix` must hold one scale for all rows, or one for each prompt (prefixes are then only shared where the base reads them). Room for `reserve` more tokens.
Prefilled prefill(const Decoder& decoder, std::span<const TokenPrompt> prompts, std::int64_t reserve,
                  const std::shared_ptr<const ActiveMix>& mix, Caches& caches);

// A prompt up to TokenPrompt::answer_start() as the base reads it, from the cache or into it: what `prefill` begins with where
// only the answer's side is adapted. nullptr where the answer's side begins with the first token.
std::shared_ptr<const KvPrefix> base_prefix(const Decoder& decoder, const TokenPrompt& prompt, Caches& caches);

}  // namespace zlens
