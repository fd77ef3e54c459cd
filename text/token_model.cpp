#include "text/token_model.h"

#include <cstdio>
#include <utility>

#include "io/error.h"
#include "text/tokenizer_fields.h"

namespace zlens {

std::string byte_token_name(std::uint8_t byte) {
  char name[8];
  std::snprintf(name, sizeof name, "<0x%02X>", static_cast<unsigned>(byte));
  return name;
}

Vocabulary::Vocabulary(std::vector<std::string> tokens, std::string_view subject) : tokens_(std::move(tokens)) {
  if (tokens_.size() > TokenizerLimits::max_tokens) {
    throw InputError(std::string(subject) + ": " + std::to_string(tokens_.size()) + " tokens, at most " +
                     std::to_string(TokenizerLimits::max_tokens) + " are supported");
  }
  ids_.reserve(tokens_.size());
  for (std::size_t id = 0; id < tokens_.size(); ++id) {
    const std::string& token = tokens_[id];
    if (token.empty()) continue;
    if (token.size() > TokenizerLimits::max_token_bytes) {
      throw InputError(std::string(subject) + ": token " + std::to_string(id) + " has " + std::to_string(token.size()) +
                       " bytes, at most " + std::to_string(TokenizerLimits::max_token_bytes) + " are supported");
    }
    if (!ids_.emplace(token, static_cast<std::int32_t>(id)).second) {
      throw InputError(std::string(subject) + ": token " + printable(token) + " stands twice in the vocabulary");
    }
    longest_ = std::max(longest_, token.size());
  }
  for (int byte = 0; byte < 256; ++byte) byte_ids_.push_back(find(byte_token_name(static_cast<std::uint8_t>(byte))));
}

std::int32_t Vocabulary::find(std::string_view token) const {
  const auto found = ids_.find(token);
  return found == ids_.end() ? -1 : found->second;
}

}  // namespace zlens
