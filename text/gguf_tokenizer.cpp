// The tokenizer inside a GGUF file, with llama.cpp's rules for what its metadata leaves out.
#include <array>
#include <cmath>
#include <utility>

#include "io/error.h"
#include "io/gguf.h"
#include "io/utf8.h"
#include "text/bpe.h"
#include "text/sentencepiece_bpe.h"
#include "text/tokenizer_fields.h"
#include "text/tokenizer_pipeline.h"
#include "text/unicode_text.h"

namespace zlens {
namespace {

// Values of `tokenizer.ggml.token_type`.
enum TokenType : std::int64_t { kNormal = 1, kUnknown = 2, kControl = 3, kUserDefined = 4, kUnused = 5, kByte = 6 };

constexpr const char* space_mark = "\xE2\x96\x81";
constexpr const char* gpt2 = R"('s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+)";
constexpr const char* llama3 =
    R"((?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+)";
constexpr const char* qwen2 =
    R"((?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+)";

// What a name in `tokenizer.ggml.pre` means.
struct PreTokenizerKind {
  std::array<const char*, 4> names;  // aliases, ended by nullptr
  std::vector<const char*> splits;   // one after the other; each isolates its matches
  bool individual_digits = false;
  bool ignore_merges = false;
  bool add_bos = false;
  bool nfc = false;
};

const std::vector<PreTokenizerKind>& known_kinds() {
  static const std::vector<PreTokenizerKind> kinds{
      {.names = {"gpt-2", "gpt2"}, .splits = {gpt2}},
      {.names = {"llama-bpe", "llama3", "llama-v3"}, .splits = {llama3}, .ignore_merges = true, .add_bos = true},
      {.names = {"smaug-bpe"}, .splits = {llama3}},  // SmolLM3's, too
      {.names = {"qwen2"}, .splits = {qwen2}, .nfc = true},
      {.names = {"smollm"}, .splits = {gpt2}, .individual_digits = true},
      {.names = {"default"}, .splits = {R"([\p{P}\$\+<=>\^~\|]+)", gpt2, R"(\p{N}+)", "[0-9][0-9][0-9]"}},
  };
  return kinds;
}

const PreTokenizerKind& find_kind(const std::string& name, const std::string& subject) {
  for (const PreTokenizerKind& kind : known_kinds()) {
    for (const char* alias : kind.names) {
      if (alias != nullptr && name == alias) return kind;
    }
  }
  throw InputError(subject + ": unknown pre-tokenizer " + printable(name) +
                   " (tokenizer.ggml.pre); known are gpt-2, llama-bpe, smaug-bpe, qwen2, smollm and default");
}

// The lists of one file, checked to belong together.
struct GgufVocabulary {
  std::vector<std::string> tokens;
  std::vector<std::int64_t> types;  // of every token
  std::string subject;
};

GgufVocabulary read_vocabulary(const Gguf& gguf) {
  GgufVocabulary vocabulary;
  vocabulary.subject = gguf.file()->path().string();
  const auto* tokens = gguf.strings("tokenizer.ggml.tokens");
  if (tokens == nullptr || tokens->empty()) throw InputError(vocabulary.subject + ": tokenizer.ggml.tokens is missing");
  vocabulary.tokens = *tokens;
  const auto* types = gguf.integers("tokenizer.ggml.token_type");
  vocabulary.types = types == nullptr ? std::vector<std::int64_t>(tokens->size(), kNormal) : *types;
  if (vocabulary.types.size() != tokens->size()) {
    throw InputError(vocabulary.subject + ": tokenizer.ggml.token_type has " + std::to_string(vocabulary.types.size()) +
                     " entries for " + std::to_string(tokens->size()) + " tokens");
  }
  return vocabulary;
}

std::vector<AddedToken> added_tokens(const GgufVocabulary& vocabulary) {
  std::vector<AddedToken> tokens;
  for (std::size_t id = 0; id < vocabulary.tokens.size(); ++id) {
    const std::int64_t type = vocabulary.types[id];
    const std::string& content = vocabulary.tokens[id];
    if (type < 0 || type > kByte)
      throw InputError(vocabulary.subject + ": token " + std::to_string(id) + " has the unknown type " + std::to_string(type));
    if ((type != kControl && type != kUserDefined && type != kUnknown) || content.empty()) continue;
    if (content.size() > TokenizerLimits::max_added_token_bytes || tokens.size() >= TokenizerLimits::max_added_tokens) {
      throw InputError(vocabulary.subject + ": added token " + std::to_string(id) + " is too long or one too many");
    }
    tokens.push_back({.content = content, .id = static_cast<std::int32_t>(id), .special = type != kUserDefined});
  }
  return tokens;
}

std::vector<std::pair<std::string, std::string>> read_merges(const Gguf& gguf, const std::string& subject) {
  const auto* merges = gguf.strings("tokenizer.ggml.merges");
  if (merges == nullptr) throw InputError(subject + ": tokenizer.ggml.merges is missing");
  if (merges->size() > TokenizerLimits::max_merges)
    throw InputError(subject + ": " + std::to_string(merges->size()) + " merges are too many");
  std::vector<std::pair<std::string, std::string>> pairs;
  pairs.reserve(merges->size());
  for (const std::string& merge : *merges) {
    const std::size_t space = merge.find(' ', 1);
    if (space == std::string::npos) throw InputError(subject + ": merge " + printable(merge) + " is no pair of tokens");
    pairs.emplace_back(merge.substr(0, space), merge.substr(space + 1));
  }
  return pairs;
}

std::vector<PreTokenizerStep> pre_tokenizer(const PreTokenizerKind& kind, const std::string& subject) {
  std::vector<PreTokenizerStep> steps;
  if (kind.individual_digits) steps.push_back(split_step(character_pattern(is_number), SplitBehavior::Isolated));
  for (const char* expression : kind.splits)
    steps.push_back(split_step(regex_pattern(expression, subject), SplitBehavior::Isolated));
  steps.push_back(byte_level_step(/*add_prefix_space=*/false, /*use_regex=*/false));
  return steps;
}

// Byte-level BPE.
bool add_gpt2(const Gguf& gguf, GgufVocabulary vocabulary, TokenizerParts& parts) {
  const std::string* name = gguf.string("tokenizer.ggml.pre");
  const PreTokenizerKind& kind = find_kind(name == nullptr ? "default" : *name, vocabulary.subject);
  parts.pre_tokenizer = pre_tokenizer(kind, vocabulary.subject);
  if (gguf.boolean("tokenizer.ggml.add_space_prefix").value_or(false)) {
    parts.pre_tokenizer.insert(parts.pre_tokenizer.begin(), [](TextPiece piece, std::vector<TextPiece>& out) {
      add_space(piece.text);
      out.push_back(std::move(piece));
    });
  }
  if (kind.nfc) parts.normalizer = TextNormalizer({[](const std::string& text) { return to_normal_form(text, NormalForm::Nfc); }});
  BpeOptions options;
  options.ignore_merges = kind.ignore_merges;
  parts.model = std::make_shared<Bpe>(Vocabulary(std::move(vocabulary.tokens), vocabulary.subject),
                                      read_merges(gguf, vocabulary.subject), std::move(options), vocabulary.subject);
  parts.decoder = {byte_level_decoder()};
  return kind.add_bos;
}

std::vector<float> read_scores(const Gguf& gguf, const GgufVocabulary& vocabulary) {
  const auto* scores = gguf.numbers("tokenizer.ggml.scores");
  if (scores == nullptr || scores->size() != vocabulary.tokens.size()) {
    throw InputError(vocabulary.subject + ": tokenizer.ggml.scores must have one score for each of the " +
                     std::to_string(vocabulary.tokens.size()) + " tokens");
  }
  std::vector<float> values;
  values.reserve(scores->size());
  for (const double score : *scores) {
    values.push_back(static_cast<float>(score));
    if (!std::isfinite(values.back()))
      throw InputError(vocabulary.subject + ": tokenizer.ggml.scores holds a value that is not finite");
  }
  return values;
}

// Answers quote tokens as they are. llama.cpp's converter writes sentencepiece's own strings, which are UTF-8, and bytes as <0x..>.
void check_utf8(const GgufVocabulary& vocabulary) {
  for (std::size_t id = 0; id < vocabulary.tokens.size(); ++id) {
    if (!is_valid_utf8(vocabulary.tokens[id]))
      throw InputError(vocabulary.subject + ": token " + std::to_string(id) +
                       " of tokenizer.ggml.tokens is not valid UTF-8; convert the checkpoint again");
  }
}

// Sentencepiece's BPE, which merges by score.
bool add_llama(const Gguf& gguf, GgufVocabulary vocabulary, TokenizerParts& parts) {
  check_utf8(vocabulary);
  const bool space_prefix = gguf.boolean("tokenizer.ggml.add_space_prefix").value_or(true);
  std::vector<float> scores = read_scores(gguf, vocabulary);
  std::vector<bool> mergeable;
  std::int32_t unknown = -1;
  for (std::size_t id = 0; id < vocabulary.types.size(); ++id) {
    const std::int64_t type = vocabulary.types[id];
    mergeable.push_back(type == kNormal || type == kUserDefined);
    if (type == kUnknown && unknown < 0) unknown = static_cast<std::int32_t>(id);
  }
  parts.normalizer = TextNormalizer({[space_prefix](const std::string& text) {
    return replace_matches(space_prefix ? " " + text : text, literal_pattern(" "), space_mark);
  }});
  parts.model = std::make_shared<SentencepieceBpe>(Vocabulary(std::move(vocabulary.tokens), vocabulary.subject), std::move(scores),
                                                   std::move(mergeable), unknown);
  parts.decoder = {replace_decoder(space_mark, " "), byte_fallback_decoder(), fuse_decoder()};
  if (space_prefix) parts.decoder.push_back(strip_decoder(" ", 1, 0));
  return /*add_bos=*/true;
}

// The token that a metadata key names by id; -1 where the key is absent.
std::int32_t token_id(const Gguf& gguf, const char* key, std::size_t count, const std::string& subject) {
  const auto id = gguf.integer(key);
  if (!id) return -1;
  if (*id < 0 || static_cast<std::uint64_t>(*id) >= count) {
    throw InputError(subject + ": " + key + " is " + std::to_string(*id) + ", outside the " + std::to_string(count) + " tokens");
  }
  return static_cast<std::int32_t>(*id);
}

void add_ends(const Gguf& gguf, const GgufVocabulary& vocabulary, bool bos_by_default, TokenizerParts& parts) {
  const std::size_t count = vocabulary.tokens.size();
  const std::int32_t bos = token_id(gguf, "tokenizer.ggml.bos_token_id", count, vocabulary.subject);
  const std::int32_t eos = token_id(gguf, "tokenizer.ggml.eos_token_id", count, vocabulary.subject);
  if (bos >= 0) parts.bos_token = vocabulary.tokens[static_cast<std::size_t>(bos)];
  if (eos >= 0) parts.eos_token = vocabulary.tokens[static_cast<std::size_t>(eos)];
  if (bos >= 0 && gguf.boolean("tokenizer.ggml.add_bos_token").value_or(bos_by_default)) parts.prefix = {bos};
  if (eos >= 0 && gguf.boolean("tokenizer.ggml.add_eos_token").value_or(false)) parts.suffix = {eos};
}

}  // namespace

std::unique_ptr<const Tokenizer> tokenizer_from_gguf(const Gguf& gguf) {
  const GgufVocabulary vocabulary = read_vocabulary(gguf);
  const std::string* model = gguf.string("tokenizer.ggml.model");
  const std::string name = model == nullptr ? "" : *model;
  if (name != "gpt2" && name != "llama") {
    throw InputError(vocabulary.subject + ": unknown tokenizer model " + printable(name) +
                     " (tokenizer.ggml.model); known are gpt2 and llama");
  }
  TokenizerParts parts;
  parts.added_tokens = added_tokens(vocabulary);
  const bool bos_by_default = name == "gpt2" ? add_gpt2(gguf, vocabulary, parts) : add_llama(gguf, vocabulary, parts);
  add_ends(gguf, vocabulary, bos_by_default, parts);
  return std::make_unique<PipelineTokenizer>(std::move(parts), vocabulary.subject);
}

}  // namespace zlens
