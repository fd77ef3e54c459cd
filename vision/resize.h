// Resizing of uint8 RGB pictures, bit for bit as the published image processors do it. The header is free of torch; the
// function is in zlens_vision_models, which is not.
#pragma once

#include <string_view>

#include "vision/image.h"
#include "vision/image_size.h"

namespace zlens {

// Numbered as Pillow and `resample` of a processor file do. All but Nearest widen their kernel when they shrink (antialias).
enum class Resampler { Nearest = 0, Lanczos = 1, Bilinear = 2, Bicubic = 3, Box = 4, Hamming = 5 };

// Torchvision: torchvision.transforms.v2.functional.resize(antialias=True) on a uint8 CPU tensor, that is ATen's uint8
// kernels (16-bit weights, rows first; Nearest is "nearest-exact"). It has neither Box nor Hamming.
// Pillow: PIL.Image.resize of Pillow 13 (22-bit weights; see pillow_resize.h). The two differ by up to several levels.
enum class ResizeBackend { Torchvision, Pillow };

struct ResizeMethod {
  Resampler filter = Resampler::Bicubic;
  ResizeBackend backend = ResizeBackend::Torchvision;
};

// `image` at `size`; the same pixels where the size does not change. Thread-safe.
// Throws InputError "<subject>: …" for an empty size, for more than 178 million pixels (ImageLimits::max_pixels) and for a
// filter that the back end lacks.
Image resize(const Image& image, ImageSize size, const ResizeMethod& method, std::string_view subject = "image");

}  // namespace zlens
