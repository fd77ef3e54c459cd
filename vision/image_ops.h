// Cutting and padding of pictures. Free of torch. Thread-safe.
#pragma once

#include <array>
#include <string_view>

#include "vision/image.h"
#include "vision/image_size.h"

namespace zlens {

// Throws InputError "<subject>: …" unless `made`, a size that is made of a picture, has 1 to ImageLimits::max_pixels pixels.
void check_pixels(ImageSize picture, ImageSize made, std::string_view subject);

struct ImagePlace {
  std::int64_t top = 0, left = 0;
};

// The part of `image` from `place` on; it must lie inside.
Image crop(const Image& image, ImagePlace place, ImageSize size);
// `image` at `place` on a canvas of one colour (RGB); it must fit.
Image pad(const Image& image, ImagePlace place, ImageSize canvas, std::array<std::uint8_t, 3> colour = {});
// torchvision's centre crop: black around a picture that is smaller, the odd line of padding below and to the right.
Image center_crop(const Image& image, ImageSize size);

}  // namespace zlens
