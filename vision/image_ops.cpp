#include "vision/image_ops.h"

#include <algorithm>

#include "io/error.h"

namespace zlens {
namespace {

Image blank(ImageSize size) {
  Image image{{}, size.height, size.width};
  image.rgb.resize(size.height * size.width * 3);
  return image;
}

}  // namespace

void check_pixels(ImageSize picture, ImageSize made, std::string_view subject) {
  const std::int64_t limit = ImageLimits{}.max_pixels;
  if (made.height >= 1 && made.width >= 1 && made.height <= limit / made.width) return;
  throw InputError(std::string(subject) + ": a picture of " + to_string(picture) + " (height x width) would become " +
                   to_string(made) + " (accepted: 1 to " + std::to_string(limit) + " pixels); crop it to a less extreme shape");
}

Image crop(const Image& image, ImagePlace place, ImageSize size) {
  Image out = blank(size);
  for (std::int64_t y = 0; y < size.height; ++y) {
    const std::uint8_t* row = image.rgb.data() + ((place.top + y) * image.width + place.left) * 3;
    std::copy_n(row, size.width * 3, out.rgb.data() + y * size.width * 3);
  }
  return out;
}

Image pad(const Image& image, ImagePlace place, ImageSize canvas, std::array<std::uint8_t, 3> colour) {
  Image out = blank(canvas);
  if (colour != std::array<std::uint8_t, 3>{}) {
    for (std::size_t i = 0; i < out.rgb.size(); ++i) out.rgb[i] = colour[i % 3];
  }
  for (std::int64_t y = 0; y < image.height; ++y) {
    std::uint8_t* row = out.rgb.data() + ((place.top + y) * canvas.width + place.left) * 3;
    std::copy_n(image.rgb.data() + y * image.width * 3, image.width * 3, row);
  }
  return out;
}

Image center_crop(const Image& image, ImageSize size) {
  if (size.height > image.height || size.width > image.width) {
    const ImageSize canvas = {std::max(size.height, image.height), std::max(size.width, image.width)};
    return center_crop(pad(image, {(canvas.height - image.height) / 2, (canvas.width - image.width) / 2}, canvas), size);
  }
  return crop(image, {(image.height - size.height) / 2, (image.width - size.width) / 2}, size);
}

}  // namespace zlens
