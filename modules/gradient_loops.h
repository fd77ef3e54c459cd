// Loops of the backward pass over float and bfloat16, sums in float. Free of torch; internal to modules/.
#pragma once

#include "modules/scaled_rows.h"
#include "modules/vector_math.h"

namespace zlens::kernels {

// Of y = weight ∘ (x / rms(x)), the weight being constant.
template <typename T>
struct NormGradient {
  const T* x;       // [rows, width]
  const T* weight;  // [width]
  const T* grad;    // [rows, width], of y
  T* out;           // [rows, width], of x
  std::int64_t rows, width;
  float eps;
};
void norm_gradient(const NormGradient<float>& in);
void norm_gradient(const NormGradient<Bf16>& in);

// Of y = silu(gate) ∘ up.
template <typename T>
struct GatedGradient {
  const T* gate;
  const T* up;
  const T* grad;  // of y
  T* gate_out;
  T* up_out;
  std::int64_t count;
};
void gated_gradient(const GatedGradient<float>& in);
void gated_gradient(const GatedGradient<Bf16>& in);

// gelu in its tanh form, y = x / 2 (1 + tanh(√(2/π) (x + 0.044715 x³))), and its gradient.
template <typename T>
struct GeluValues {
  const T* x;
  const T* grad;  // of y; nullptr: y itself is wanted
  T* out;         // y, or the gradient of x
  std::int64_t count;
};
void gelu_values(const GeluValues<float>& in);
void gelu_values(const GeluValues<Bf16>& in);

// One row of y = softmax(scale x + mask), and of the gradient of x.
template <typename T>
struct SoftmaxRow {
  const T* x;
  const T* mask;  // nullptr: none
  T* out;
  float* wide;  // scratch of as many values
  std::int64_t count;
  float scale;
};
void softmax_row(const SoftmaxRow<float>& in);
void softmax_row(const SoftmaxRow<Bf16>& in);

template <typename T>
struct SoftmaxGradient {
  const T* y;
  const T* grad;  // of y
  T* out;         // of x
  std::int64_t count;
  float scale;
};
void softmax_gradient(const SoftmaxGradient<float>& in);
void softmax_gradient(const SoftmaxGradient<Bf16>& in);

// Columns [begin, end) of the rows that share a scale.
void scale_block(const ScaledRows<float>& in, std::int64_t set, std::int64_t begin, std::int64_t end);
void scale_block(const ScaledRows<Bf16>& in, std::int64_t set, std::int64_t begin, std::int64_t end);

// out[c] = sum over rows of a ∘ b, for columns [begin, end).
template <typename T>
struct ColumnProducts {
  const T* a;  // [rows, width]
  const T* b;  // [rows, width]
  float* out;  // [width]
  std::int64_t rows, width, begin, end;
};
void column_products(const ColumnProducts<float>& in);
void column_products(const ColumnProducts<Bf16>& in);

// One head of 2 * half values turned back: the transpose of its rotation.
void rotate_back(const float* in, const float* cos, const float* sin, float* out, std::int64_t half);
void rotate_back(const Bf16* in, const float* cos, const float* sin, Bf16* out, std::int64_t half);

}  // namespace zlens::kernels
