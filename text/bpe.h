// Byte-pair encoding by ranked merges: the model "BPE" of tokenizer.json and "gpt2" of GGUF.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "text/token_model.h"

namespace zlens {

struct BpeOptions {
  std::string unk_token;                  // empty: unknown characters vanish
  std::string continuing_subword_prefix;  // stands before every character but a word's first
  std::string end_of_word_suffix;         // stands after a word's last character
  bool fuse_unk = false;                  // neighbouring unknown characters make one token
  bool byte_fallback = false;             // unknown characters become their bytes' tokens <0xNN>
  bool ignore_merges = false;             // a word that is a token is taken whole
};

// Pairs of ids that merge, looked up by binary search: no hash that a hostile file could make collide.
class MergeTable {
 public:
  struct Entry {
    std::int32_t left, right;
    std::int32_t rank;    // lower merges first
    std::int32_t result;  // id of the merged token
  };
  MergeTable() = default;
  // Of two entries for one pair the one with the higher rank holds, as in the reference.
  MergeTable(std::vector<Entry> entries, std::int32_t vocabulary_size);
  const Entry* find(std::int32_t left, std::int32_t right) const;

 private:
  std::vector<Entry> entries_;          // by left, then right
  std::vector<std::uint32_t> buckets_;  // entries of `left` are [buckets_[left], buckets_[left + 1])
};

class Bpe final : public TokenModel {
 public:
  // merges[i] are the two tokens of rank i. Throws InputError, beginning with `subject`, where a merge or the unknown token names
  // something outside the vocabulary.
  Bpe(Vocabulary vocabulary, const std::vector<std::pair<std::string, std::string>>& merges, BpeOptions options,
      std::string_view subject);

  // O(n log n) for a word of n characters, with the stack of one call.
  void encode(std::string_view word, std::vector<std::int32_t>& out) const override;
  const Vocabulary& vocabulary() const override { return vocabulary_; }

 private:
  std::vector<std::int32_t> characters(std::string_view word) const;
  bool append_bytes(std::string_view character, std::vector<std::int32_t>& symbols) const;
  void merge(std::vector<std::int32_t>& symbols) const;

  Vocabulary vocabulary_;
  BpeOptions options_;
  MergeTable merges_;
  std::int32_t unk_ = -1;
};

}  // namespace zlens
