#include "vision/pixel_table.h"

namespace zlens {

PixelTable pixel_table(const ImageProcessorConfig& config) {
  const bool fused = config.do_rescale && config.do_normalize;
  // As torch does it: the double scalar is rounded once, products and quotients are single.
  const auto inverse = static_cast<float>(fused ? 1.0 / config.rescale_factor : 1.0);
  const auto factor = static_cast<float>(config.rescale_factor);
  PixelTable table;
  for (std::size_t c = 0; c < 3; ++c) {
    const float mean = static_cast<float>(config.image_mean[c]) * inverse, std = static_cast<float>(config.image_std[c]) * inverse;
    for (std::size_t level = 0; level < 256; ++level) {
      const auto x = static_cast<float>(level);
      float& value = table[c][level];
      if (config.type == ImageProcessorType::NanoVlm) {
        value = x / 255.0f;
      } else if (config.do_normalize) {
        value = (x - mean) / std;
      } else {
        value = config.do_rescale ? x * factor : x;
      }
    }
  }
  return table;
}

void write_planes(const Image& image, const PixelTable& table, float* out) {
  const std::int64_t pixels = image.height * image.width;
  for (std::int64_t i = 0; i < pixels; ++i) {
    const std::uint8_t* pixel = image.rgb.data() + 3 * i;
    for (std::int64_t c = 0; c < 3; ++c) out[c * pixels + i] = table[c][pixel[c]];
  }
}

}  // namespace zlens
