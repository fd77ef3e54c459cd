#include "vision/ocr/ocr_page.h"

namespace zlens {

OcrPage::OcrPage(std::string content_hash, const std::vector<std::vector<Evidence>>& lines)
    : content_hash_(std::move(content_hash)) {
  for (const std::vector<Evidence>& line : lines) {
    std::string text;
    for (const Evidence& word : line) {
      text += (text.empty() ? "" : " ") + word.text;
      line_of_word_.push_back(lines_.size());
      words_.push_back(word);
    }
    lines_.push_back(std::move(text));
  }
}

}  // namespace zlens
