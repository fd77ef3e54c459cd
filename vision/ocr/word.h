// A recognised word. Internal to vision/ocr, as everything but ocr_modality.h and ocr_page.h.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace zlens {

// Pixels of the image as given; the box is inside it and not empty.
struct OcrWord {
  std::string text;  // valid UTF-8, no white space
  std::int64_t left = 0, top = 0, width = 0, height = 0;
  double confidence = 0;  // 0 .. 1, four decimals
};

}  // namespace zlens
