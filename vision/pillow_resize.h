// Pillow's resampling of uint8 RGB pictures, bit for bit. Free of torch.
#pragma once

#include "vision/resize.h"

namespace zlens {

// PIL.Image.resize(size, filter) of Pillow 13.0: per axis, weights in double precision, normalised, rounded to 22-bit fixed
// point; each pass rounds and clips to 8 bits; an axis that keeps its length is skipped. Rows first, but columns first where
// the height shrinks by more than twice as many pixels as the width does (Pillow before 13: rows first, which changes rare
// pixels by one level). Both sides of `size` must be at least 1. Thread-safe.
Image pillow_resize(const Image& image, ImageSize size, Resampler filter);

}  // namespace zlens
