// Where in the raw input a piece of prompt text came from. Free of torch.
#pragma once

#include <cstdint>
#include <string>

namespace zlens {

// A recognised piece, in pixels of the image as given (after EXIF orientation).
struct Evidence {
  std::string text;
  std::int64_t left = 0, top = 0, width = 0, height = 0;
  double confidence = 0;  // 0 .. 1, of the recognition
};

}  // namespace zlens
