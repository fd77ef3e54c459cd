// How many views an image processor makes of a picture, and how many positions of the prompt they take, before any pixel is
// touched. Free of torch.
#pragma once

#include "vision/view_sizes.h"

namespace zlens {

struct ViewPlan {
  ImageSize picture;                // as decoded
  ImageSize view;                   // of every view
  std::int64_t views = 1;           // all of them, the view of the whole picture included
  std::int64_t rows = 0, cols = 0;  // of the grid of tiles; 0: the picture is not cut
};

// Throws InputError "<subject>: …" where the picture would be cut into more than 4096 tiles. Thread-safe.
ViewPlan plan_views(ImageSize picture, const ImageProcessorConfig& config, std::string_view subject = "image");

// LLaVA-NeXT: the features of the whole grid of tiles that stay, see unpadded_grid. `config.tokens.patch_size` must be set.
FeatureGrid kept_features(const ViewPlan& plan, const ImageProcessorConfig& config);

// How many image tokens stand for the picture in the prompt; LLaVA-NeXT's new-line features are counted, the words around
// the image (row and column tags) are not. Throws InputError where `config.tokens` lacks a key that the family needs: fill
// absent ones from the encoder first.
std::int64_t image_token_count(const ViewPlan& plan, const ImageProcessorConfig& config);

}  // namespace zlens
