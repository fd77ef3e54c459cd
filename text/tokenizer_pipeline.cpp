#include "text/tokenizer_pipeline.h"

#include <algorithm>
#include <utility>

#include "io/error.h"
#include "io/utf8.h"
#include "text/tokenizer_fields.h"

namespace zlens {
namespace {

std::size_t total_size(const std::vector<std::string>& parts) {
  std::size_t bytes = 0;
  for (const std::string& part : parts) bytes += part.size();
  return bytes;
}

std::string joined(const std::vector<std::string>& parts, std::string_view separator) {
  std::string text;
  for (std::size_t i = 0; i < parts.size(); ++i) text.append(i == 0 ? "" : separator).append(parts[i]);
  return text;
}

}  // namespace

PipelineTokenizer::PipelineTokenizer(TokenizerParts parts, const std::string& subject) : parts_(std::move(parts)) {
  added_ = AddedTokens(std::move(parts_.added_tokens), [this](std::string text) { return parts_.normalizer(std::move(text)); });
  vocab_size_ = parts_.model->vocabulary().size();
  index_added_tokens(subject);
  for (const auto* ids : {&parts_.prefix, &parts_.suffix}) {
    for (const std::int32_t id : *ids) {
      if (id < 0 || id >= vocab_size_)
        throw InputError(subject + ": special token id " + std::to_string(id) + " is not in the vocabulary");
    }
  }
}

void PipelineTokenizer::index_added_tokens(const std::string& subject) {
  const Vocabulary& vocabulary = parts_.model->vocabulary();
  for (const AddedToken& token : added_.tokens()) {
    if (!added_ids_.emplace(token.content, token.id).second) {
      throw InputError(subject + ": added token " + printable(token.content) + " stands twice");
    }
    const AddedToken*& slot = added_by_id_[token.id];
    const bool taken = slot != nullptr || (token.id < vocabulary.size() && !vocabulary.token(token.id).empty() &&
                                           vocabulary.token(token.id) != token.content);
    if (taken)
      throw InputError(subject + ": added token " + printable(token.content) + " has the id of another token, " +
                       std::to_string(token.id));
    slot = &token;
    vocab_size_ = std::max(vocab_size_, token.id + 1);
  }
}

void PipelineTokenizer::encode_piece(TextPiece piece, std::vector<std::int32_t>& out) const {
  std::vector<TextPiece> pieces, next;
  pieces.push_back(std::move(piece));
  for (const PreTokenizerStep& step : parts_.pre_tokenizer) {
    next.clear();
    for (TextPiece& part : pieces) step(std::move(part), next);
    pieces.swap(next);
  }
  for (const TextPiece& part : pieces) parts_.model->encode(part.text, out);
}

void PipelineTokenizer::encode_segment(std::string segment, bool at_start, std::vector<std::int32_t>& out) const {
  const std::string text = parts_.normalizer(std::move(segment));
  for (const AddedTokenSpan& span : added_.split(text, /*normalized=*/true)) {
    if (span.id >= 0) {
      out.push_back(span.id);
    } else {
      encode_piece({text.substr(span.begin, span.end - span.begin), at_start && span.begin == 0}, out);
    }
  }
}

std::vector<std::int32_t> PipelineTokenizer::encode(std::string_view text, bool add_special_tokens) const {
  if (text.size() > TokenizerLimits::max_text_bytes) {
    throw InputError("a text of " + std::to_string(text.size()) + " bytes is too long, at most " +
                     std::to_string(TokenizerLimits::max_text_bytes) + " can be tokenized at once");
  }
  std::string repaired;
  if (!is_valid_utf8(text)) text = repaired = to_utf8(to_utf32(text));
  std::vector<std::int32_t> out;
  if (add_special_tokens) out = parts_.prefix;
  for (const AddedTokenSpan& span : added_.split(text, /*normalized=*/false)) {
    if (span.id >= 0) {
      out.push_back(span.id);
    } else {
      encode_segment(std::string(text.substr(span.begin, span.end - span.begin)), span.begin == 0, out);
    }
  }
  if (add_special_tokens) out.insert(out.end(), parts_.suffix.begin(), parts_.suffix.end());
  return out;
}

std::string PipelineTokenizer::decode(std::span<const std::int32_t> ids, bool skip_special_tokens) const {
  std::vector<std::string> parts;
  for (const std::int32_t id : ids) {
    const auto added = added_by_id_.find(id);
    if (added != added_by_id_.end() && added->second->special && skip_special_tokens) continue;
    // A hole in the vocabulary, or a padded row of the model behind it, is no token at all, not an empty one.
    if (std::string token = id_to_token(id); !token.empty()) parts.push_back(std::move(token));
  }
  if (parts_.decoder.empty()) return joined(parts, " ");
  const std::size_t limit = 4096 + TokenizerLimits::max_growth * total_size(parts);
  for (const DecoderStep& step : parts_.decoder) {
    step(parts);
    if (total_size(parts) > limit)
      throw InputError("the tokenizer's decoder makes the text too long; the tokenizer file is broken");
  }
  return joined(parts, "");
}

std::optional<std::int32_t> PipelineTokenizer::token_to_id(std::string_view token) const {
  if (const auto found = added_ids_.find(token); found != added_ids_.end()) return found->second;
  const std::int32_t id = parts_.model->vocabulary().find(token);
  return id < 0 ? std::nullopt : std::optional(id);
}

std::string PipelineTokenizer::id_to_token(std::int32_t id) const {
  if (const auto found = added_by_id_.find(id); found != added_by_id_.end()) return found->second->content;
  const Vocabulary& vocabulary = parts_.model->vocabulary();
  return id >= 0 && id < vocabulary.size() ? vocabulary.token(id) : std::string();
}

}  // namespace zlens
