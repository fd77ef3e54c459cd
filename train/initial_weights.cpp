#include "train/initial_weights.h"

#include <ATen/ATen.h>
#include <ATen/CPUGeneratorImpl.h>

#include <cmath>
#include <cstring>

#include "io/sha256.h"

namespace zlens {
namespace {

at::Generator generator_for(const std::string& name, std::uint64_t seed) {
  const auto digest = sha256_hex(std::to_string(seed) + "\n" + name);
  return at::detail::createCPUGenerator(std::stoull(digest.substr(0, 15), nullptr, 16));
}

// [n², D]: a half of the width for the row, a half for the column, of each one half sines and one half cosines.
at::Tensor waves(std::int64_t side, std::int64_t width) {
  const std::int64_t frequencies = width / 4;
  const at::Tensor exponents = at::arange(frequencies, at::kFloat) / static_cast<double>(frequencies);
  const at::Tensor angles = at::arange(side, at::kFloat).unsqueeze(1) * at::pow(at::full_like(exponents, 1e4), -exponents);
  const at::Tensor along = at::cat({angles.sin(), angles.cos()}, 1);  // -> [n, D/2]
  const auto spread = [&](const at::Tensor& x) { return x.expand({side, side, width / 2}); };
  return 0.5 * at::cat({spread(along.unsqueeze(1)), spread(along.unsqueeze(0))}, 2).reshape({side * side, width});
}

}  // namespace

at::Tensor initial_weight(const std::string& name, at::IntArrayRef shape, std::uint64_t seed) {
  const bool weight = name.ends_with(".weight");
  if (shape.size() == 1 && (weight || name.ends_with(".bias"))) return weight ? at::ones(shape) : at::zeros(shape);
  const at::Generator generator = generator_for(name, seed);
  const auto width = static_cast<double>(shape.back());
  if (name.ends_with("position_embedding.weight")) {
    const auto side = static_cast<std::int64_t>(std::lround(std::sqrt(static_cast<double>(shape[0]))));
    if (side * side == shape[0] && shape[1] % 4 == 0) return waves(side, shape[1]);
  }
  if (shape.size() == 1 || name.find("embed_tokens") != name.npos || name.find("position_embedding") != name.npos)
    return at::empty(shape).normal_(0, 1 / std::sqrt(width), generator);
  double inputs = 1;
  for (const std::int64_t size : shape.slice(1)) inputs *= static_cast<double>(size);
  const double bound = 1 / std::sqrt(inputs);
  return at::empty(shape).uniform_(-bound, bound, generator);
}

}  // namespace zlens
