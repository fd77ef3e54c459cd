#include "modules/gradient_loops.h"

#include <algorithm>
#include <limits>

#include "modules/clones.h"

namespace zlens::kernels {
namespace {

template <typename T>
ZLENS_INLINE void norm_gradient_rows(const NormGradient<T>& in) {
  const T* weight = in.weight;
  for (std::int64_t row = 0; row < in.rows; ++row) {
    const T* x = in.x + row * in.width;
    const T* grad = in.grad + row * in.width;
    T* out = in.out + row * in.width;
    float squares = 0, along = 0;
#pragma omp simd reduction(+ : squares, along)
    for (std::int64_t i = 0; i < in.width; ++i) {
      const float value = load(x[i]);
      squares += value * value;
      along += value * load(grad[i]) * load(weight[i]);
    }
    const float mean = squares / static_cast<float>(in.width) + in.eps, inverse = 1.0F / std::sqrt(mean);
    const float back = inverse * along / (mean * static_cast<float>(in.width));
#pragma omp simd
    for (std::int64_t i = 0; i < in.width; ++i) store(&out[i], load(grad[i]) * load(weight[i]) * inverse - load(x[i]) * back);
  }
}

template <typename T>
ZLENS_INLINE void gated_gradient_values(const GatedGradient<T>& in) {
  const T *gate = in.gate, *up = in.up, *grad = in.grad;
  T *gate_out = in.gate_out, *up_out = in.up_out;
#pragma omp simd
  for (std::int64_t i = 0; i < in.count; ++i) {
    const float x = load(gate[i]), g = load(grad[i]);
    const float e = exp_nonpositive(-std::fabs(x));
    const float sigmoid = (x >= 0 ? 1.0F : e) / (1.0F + e);
    store(&up_out[i], g * rounded<T>(x * sigmoid));
    store(&gate_out[i], g * load(up[i]) * sigmoid * (1.0F + x * (1.0F - sigmoid)));
  }
}

// sigmoid(2 u) = (1 + tanh u) / 2.
ZLENS_INLINE float half_tanh(float u) {
  const float e = exp_nonpositive(-2.0F * std::fabs(u));
  return (u >= 0 ? 1.0F : e) / (1.0F + e);
}

constexpr float kGeluScale = 0.7978845608F, kGeluCube = 0.044715F;

template <typename T>
ZLENS_INLINE void gelu_all(const GeluValues<T>& in) {
  const T *values = in.x, *grad = in.grad;
  T* out = in.out;
  if (!grad) {
#pragma omp simd
    for (std::int64_t i = 0; i < in.count; ++i) {
      const float x = load(values[i]);
      store(&out[i], x * half_tanh(kGeluScale * x * (1.0F + kGeluCube * x * x)));
    }
    return;
  }
#pragma omp simd
  for (std::int64_t i = 0; i < in.count; ++i) {
    const float x = load(values[i]), s = half_tanh(kGeluScale * x * (1.0F + kGeluCube * x * x));
    const float slope = 2.0F * kGeluScale * (1.0F + 3.0F * kGeluCube * x * x);
    store(&out[i], load(grad[i]) * (s + x * s * (1.0F - s) * slope));
  }
}

template <typename T>
ZLENS_INLINE void softmax_values_of(const SoftmaxRow<T>& in) {
  const T *x = in.x, *mask = in.mask;
  T* out = in.out;
  float* wide = in.wide;
  float highest = -std::numeric_limits<float>::infinity(), total = 0;
  if (mask) {
#pragma omp simd reduction(max : highest)
    for (std::int64_t i = 0; i < in.count; ++i) {
      wide[i] = load(x[i]) * in.scale + load(mask[i]);
      highest = wide[i] > highest ? wide[i] : highest;
    }
  } else {
#pragma omp simd reduction(max : highest)
    for (std::int64_t i = 0; i < in.count; ++i) {
      wide[i] = load(x[i]) * in.scale;
      highest = wide[i] > highest ? wide[i] : highest;
    }
  }
#pragma omp simd reduction(+ : total)
  for (std::int64_t i = 0; i < in.count; ++i) {
    wide[i] = exp_nonpositive(wide[i] - highest);
    total += wide[i];
  }
  const float inverse = 1.0F / total;
#pragma omp simd
  for (std::int64_t i = 0; i < in.count; ++i) store(&out[i], wide[i] * inverse);
}

template <typename T>
ZLENS_INLINE void softmax_gradient_values(const SoftmaxGradient<T>& in) {
  const T *y = in.y, *grad = in.grad;
  T* out = in.out;
  float along = 0;
#pragma omp simd reduction(+ : along)
  for (std::int64_t i = 0; i < in.count; ++i) along += load(y[i]) * load(grad[i]);
#pragma omp simd
  for (std::int64_t i = 0; i < in.count; ++i) store(&out[i], in.scale * load(y[i]) * (load(grad[i]) - along));
}

template <typename T>
ZLENS_INLINE void scale_block_values(const ScaledRows<T>& in, std::int64_t set, std::int64_t begin, std::int64_t end) {
  for (std::int64_t row = set * in.rows; row < (set + 1) * in.rows; ++row)
#pragma omp simd
    for (std::int64_t column = begin; column < end; ++column) scale_value(in, set, row, column);
}

template <typename T>
ZLENS_INLINE void column_products_values(const ColumnProducts<T>& in) {
  std::fill(in.out + in.begin, in.out + in.end, 0.0F);
  for (std::int64_t row = 0; row < in.rows; ++row) {
    const T* a = in.a + row * in.width;
    const T* b = in.b + row * in.width;
#pragma omp simd
    for (std::int64_t i = in.begin; i < in.end; ++i) in.out[i] += load(a[i]) * load(b[i]);
  }
}

template <typename T>
ZLENS_INLINE void rotate_back_values(const T* in, const float* cos, const float* sin, T* out, std::int64_t half) {
#pragma omp simd
  for (std::int64_t i = 0; i < half; ++i) {
    const float a = load(in[i]), b = load(in[i + half]);
    store(&out[i], a * cos[i] + b * sin[i]);
    store(&out[i + half], b * cos[i] - a * sin[i]);
  }
}

}  // namespace

ZLENS_CLONES void norm_gradient(const NormGradient<float>& in) {
  norm_gradient_rows(in);
}
ZLENS_CLONES void norm_gradient(const NormGradient<Bf16>& in) {
  norm_gradient_rows(in);
}
ZLENS_CLONES void gated_gradient(const GatedGradient<float>& in) {
  gated_gradient_values(in);
}
ZLENS_CLONES void gated_gradient(const GatedGradient<Bf16>& in) {
  gated_gradient_values(in);
}
ZLENS_CLONES void gelu_values(const GeluValues<float>& in) {
  gelu_all(in);
}
ZLENS_CLONES void gelu_values(const GeluValues<Bf16>& in) {
  gelu_all(in);
}
ZLENS_CLONES void softmax_row(const SoftmaxRow<float>& in) {
  softmax_values_of(in);
}
ZLENS_CLONES void softmax_row(const SoftmaxRow<Bf16>& in) {
  softmax_values_of(in);
}
ZLENS_CLONES void softmax_gradient(const SoftmaxGradient<float>& in) {
  softmax_gradient_values(in);
}
ZLENS_CLONES void softmax_gradient(const SoftmaxGradient<Bf16>& in) {
  softmax_gradient_values(in);
}
ZLENS_CLONES void scale_block(const ScaledRows<float>& in, std::int64_t set, std::int64_t begin, std::int64_t end) {
  scale_block_values(in, set, begin, end);
}
ZLENS_CLONES void scale_block(const ScaledRows<Bf16>& in, std::int64_t set, std::int64_t begin, std::int64_t end) {
  scale_block_values(in, set, begin, end);
}
ZLENS_CLONES void column_products(const ColumnProducts<float>& in) {
  column_products_values(in);
}
ZLENS_CLONES void column_products(const ColumnProducts<Bf16>& in) {
  column_products_values(in);
}
ZLENS_CLONES void rotate_back(const float* in, const float* cos, const float* sin, float* out, std::int64_t half) {
  rotate_back_values(in, cos, sin, out, half);
}
ZLENS_CLONES void rotate_back(const Bf16* in, const float* cos, const float* sin, Bf16* out, std::int64_t half) {
  rotate_back_values(in, cos, sin, out, half);
}

}  // namespace zlens::kernels
