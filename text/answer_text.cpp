#include "text/answer_text.h"

namespace zlens {
namespace {

constexpr const char* kSpace = " \t\r\n";

}  // namespace

std::string trimmed(const std::string& text) {
  const auto begin = text.find_first_not_of(kSpace);
  return begin == std::string::npos ? std::string() : text.substr(begin, text.find_last_not_of(kSpace) - begin + 1);
}

std::string answer_text(const Tokenizer& tokenizer, std::span<const std::int32_t> ids, bool one_line) {
  const std::string text = trimmed(tokenizer.decode(ids, /*skip_special_tokens=*/true));
  return one_line ? trimmed(text.substr(0, text.find('\n'))) : text;
}

std::string GrowingAnswer::push(std::int32_t id) {
  std::string piece = stream_.push(id);
  if (!one_line_) return piece;
  text_ += piece;
  const auto begin = text_.find_first_not_of(kSpace);
  complete_ = begin != std::string::npos && text_.find('\n', begin) != std::string::npos;
  return complete_ ? piece.substr(0, piece.find('\n')) : piece;
}

}  // namespace zlens
