// Words to lines. Free of torch, OpenCV and Tesseract.
#pragma once

#include <vector>

#include "vision/ocr/word.h"

namespace zlens {

// Words of one row of the page, across all columns (the item and its amount on one line), left to right; rows from the top.
// A row may drift up or down slowly, as on a page photographed at an angle: each word is compared with its left neighbour.
// O(n log n) for pages of ordinary density.
std::vector<std::vector<OcrWord>> lines_in_reading_order(std::vector<OcrWord> words);

}  // namespace zlens
