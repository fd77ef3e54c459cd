#include "modules/rope.h"

#include <ATen/ATen.h>

#include <cmath>
#include <numbers>

#include "io/error.h"

namespace zlens {
namespace {

// Llama 3.1: long wavelengths are stretched by the factor, short ones kept, those between blended
// (transformers `_compute_llama3_parameters`).
at::Tensor llama3_frequencies(const at::Tensor& base, const RopeOptions& options) {
  const double old_length = static_cast<double>(options.original_max_position_embeddings);
  const at::Tensor wavelength = 2 * std::numbers::pi / base;
  const at::Tensor blend =
      (old_length / wavelength - options.low_freq_factor) / (options.high_freq_factor - options.low_freq_factor);
  const at::Tensor blended = (1 - blend) * base / options.factor + blend * base;
  const at::Tensor stretched = at::where(wavelength > old_length / options.low_freq_factor, base / options.factor, blended);
  return at::where(wavelength < old_length / options.high_freq_factor, base, stretched);
}

}  // namespace

Rope::Rope(const RopeOptions& options, std::int64_t head_dim) {
  const at::Tensor exponents = at::arange(0, head_dim, 2, at::kLong).to(at::kFloat) / static_cast<double>(head_dim);
  const at::Tensor base = 1.0 / at::pow(options.rope_theta, exponents);
  if (options.rope_type == "default") {
    inverse_frequencies_ = base;
  } else if (options.rope_type == "linear") {
    inverse_frequencies_ = base / options.factor;
  } else if (options.rope_type == "llama3") {
    inverse_frequencies_ = llama3_frequencies(base, options);
  } else {
    throw InputError("rope_type '" + options.rope_type + "' is not supported (known: default, linear, llama3)");
  }
}

RopeAngles Rope::angles(const at::Tensor& positions, at::Device device) const {
  const at::Tensor angles = positions.clamp_min(0).to(at::kFloat).unsqueeze(-1) * inverse_frequencies_;  // -> [B, T, Dh/2]
  return {angles.cos().to(device), angles.sin().to(device)};
}

at::Tensor rotate(const at::Tensor& x, const RopeAngles& angles) {
  const auto halves = x.chunk(2, -1);
  const at::Tensor cos = angles.cos.unsqueeze(1).to(x.scalar_type()), sin = angles.sin.unsqueeze(1).to(x.scalar_type());
  return at::cat({halves[0] * cos - halves[1] * sin, halves[1] * cos + halves[0] * sin}, -1);
}

}  // namespace zlens
