// Byte-pair encoding by token scores: the model "llama" of GGUF, which keeps sentencepiece's scores and no list of merges.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "text/token_model.h"

namespace zlens {

class SentencepieceBpe final : public TokenModel {
 public:
  // scores[i] belongs to token i and must be finite. Characters without a token become byte tokens, or `unknown` where it is >= 0.
  SentencepieceBpe(Vocabulary vocabulary, std::vector<float> scores, std::vector<bool> mergeable, std::int32_t unknown);

  // Merges the neighbours whose joint text has the highest score, the leftmost on ties, until none is a token. O(n log n).
  void encode(std::string_view word, std::vector<std::int32_t>& out) const override;
  const Vocabulary& vocabulary() const override { return vocabulary_; }

  // The token that two neighbours may merge into, -1 where there is none.
  std::int32_t mergeable(std::string_view text) const;
  float score(std::int32_t id) const { return scores_[static_cast<std::size_t>(id)]; }

 private:
  void append_piece(std::string_view piece, std::vector<std::int32_t>& out) const;

  Vocabulary vocabulary_;
  std::vector<float> scores_;
  std::vector<bool> mergeable_;  // false: control and other tokens that text never becomes
  std::int32_t unknown_;
};

}  // namespace zlens
