// What the ocr modality reads in a page.
#pragma once

#include <string>
#include <vector>

#include "modules/modality.h"

namespace zlens {

// One page. Immutable; shared between threads.
class OcrPage : public Prepared {
 public:
  // `lines` in reading order, each the words of one row from left to right; none is empty.
  OcrPage(std::string content_hash, const std::vector<std::vector<Evidence>>& lines);

  const std::string& content_hash() const override { return content_hash_; }
  // The words, line after line.
  const std::vector<Evidence>& evidence() const override { return words_; }
  // The words of each line joined by a space.
  const std::vector<std::string>& lines() const { return lines_; }
  // Per word of evidence(), the index of its line; never decreases.
  const std::vector<std::size_t>& line_of_word() const { return line_of_word_; }

 private:
  std::string content_hash_;
  std::vector<Evidence> words_;
  std::vector<std::string> lines_;
  std::vector<std::size_t> line_of_word_;
};

}  // namespace zlens
