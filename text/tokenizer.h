// Text to token ids and back, exactly as the checkpoint's own tokenizer does it. Free of torch.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace zlens {

class Gguf;

// Immutable after loading; all members may be called from several threads at once.
class Tokenizer {
 public:
  virtual ~Tokenizer() = default;

  // Ids of `text` (any bytes; invalid UTF-8 is replaced by U+FFFD first). Added and special tokens that stand in the text are
  // recognised. `add_special_tokens`: apply the post-processor (BOS, EOS) as tokenizers' `encode` does.
  virtual std::vector<std::int32_t> encode(std::string_view text, bool add_special_tokens) const = 0;

  // What `encode` puts around a text with `add_special_tokens`.
  virtual std::vector<std::int32_t> prefix() const = 0;
  virtual std::vector<std::int32_t> suffix() const = 0;

  // The text of `ids` as tokenizers' `decode` gives it (no clean-up of spaces). Ids that are no token (holes, a model's padded
  // rows) add nothing.
  virtual std::string decode(std::span<const std::int32_t> ids, bool skip_special_tokens) const = 0;

  // Ids are 0 .. vocab_size()-1 (the highest id plus one; there may be holes).
  virtual std::int32_t vocab_size() const = 0;
  virtual std::optional<std::int32_t> token_to_id(std::string_view token) const = 0;
  // The token as the vocabulary spells it; empty where there is none.
  virtual std::string id_to_token(std::int32_t id) const = 0;

  // Begin- and end-of-sequence tokens as the checkpoint's tokenizer files name them (chat templates print them).
  virtual std::string bos_token() const = 0;
  virtual std::string eos_token() const = 0;
};

// The tokenizer of a Hugging Face folder: tokenizer.json where it exists, else tokenizer.model (sentencepiece).
// BOS and EOS come from tokenizer_config.json or special_tokens_map.json. Throws InputError on anything unknown or broken.
std::unique_ptr<const Tokenizer> load_tokenizer(const std::filesystem::path& folder);

// The tokenizer inside a GGUF file (`tokenizer.ggml.model` gpt2 or llama; pre-tokenizers as `tokenizer.ggml.pre` names them).
std::unique_ptr<const Tokenizer> tokenizer_from_gguf(const Gguf& gguf);

// Turns a growing list of ids into pieces of text for a terminal: holds back bytes until they make whole characters.
class StreamDecoder {
 public:
  explicit StreamDecoder(const Tokenizer& tokenizer, bool skip_special_tokens = true);
  // The text that `id` added and that is safe to show now.
  std::string push(std::int32_t id);
  // What is still held back (U+FFFD for torn characters).
  std::string finish();

 private:
  const Tokenizer& tokenizer_;
  bool skip_special_tokens_;
  std::vector<std::int32_t> ids_;
  std::size_t prefix_ = 0;  // ids whose text was shown, kept as context for the spaces of the next ones
  std::size_t shown_ = 0;
};

}  // namespace zlens
