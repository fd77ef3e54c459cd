// From generated tokens to an answer.
#pragma once

#include <cstdint>
#include <span>
#include <string>

#include "text/tokenizer.h"

namespace zlens {

// The answer that `ids` spell: special tokens left out, trimmed; with `one_line` its first line.
std::string answer_text(const Tokenizer& tokenizer, std::span<const std::int32_t> ids, bool one_line);

// An answer as it grows; complete at the first newline behind an answer that is to be one line.
class GrowingAnswer {
 public:
  GrowingAnswer(const Tokenizer& tokenizer, bool one_line) : stream_(tokenizer), one_line_(one_line) {}

  // The text that `id` added.
  std::string push(std::int32_t id);
  bool complete() const { return complete_; }

 private:
  StreamDecoder stream_;
  std::string text_;
  bool one_line_, complete_ = false;
};

// `text` without white space at its ends.
std::string trimmed(const std::string& text);

}  // namespace zlens
