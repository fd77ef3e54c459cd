// A picture to the tensor that a vision encoder takes, exactly as the checkpoint's published processor prepares it.
#pragma once

#include <ATen/core/Tensor.h>

#include "vision/image.h"
#include "vision/image_processor_config.h"
#include "vision/view_plan.h"

namespace zlens {

// Views in the processor's order: LLaVA-NeXT and nanoVLM the whole picture, then its tiles row by row; Idefics3 and SmolVLM
// the tiles, then the whole picture; all others the whole picture alone.
struct PreparedViews {
  at::Tensor pixel_values;             // [N, 3, H, W] float32, contiguous, on the CPU
  std::int64_t height = 0, width = 0;  // of the picture as decoded
  std::int64_t rows = 0, cols = 0;     // of the grid of tiles; 0: the picture is not cut
};

// The picture alone: nothing is padded to the views of other pictures. The uint8 steps (resizing, padding, cropping, tiling)
// equal the processor's bit for bit, the floats follow its formula in single precision. With neither rescaling nor
// normalising the values are 0 to 255.
//
// Deterministic and thread-safe. Throws InputError "<subject>: …" for an empty picture, and for shapes so extreme that the
// processor would make more than 178 million pixels, more than 4096 tiles, or none.
PreparedViews prepare_views(const Image& image, const ImageProcessorConfig& config, std::string_view subject = "image");

// The same without any pixel: the views are on torch's meta device.
PreparedViews planned_views(ImageSize picture, const ImageProcessorConfig& config, std::string_view subject = "image");

}  // namespace zlens
