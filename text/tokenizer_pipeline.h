// The tokenizer that all file formats build: added tokens, normaliser, pre-tokenizer, model, special tokens; and a decoder back.
#pragma once

#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "text/added_tokens.h"
#include "text/pre_tokenizer.h"
#include "text/token_model.h"
#include "text/tokenizer.h"
#include "text/tokenizer_decoder.h"
#include "text/tokenizer_normalizer.h"

namespace zlens {

// What a file says, before it is checked as a whole.
struct TokenizerParts {
  std::shared_ptr<const TokenModel> model;
  std::vector<AddedToken> added_tokens;
  TextNormalizer normalizer;
  std::vector<PreTokenizerStep> pre_tokenizer;
  std::vector<DecoderStep> decoder;  // empty: tokens joined by spaces
  // Special tokens around the text where they are asked for.
  std::vector<std::int32_t> prefix, suffix;
  std::string bos_token, eos_token;
};

class PipelineTokenizer final : public Tokenizer {
 public:
  // Throws InputError, beginning with `subject`, where an id is out of range or two tokens share one.
  PipelineTokenizer(TokenizerParts parts, const std::string& subject);
  PipelineTokenizer(const PipelineTokenizer&) = delete;
  PipelineTokenizer& operator=(const PipelineTokenizer&) = delete;

  std::vector<std::int32_t> encode(std::string_view text, bool add_special_tokens) const override;
  std::vector<std::int32_t> prefix() const override { return parts_.prefix; }
  std::vector<std::int32_t> suffix() const override { return parts_.suffix; }
  std::string decode(std::span<const std::int32_t> ids, bool skip_special_tokens) const override;
  std::int32_t vocab_size() const override { return vocab_size_; }
  std::optional<std::int32_t> token_to_id(std::string_view token) const override;
  std::string id_to_token(std::int32_t id) const override;
  std::string bos_token() const override { return parts_.bos_token; }
  std::string eos_token() const override { return parts_.eos_token; }

 private:
  void index_added_tokens(const std::string& subject);
  void encode_segment(std::string segment, bool at_start, std::vector<std::int32_t>& out) const;
  void encode_piece(TextPiece piece, std::vector<std::int32_t>& out) const;

  TokenizerParts parts_;
  AddedTokens added_;
  // Both point into added_.
  std::unordered_map<std::int32_t, const AddedToken*> added_by_id_;
  std::unordered_map<std::string_view, std::int32_t> added_ids_;
  std::int32_t vocab_size_ = 0;
};

}  // namespace zlens
