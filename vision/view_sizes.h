// The size arithmetic of the image processors, number for number as in transformers 5.23 (and nanoVLM). Pure functions, free
// of torch; nothing is allocated. Sizes of pictures must be at least 1x1.
#pragma once

#include <vector>

#include "vision/image_processor_config.h"

namespace zlens {

// The size that `rule` gives a picture. A side can come out 0 where the picture's shape is extreme.
ImageSize resized_size(ImageSize picture, const SizeRule& rule);

// Idefics3 and SmolVLM: the longest edge to `longest_edge`, the other one even, both at most 4096.
ImageSize longest_edge_size(ImageSize picture, std::int64_t longest_edge);
// Idefics3 and SmolVLM: up to the next multiples of `tile_side`, keeping the shape as far as they allow.
ImageSize tiled_size(ImageSize picture, std::int64_t tile_side);

// Idefics3 and SmolVLM: what `config` makes of the picture before tiling.
ImageSize idefics3_resized_size(ImageSize picture, const ImageProcessorConfig& config);

// nanoVLM: multiples of `tile_side`, the longest edge at most `max_side`, or exactly that where `to_max_side`.
ImageSize nano_vlm_size(ImageSize picture, std::int64_t tile_side, std::int64_t max_side, bool to_max_side);

// LLaVA-NeXT: the pinpoint that keeps most of the picture; of equals the one that wastes least, then the first.
// `pinpoints` must not be empty.
ImageSize select_best_resolution(ImageSize picture, const std::vector<ImageSize>& pinpoints);
// LLaVA-NeXT: the picture's size inside `resolution`, its shape kept.
ImageSize size_within(ImageSize picture, ImageSize resolution);

// LLaVA-NeXT: the side of a tile, and the size of the view of the whole picture before it is cropped.
std::int64_t llava_next_tile_side(const ImageProcessorConfig& config);
ImageSize llava_next_base_size(const ImageProcessorConfig& config);

// Rows and columns of features, or of patches.
struct FeatureGrid {
  std::int64_t rows = 0, cols = 0;
  bool operator==(const FeatureGrid&) const = default;
};

// LLaVA-NeXT: what is left of `grid`, the features of all tiles together, once those of the padding are cut off. As much goes
// on either side, (grid - kept) / 2 rounded down: where the padding is odd, one line of it stays, as in the reference. The
// cut starts at row (grid.rows - result.rows) / 2 and column (grid.cols - result.cols) / 2. Rows or columns can be 0.
FeatureGrid unpadded_grid(ImageSize picture, FeatureGrid grid);

}  // namespace zlens
