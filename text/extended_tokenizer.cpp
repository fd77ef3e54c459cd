#include "text/extended_tokenizer.h"

#include <algorithm>

#include "io/error.h"

namespace zlens {

ExtendedTokenizer::ExtendedTokenizer(std::shared_ptr<const Tokenizer> base, std::vector<std::string> tokens)
    : base_(std::move(base)), tokens_(std::move(tokens)), first_(base_->vocab_size()) {
  for (const std::string& token : tokens_)
    if (token.empty() || base_->token_to_id(token))
      throw InputError("the vocabulary has the token '" + printable(token) + "' already");
}

std::vector<std::int32_t> ExtendedTokenizer::encode(std::string_view text, bool add_special_tokens) const {
  std::vector<std::int32_t> out = add_special_tokens ? prefix() : std::vector<std::int32_t>();
  const auto append = [&](const std::vector<std::int32_t>& ids) { out.insert(out.end(), ids.begin(), ids.end()); };
  while (!text.empty()) {
    std::size_t at = text.npos, which = 0;
    for (std::size_t i = 0; i < tokens_.size(); ++i)
      if (const std::size_t found = text.find(tokens_[i]); found < at) {
        at = found;
        which = i;
      }
    // Special tokens stand around the whole text, never around a piece of it.
    if (at != 0) append(base_->encode(text.substr(0, at), false));
    if (at == text.npos) break;
    out.push_back(first_ + static_cast<std::int32_t>(which));
    text.remove_prefix(at + tokens_[which].size());
  }
  if (add_special_tokens) append(suffix());
  return out;
}

std::string ExtendedTokenizer::decode(std::span<const std::int32_t> ids, bool skip_special_tokens) const {
  std::string out;
  for (auto from = ids.begin(); from != ids.end();) {
    const auto to = std::find_if(from, ids.end(), [&](std::int32_t id) { return is_new(id); });
    if (from != to) out += base_->decode({from, to}, skip_special_tokens);
    from = to;
    for (; from != ids.end() && is_new(*from); ++from)
      if (!skip_special_tokens) out += id_to_token(*from);
  }
  return out;
}

std::optional<std::int32_t> ExtendedTokenizer::token_to_id(std::string_view token) const {
  const auto found = std::find(tokens_.begin(), tokens_.end(), token);
  if (found == tokens_.end()) return base_->token_to_id(token);
  return first_ + static_cast<std::int32_t>(found - tokens_.begin());
}

std::string ExtendedTokenizer::id_to_token(std::int32_t id) const {
  return is_new(id) ? tokens_[static_cast<std::size_t>(id - first_)] : base_->id_to_token(id);
}

}  // namespace zlens
