// Scalar pieces of the CPU loops, written so that the compiler vectorises the loops around them. Internal to modules/.
#pragma once

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdint>

#if defined(__CUDACC__)
#define ZLENS_INLINE __host__ __device__ __forceinline__
#else
#define ZLENS_INLINE __attribute__((always_inline)) inline
#endif

namespace zlens::kernels {

using Bf16 = std::uint16_t;  // raw bits: the compiler vectorises shifts, not c10::BFloat16

ZLENS_INLINE float load(float value) {
  return value;
}
ZLENS_INLINE float load(Bf16 value) {
  return std::bit_cast<float>(static_cast<std::uint32_t>(value) << 16);
}

ZLENS_INLINE void store(float* at, float value) {
  *at = value;
}
ZLENS_INLINE void store(Bf16* at, float value) {
  const auto bits = std::bit_cast<std::uint32_t>(value);
  const std::uint32_t rounded = (bits + 0x7fffU + ((bits >> 16) & 1U)) >> 16;  // to nearest, ties to even
  *at = static_cast<Bf16>(value != value ? 0x7fc0U : rounded);
}

template <typename T>
ZLENS_INLINE float rounded(float value) {
  T stored;
  store(&stored, value);
  return load(stored);
}

// exp for arguments <= 0, relative error below 2e-7; 0 below -87.
ZLENS_INLINE float exp_nonpositive(float x) {
  const float clamped = std::max(x, -87.0F);
  const float n = std::floor(clamped * 1.44269504F + 0.5F);
  const float r = (clamped - n * 0.693359375F) + n * 2.12194440e-4F;
  float p = 1.9875691500e-4F;
  p = p * r + 1.3981999507e-3F;
  p = p * r + 8.3334519073e-3F;
  p = p * r + 4.1665795894e-2F;
  p = p * r + 1.6666665459e-1F;
  p = p * r + 5.0000001201e-1F;
  const float mantissa = p * r * r + r + 1.0F;
  const float power = std::bit_cast<float>((static_cast<std::int32_t>(n) + 127) << 23);
  return x < -87.0F ? 0.0F : mantissa * power;
}

// RMS norm of rows, or of the rounded sums x + delta, which are kept.
template <typename T>
struct NormRows {
  const T* x;       // [rows, width]
  const T* delta;   // [rows, width] or nullptr
  T* sum;           // [rows, width]; unused without delta
  const T* weight;  // [width]
  T* out;           // [rows, width]
  std::int64_t rows, width;
  float eps;
};

constexpr float kHidden = -1e30F;  // below every score

struct Visibility {
  const std::int32_t* positions;  // of the slots
  std::int64_t length;
  std::int32_t newest, oldest;  // visible: oldest < position <= newest
};

// softmax over the visible slots of scores times scale. `wide` is scratch of as many floats; `weights` may be `scores`.
template <typename In, typename Out>
ZLENS_INLINE void softmax_values(const In* scores, float* wide, Out* weights, const Visibility& slots, float scale) {
  const std::int32_t* positions = slots.positions;
  const std::int32_t newest = slots.newest, oldest = std::max(slots.oldest, -1);
#pragma omp simd
  for (std::int64_t l = 0; l < slots.length; ++l) {
    const float score = load(scores[l]) * scale;  // unconditionally: a branch would keep the loop from being vectorised
    wide[l] = (positions[l] > oldest) & (positions[l] <= newest) ? score : kHidden;
  }
  float highest = kHidden / 2;  // a padding query sees nothing: all its weights become 0
#pragma omp simd reduction(max : highest)
  for (std::int64_t l = 0; l < slots.length; ++l) highest = wide[l] > highest ? wide[l] : highest;
  float total = 0;
#pragma omp simd reduction(+ : total)
  for (std::int64_t l = 0; l < slots.length; ++l) {
    wide[l] = exp_nonpositive(wide[l] - highest);
    total += wide[l];
  }
  const float inverse = total > 0 ? 1.0F / total : 0.0F;
#pragma omp simd
  for (std::int64_t l = 0; l < slots.length; ++l) store(&weights[l], wide[l] * inverse);
}

}  // namespace zlens::kernels
