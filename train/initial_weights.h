// Weights of a model that nobody has trained yet.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <string>

namespace zlens {

// Float32 values of the tensor `name` (canonical), a function of name, shape and seed alone: norms start as ones and biases as
// zeros, embeddings are normal with a variance of 1 / width, everything else is uniform within 1 / sqrt(inputs), as torch.nn.Linear
// starts. The places of a square of patches start as sines and cosines of row and column (as in arXiv 2111.06377), halved: a tower
// finds neighbours at once that it would otherwise have to learn to find.
at::Tensor initial_weight(const std::string& name, at::IntArrayRef shape, std::uint64_t seed);

}  // namespace zlens
