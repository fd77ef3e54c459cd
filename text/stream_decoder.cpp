#include <span>

#include "text/tokenizer.h"

namespace zlens {
namespace {

bool ends_torn(std::string_view text) {
  return text.ends_with("\xEF\xBF\xBD");
}

// Byte tokens make text only as a whole run: a later byte can spoil the characters of earlier ones.
bool is_byte_token(std::string_view token) {
  return token.size() == 6 && token.starts_with("<0x") && token.ends_with('>');
}

}  // namespace

StreamDecoder::StreamDecoder(const Tokenizer& tokenizer, bool skip_special_tokens)
    : tokenizer_(tokenizer), skip_special_tokens_(skip_special_tokens) {}

std::string StreamDecoder::push(std::int32_t id) {
  ids_.push_back(id);
  // A token left out of the text ends nothing: a run of byte tokens may go on behind it.
  if (skip_special_tokens_ && tokenizer_.decode(std::span(&id, 1), true).empty()) return {};
  const auto window = std::span(ids_).subspan(prefix_);
  const std::string before = tokenizer_.decode(window.first(shown_ - prefix_), skip_special_tokens_);
  const std::string now = tokenizer_.decode(window, skip_special_tokens_);
  if (now.size() <= before.size() || ends_torn(now) || is_byte_token(tokenizer_.id_to_token(id))) return {};
  // The first token of a text may lose its space, so the context must hold a token that shows; else the older context stays.
  if (!tokenizer_.decode(std::span(ids_).subspan(shown_), skip_special_tokens_).empty()) prefix_ = shown_;
  shown_ = ids_.size();
  return now.substr(before.size());
}

std::string StreamDecoder::finish() {
  const auto window = std::span(ids_).subspan(prefix_);
  const std::string before = tokenizer_.decode(window.first(shown_ - prefix_), skip_special_tokens_);
  const std::string now = tokenizer_.decode(window, skip_special_tokens_);
  prefix_ = shown_ = ids_.size();
  return now.size() > before.size() ? now.substr(before.size()) : std::string();
}

}  // namespace zlens
