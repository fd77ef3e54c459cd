// What stands behind every tokenizer kind: a vocabulary, and a model that turns one word into ids.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace zlens {

// Bounds on what a tokenizer file may ask for; far above every published tokenizer.
struct TokenizerLimits {
  static constexpr std::size_t max_tokens = std::size_t{1} << 22;
  static constexpr std::size_t max_token_bytes = 4096;
  static constexpr std::size_t max_merges = std::size_t{1} << 23;
  static constexpr std::size_t max_added_tokens = 200'000;
  // An added token is searched from every byte of the text, so its length bounds that work.
  static constexpr std::size_t max_added_token_bytes = 512;
  static constexpr std::size_t max_steps = 64;        // of a normaliser, pre-tokenizer or decoder chain
  static constexpr std::size_t max_replacement = 64;  // bytes of a pattern or its replacement
  static constexpr std::size_t max_growth = 16;       // of a text by its normaliser
  static constexpr std::size_t max_text_bytes = std::size_t{1} << 29;
};

// Tokens by id and ids by token. Immutable; safe to share between threads. Not copyable, since the index points into the tokens.
class Vocabulary {
 public:
  // tokens[i] is the token of id i; an empty one is a hole. `subject` names the file in errors.
  // Throws InputError on duplicates, on too many and on too long tokens.
  Vocabulary(std::vector<std::string> tokens, std::string_view subject);
  Vocabulary(Vocabulary&&) = default;
  Vocabulary& operator=(Vocabulary&&) = default;

  std::int32_t size() const { return static_cast<std::int32_t>(tokens_.size()); }
  // Tokens that are no holes.
  std::size_t count() const { return ids_.size(); }
  // -1 where the token is unknown.
  std::int32_t find(std::string_view token) const;
  const std::string& token(std::int32_t id) const { return tokens_[static_cast<std::size_t>(id)]; }
  std::size_t longest() const { return longest_; }
  // The id of the token "<0xNN>", -1 where there is none.
  std::int32_t byte_token(std::uint8_t byte) const { return byte_ids_[byte]; }

 private:
  std::vector<std::string> tokens_;
  std::unordered_map<std::string_view, std::int32_t> ids_;
  std::vector<std::int32_t> byte_ids_;
  std::size_t longest_ = 0;
};

// One word, as the pre-tokenizer cut it, to ids. Immutable; thread-safe.
class TokenModel {
 public:
  virtual ~TokenModel() = default;
  // Appends the ids of `word` (valid UTF-8).
  virtual void encode(std::string_view word, std::vector<std::int32_t>& out) const = 0;
  virtual const Vocabulary& vocabulary() const = 0;
};

// The spelling "<0xNN>" of a byte in vocabularies with byte fallback.
std::string byte_token_name(std::uint8_t byte);

}  // namespace zlens
