// Levels 0 to 255 to the floats that an encoder sees. Free of torch.
#pragma once

#include <array>

#include "vision/image.h"
#include "vision/image_processor_config.h"

namespace zlens {

// [channel][level]
using PixelTable = std::array<std::array<float, 256>, 3>;

// transformers 5 in single precision: rescaling and normalising fused, (x - mean / factor) / (std / factor); or either of the
// two alone; or x itself. nanoVLM: x / 255.
PixelTable pixel_table(const ImageProcessorConfig& config);

// HWC levels to CHW floats: writes 3 * height * width of them.
void write_planes(const Image& image, const PixelTable& table, float* out);

}  // namespace zlens
