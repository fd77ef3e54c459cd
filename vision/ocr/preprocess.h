// The picture that Tesseract sees. Free of torch and OpenCV types.
#pragma once

#include <cstdint>
#include <vector>

#include "vision/image.h"

namespace zlens {

// uint8 grey, rows without gaps. A point of the image is at (point * scale) of the page.
struct OcrBitmap {
  std::vector<std::uint8_t> grey;
  std::int64_t height = 0;
  std::int64_t width = 0;
  double scale = 1;
  std::int64_t image_height = 0;  // of the image that it was made of
  std::int64_t image_width = 0;
};

// Grey, enlarged by `upscale` (cubic) and softened (Gaussian 3 x 3, against the noise of JPEG and thermal print), or shrunk (area)
// where that would exceed 40 million pixels or a side of 32,000, which Tesseract refuses. Boxes of forms are painted over.
// docs/results/ocr.md has the measurements, also of what did not help.
OcrBitmap ocr_bitmap(const Image& image, double upscale);

}  // namespace zlens
