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

}  // namespace

at::Tensor initial_weight(const std::string& name, at::IntArrayRef shape, std::uint64_t seed) {
  const bool weight = name.ends_with(".weight");
  if (shape.size() == 1 && (weight || name.ends_with(".bias"))) return weight ? at::ones(shape) : at::zeros(shape);
  const at::Generator generator = generator_for(name, seed);
  const auto width = static_cast<double>(shape.back());
  if (shape.size() == 1 || name.find("embed_tokens") != name.npos || name.find("position_embedding") != name.npos)
    return at::empty(shape).normal_(0, 1 / std::sqrt(width), generator);
  double inputs = 1;
  for (const std::int64_t size : shape.slice(1)) inputs *= static_cast<double>(size);
  const double bound = 1 / std::sqrt(inputs);
  return at::empty(shape).uniform_(-bound, bound, generator);
}

}  // namespace zlens
