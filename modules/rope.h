// Rotary position embeddings (half split), with the scalings of the Llama family.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <string>

namespace zlens {

// Names and meaning as in Hugging Face configs (`rope_parameters`).
struct RopeOptions {
  std::string rope_type = "default";  // default | linear | llama3
  double rope_theta = 10000;
  double factor = 1;
  double low_freq_factor = 1, high_freq_factor = 4;      // llama3
  std::int64_t original_max_position_embeddings = 8192;  // llama3
};

struct RopeAngles {
  at::Tensor cos, sin;  // [B, T, Dh/2] float32
};

// Immutable; safe to share between threads.
class Rope {
 public:
  // Throws InputError on an unknown rope_type.
  Rope(const RopeOptions& options, std::int64_t head_dim);
  // On `device`; positions [B, T] int64, negative ones (padding) count as 0.
  RopeAngles angles(const at::Tensor& positions, at::Device device = at::kCPU) const;

 private:
  at::Tensor inverse_frequencies_;  // [Dh/2] float32
};

// x [B, H, T, Dh] rotated by angles; differentiable.
at::Tensor rotate(const at::Tensor& x, const RopeAngles& angles);

}  // namespace zlens
