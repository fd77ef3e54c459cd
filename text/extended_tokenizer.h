// A tokenizer with more tokens behind its vocabulary. Free of torch.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "text/tokenizer.h"

namespace zlens {

// The new tokens are special and recognised wherever they stand in a text; what lies between them is the base's. Immutable.
class ExtendedTokenizer : public Tokenizer {
 public:
  // The tokens get the ids from base->vocab_size() on. Throws InputError where one is empty or in the base's vocabulary already.
  ExtendedTokenizer(std::shared_ptr<const Tokenizer> base, std::vector<std::string> tokens);

  std::vector<std::int32_t> encode(std::string_view text, bool add_special_tokens) const override;
  std::vector<std::int32_t> prefix() const override { return base_->prefix(); }
  std::vector<std::int32_t> suffix() const override { return base_->suffix(); }
  std::string decode(std::span<const std::int32_t> ids, bool skip_special_tokens) const override;
  std::int32_t vocab_size() const override { return first_ + static_cast<std::int32_t>(tokens_.size()); }
  std::optional<std::int32_t> token_to_id(std::string_view token) const override;
  std::string id_to_token(std::int32_t id) const override;
  std::string bos_token() const override { return base_->bos_token(); }
  std::string eos_token() const override { return base_->eos_token(); }

 private:
  bool is_new(std::int32_t id) const { return id >= first_ && id < vocab_size(); }
  std::shared_ptr<const Tokenizer> base_;
  std::vector<std::string> tokens_;
  std::int32_t first_;
};

}  // namespace zlens
