// Height and width of a picture, in this order everywhere. Free of torch.
#pragma once

#include <cstdint>
#include <string>

namespace zlens {

struct ImageSize {
  std::int64_t height = 0;
  std::int64_t width = 0;
  bool operator==(const ImageSize&) const = default;
};

// "480x640", height first.
inline std::string to_string(ImageSize size) {
  return std::to_string(size.height) + "x" + std::to_string(size.width);
}

}  // namespace zlens
