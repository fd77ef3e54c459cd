#include "text/sentencepiece_tokenizer.h"

#include <sentencepiece_processor.h>

#include <algorithm>
#include <array>
#include <map>
#include <set>
#include <utility>

#include "io/error.h"
#include "text/tokenizer_fields.h"

namespace zlens {
namespace {

// The library's own segmentation. Its const members are thread-safe.
class LibrarySegmenter final : public TokenModel {
 public:
  LibrarySegmenter(Vocabulary vocabulary, std::string_view bytes, const std::string& subject) : vocabulary_(std::move(vocabulary)) {
    std::string reason;
    try {
      const auto status = processor_.LoadFromSerializedProto({bytes.data(), bytes.size()});
      if (status.ok()) return;
      reason = status.ToString();
    } catch (const std::exception& error) {
      reason = error.what();
    }
    throw InputError(subject + ": libsentencepiece refuses the model: " + printable(reason));
  }

  void encode(std::string_view word, std::vector<std::int32_t>& out) const override {
    std::vector<int> ids;
    const auto status = processor_.Encode({word.data(), word.size()}, &ids);
    if (!status.ok())
      throw Error("libsentencepiece cannot encode a text of " + std::to_string(word.size()) +
                  " bytes: " + printable(status.ToString()));
    out.insert(out.end(), ids.begin(), ids.end());
  }

  const Vocabulary& vocabulary() const override { return vocabulary_; }

 private:
  Vocabulary vocabulary_;
  sentencepiece::SentencePieceProcessor processor_;
};

// Others number or surround their tokens in ways of their own (T5, XLM-RoBERTa).
void check_class(const TokenizerConfig& config, const std::string& subject) {
  constexpr std::array<std::string_view, 8> known{"",
                                                  "LlamaTokenizer",
                                                  "LlamaTokenizerFast",
                                                  "GemmaTokenizer",
                                                  "GemmaTokenizerFast",
                                                  "CodeLlamaTokenizer",
                                                  "InternLM2Tokenizer",
                                                  "TokenizersBackend"};
  if (std::find(known.begin(), known.end(), config.tokenizer_class) == known.end()) {
    throw InputError(subject + ": tokenizer class " + printable(config.tokenizer_class) +
                     " is not supported without a tokenizer.json; convert the checkpoint with transformers");
  }
}

std::set<std::string> named_tokens(const SentencepieceModel& model, const TokenizerConfig& config) {
  std::set<std::string> names{model.bos_piece,  model.eos_piece,  model.unk_piece,
                              config.bos_token, config.eos_token, config.unk_token};
  names.insert(config.special_tokens.begin(), config.special_tokens.end());
  return names;
}

// The configuration's added tokens, then the named or hidden pieces that it does not list.
std::vector<AddedToken> added_tokens(const SentencepieceModel& model, const TokenizerConfig& config, const std::string& subject) {
  std::vector<AddedToken> tokens = config.added_tokens;
  std::sort(tokens.begin(), tokens.end(), [](const AddedToken& a, const AddedToken& b) { return a.id < b.id; });
  const std::set<std::string> names = named_tokens(model, config);
  std::set<std::string> listed;
  auto next = static_cast<std::int32_t>(model.pieces.size());
  for (AddedToken& token : tokens) {
    listed.insert(token.content);
    token.special = token.special || names.contains(token.content);
    if (token.id < next) continue;
    if (token.id != next++)
      throw InputError(subject + ": added token " + printable(token.content) + " has id " + std::to_string(token.id) + " where " +
                       std::to_string(next - 1) + " is due");
  }
  for (std::size_t id = 0; id < model.pieces.size(); ++id) {
    const SentencePiece& piece = model.pieces[id];
    const bool hidden = piece.type == PieceType::Control || piece.type == PieceType::Unknown;
    const bool named = names.contains(piece.text);
    if ((!hidden && !named) || listed.contains(piece.text)) continue;
    tokens.push_back({.content = piece.text, .id = static_cast<std::int32_t>(id), .special = true, .in_text = named});
  }
  return tokens;
}

std::vector<DecoderStep> decoder(const SentencepieceModel& model) {
  std::vector<DecoderStep> steps;
  steps.push_back([unknown = model.unk_piece, surface = model.unk_surface](std::vector<std::string>& parts) {
    std::replace(parts.begin(), parts.end(), unknown, surface);
  });
  steps.push_back(replace_decoder("\xE2\x96\x81", " "));
  steps.push_back(byte_fallback_decoder());
  steps.push_back(fuse_decoder());
  if (model.add_dummy_prefix) steps.push_back(strip_decoder(" ", 1, 0));
  return steps;
}

std::int32_t required_token(const Vocabulary& vocabulary, const std::vector<AddedToken>& added, const std::string& token,
                            const std::string& subject) {
  if (const std::int32_t id = vocabulary.find(token); id >= 0) return id;
  const auto found = std::find_if(added.begin(), added.end(), [&](const AddedToken& a) { return a.content == token; });
  if (found != added.end()) return found->id;
  throw InputError(subject + ": the token " + printable(token) + " that stands around every text is not in the vocabulary");
}

}  // namespace

TokenizerParts tokenizer_parts_from_sentencepiece(std::string_view bytes, const TokenizerConfig& config,
                                                  const std::string& subject) {
  check_class(config, subject);
  const SentencepieceModel model = parse_sentencepiece_model(bytes, subject);
  std::vector<std::string> tokens;
  for (const SentencePiece& piece : model.pieces) tokens.push_back(piece.text);
  TokenizerParts parts;
  const auto segmenter = std::make_shared<LibrarySegmenter>(Vocabulary(std::move(tokens), subject), bytes, subject);
  parts.added_tokens = added_tokens(model, config, subject);
  parts.decoder = decoder(model);
  parts.bos_token = config.bos_token.empty() ? model.bos_piece : config.bos_token;
  parts.eos_token = config.eos_token.empty() ? model.eos_piece : config.eos_token;
  const Vocabulary& vocabulary = segmenter->vocabulary();
  if (config.add_bos_token.value_or(true))
    parts.prefix = {required_token(vocabulary, parts.added_tokens, parts.bos_token, subject)};
  if (config.add_eos_token.value_or(false))
    parts.suffix = {required_token(vocabulary, parts.added_tokens, parts.eos_token, subject)};
  parts.model = segmenter;
  return parts;
}

}  // namespace zlens
