#include "vision/resize.h"

#include <ATen/ATen.h>

#include <cstring>

#include "io/error.h"
#include "vision/image_ops.h"
#include "vision/pillow_resize.h"

namespace zlens {
namespace {

at::Tensor resample(const at::Tensor& input, ImageSize size, Resampler filter, std::string_view subject) {
  const std::vector<std::int64_t> target = {size.height, size.width};
  switch (filter) {
    case Resampler::Nearest:
      return at::_upsample_nearest_exact2d(input, target);
    case Resampler::Bilinear:
      return at::_upsample_bilinear2d_aa(input, target, /*align_corners=*/false);
    case Resampler::Bicubic:
      return at::_upsample_bicubic2d_aa(input, target, /*align_corners=*/false);
    case Resampler::Lanczos:
      return at::_upsample_lanczos2d_aa(input, target, /*align_corners=*/false);
    default:
      throw InputError(std::string(subject) + ": torchvision resizes with filters 0 to 3 only, not " +
                       std::to_string(static_cast<int>(filter)) + "; use the Pillow back end");
  }
}

Image torchvision_resize(const Image& image, ImageSize size, Resampler filter, std::string_view subject) {
  // transformers hands over planes. Interleaved pixels give the same result without a copy, and ATen fails an assertion of its
  // own where planes shrink to a single pixel.
  auto* pixels = const_cast<std::uint8_t*>(image.rgb.data());
  const at::Tensor input =
      at::from_blob(pixels, {1, 3, image.height, image.width}, {image.height * image.width * 3, 1, image.width * 3, 3}, at::kByte);
  const at::Tensor output = resample(input, size, filter, subject).permute({0, 2, 3, 1}).contiguous();  // -> [1, H, W, 3]
  Image out{{}, size.height, size.width};
  out.rgb.resize(size.height * size.width * 3);
  std::memcpy(out.rgb.data(), output.const_data_ptr<std::uint8_t>(), out.rgb.size());
  return out;
}

}  // namespace

Image resize(const Image& image, ImageSize size, const ResizeMethod& method, std::string_view subject) {
  check_pixels({image.height, image.width}, size, subject);
  if (size == ImageSize{image.height, image.width}) return image;
  return method.backend == ResizeBackend::Pillow ? pillow_resize(image, size, method.filter)
                                                 : torchvision_resize(image, size, method.filter, subject);
}

}  // namespace zlens
