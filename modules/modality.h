// A modality turns raw input (image, page, audio, …) into text for the prompt, embeddings for the language model, or both.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "modules/evidence.h"
#include "modules/raw_input.h"

namespace zlens {

class Context;

// The deterministic result of a modality's preprocessing, before any weight is touched. Immutable; shared between threads.
class Prepared {
 public:
  virtual ~Prepared() = default;
  // SHA-256 (hex) over the input's content and every option that shapes the result: a cache key.
  virtual const std::string& content_hash() const = 0;
  // The recognised pieces in reading order; empty for modalities that recognise nothing.
  virtual const std::vector<Evidence>& evidence() const;
};

// A prompt on its way to the tokenizer.
struct PromptText {
  std::string text;
  bool add_special_tokens = true;  // the tokenizer's own, where it has any
};

// All members may be called from several threads at once.
class Modality {
 public:
  virtual ~Modality() = default;

  // Throws InputError, naming the input, where it is unreadable or beyond the limits.
  virtual std::shared_ptr<const Prepared> prepare(const RawInput& input) const = 0;

  // The files that `prepare` reads of this input, for records of what was seen; they need not exist. Default: the input, where it
  // is a file.
  virtual std::vector<std::filesystem::path> files(const RawInput& input) const;

  // What stands for the input in the prompt: placeholders, row and column tokens, recognised words. May be empty.
  virtual std::string prompt_text(const Prepared& prepared) const = 0;

  // The token of the language model's vocabulary that stands once for every embedding, e.g. "<image>". Default: empty, text only.
  virtual std::string placeholder() const;

  // Number of embeddings that `encode` gives for `prepared`: as many placeholder tokens stand in its prompt text. 0: text only.
  virtual std::int64_t token_count(const Prepared& prepared) const;

  // [token_count, D]: the rows that replace the placeholder tokens, in order; differentiable in the context's mix. Default: [0, 0].
  virtual at::Tensor encode(const Prepared& prepared, Context& context) const;

  // The same for several inputs, one after the other in the rows: for training, whose passes are cheaper in batches. Default: each
  // by itself.
  virtual at::Tensor encode_all(const std::vector<const Prepared*>& inputs, Context& context) const;

  // A prompt whose placeholders are expanded, as the family's published processor completes it. Default: unchanged.
  virtual PromptText complete(std::string prompt, const std::string& bos_token) const;

  // For parity checks: what the published processor gives for these inputs of one prompt, by its names. Default: nothing.
  virtual std::map<std::string, at::Tensor> tensors(const std::vector<const Prepared*>& inputs) const;
};

}  // namespace zlens
