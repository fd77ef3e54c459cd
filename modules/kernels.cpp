#include "modules/kernels.h"

#include <ATen/ATen.h>
#include <ATen/Parallel.h>
#include <c10/core/GradMode.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>
#include <vector>

#include "modules/bf16_loops.h"
#include "modules/clones.h"
#include "modules/processor.h"
#include "modules/storage.h"
#include "modules/vector_math.h"

namespace zlens::kernels {
namespace {

template <typename T>
ZLENS_INLINE void rms_norm_rows(const NormRows<T>& in) {
  for (std::int64_t row = 0; row < in.rows; ++row) {
    const T* x = in.x + row * in.width;
    T* out = in.out + row * in.width;
    if (in.delta) {
      const T* delta = in.delta + row * in.width;
      T* sum = in.sum + row * in.width;
#pragma omp simd
      for (std::int64_t i = 0; i < in.width; ++i) store(&sum[i], load(x[i]) + load(delta[i]));
      x = sum;
    }
    float squares = 0;
#pragma omp simd reduction(+ : squares)
    for (std::int64_t i = 0; i < in.width; ++i) squares += load(x[i]) * load(x[i]);
    const float inverse = 1.0F / std::sqrt(squares / static_cast<float>(in.width) + in.eps);
#pragma omp simd
    for (std::int64_t i = 0; i < in.width; ++i) store(&out[i], rounded<T>(load(x[i]) * inverse) * load(in.weight[i]));
  }
}

ZLENS_CLONES void rms_norm_range(const NormRows<float>& in) {
  rms_norm_rows(in);
}
ZLENS_CLONES void rms_norm_portable(const NormRows<Bf16>& in) {
  rms_norm_rows(in);
}
void rms_norm_range(const NormRows<Bf16>& in) {
  processor_has_bf16() ? bf16_rms_norm(in) : rms_norm_portable(in);
}

template <typename T>
ZLENS_INLINE void silu_times_values(T* gate, const T* up, std::int64_t count) {
#pragma omp simd
  for (std::int64_t i = 0; i < count; ++i) {
    const float x = load(gate[i]);
    const float e = exp_nonpositive(-std::fabs(x));
    const float sigmoid = (x >= 0 ? 1.0F : e) / (1.0F + e);
    store(&gate[i], rounded<T>(x * sigmoid) * load(up[i]));
  }
}

ZLENS_CLONES void silu_times_range(float* gate, const float* up, std::int64_t count) {
  silu_times_values(gate, up, count);
}
ZLENS_CLONES void silu_times_portable(Bf16* gate, const Bf16* up, std::int64_t count) {
  silu_times_values(gate, up, count);
}
void silu_times_range(Bf16* gate, const Bf16* up, std::int64_t count) {
  processor_has_bf16() ? bf16_silu_times(gate, up, count) : silu_times_portable(gate, up, count);
}

template <typename T>
ZLENS_INLINE void rotate_one(const T* in, const float* cos, const float* sin, T* out, std::int64_t half) {
#pragma omp simd
  for (std::int64_t i = 0; i < half; ++i) {
    const float a = load(in[i]), b = load(in[i + half]);
    store(&out[i], a * cos[i] - b * sin[i]);
    store(&out[i + half], b * cos[i] + a * sin[i]);
  }
}

ZLENS_CLONES void rotate(const float* in, const float* cos, const float* sin, float* out, std::int64_t half) {
  rotate_one(in, cos, sin, out, half);
}
ZLENS_CLONES void rotate_portable(const Bf16* in, const float* cos, const float* sin, Bf16* out, std::int64_t half) {
  rotate_one(in, cos, sin, out, half);
}
void rotate(const Bf16* in, const float* cos, const float* sin, Bf16* out, std::int64_t half) {
  processor_has_bf16() ? bf16_rotate(in, cos, sin, out, half) : rotate_portable(in, cos, sin, out, half);
}

template <typename T>
struct Rows {
  const T* key;  // [C, Dh] of one row and kv head
  const T* value;
  const std::int32_t* positions;  // [C]
  std::int64_t length, head_dim, window;
  float scale;
};

// One query head over its cache; `scores` is scratch of `length` floats.
template <typename T>
ZLENS_INLINE void attend_one(const Rows<T>& rows, const T* query, float* scores, float* sum, T* out) {
  const std::int64_t width = rows.head_dim;
  const std::int32_t oldest = rows.window > 0 ? rows.positions[rows.length - 1] - static_cast<std::int32_t>(rows.window) : -1;
  float highest = -std::numeric_limits<float>::infinity();
  for (std::int64_t t = 0; t < rows.length; ++t) {
    const T* key = rows.key + t * width;
    float dot = 0;
#pragma omp simd reduction(+ : dot)
    for (std::int64_t i = 0; i < width; ++i) dot += load(query[i]) * load(key[i]);
    const bool visible = rows.positions[t] >= 0 && rows.positions[t] > oldest;
    scores[t] = visible ? dot * rows.scale : -std::numeric_limits<float>::infinity();
    highest = std::max(highest, scores[t]);
  }
  float total = 0;
#pragma omp simd reduction(+ : total)
  for (std::int64_t t = 0; t < rows.length; ++t) {
    scores[t] = exp_nonpositive(scores[t] - highest);
    total += scores[t];
  }
  std::fill(sum, sum + width, 0.0F);
  for (std::int64_t t = 0; t < rows.length; ++t) {
    const float weight = scores[t];
    const T* value = rows.value + t * width;
#pragma omp simd
    for (std::int64_t i = 0; i < width; ++i) sum[i] += weight * load(value[i]);
  }
  const float inverse = 1.0F / total;
  for (std::int64_t i = 0; i < width; ++i) store(&out[i], sum[i] * inverse);
}

ZLENS_CLONES void attend(const Rows<float>& rows, const float* query, float* scores, float* sum, float* out) {
  attend_one(rows, query, scores, sum, out);
}
ZLENS_CLONES void attend(const Rows<Bf16>& rows, const Bf16* query, float* scores, float* sum, Bf16* out) {
  attend_one(rows, query, scores, sum, out);
}

ZLENS_CLONES void softmax_row(float* row, float* wide, const Visibility& slots, float scale) {
  softmax_values(row, wide, row, slots, scale);
}
ZLENS_CLONES void softmax_row(Bf16* row, float* wide, const Visibility& slots, float scale) {
  softmax_values(row, wide, row, slots, scale);
}

struct NormTensors {
  at::Tensor x, delta, sum, out;  // delta and sum undefined: the norm of x alone
};

void norm_tensors(const NormTensors& in, const at::Tensor& weight, double eps) {
  const std::int64_t width = in.x.size(-1), rows = in.x.numel() / std::max<std::int64_t>(1, width);
  with_storage(in.x, [&](auto zero) {
    using T = decltype(zero);
    at::parallel_for(0, rows, 64, [&](std::int64_t begin, std::int64_t end) {
      const std::int64_t first = begin * width;
      NormRows<T> part{input<T>(in.x) + first,    nullptr,     nullptr, input<T>(weight),
                       output<T>(in.out) + first, end - begin, width,   static_cast<float>(eps)};
      if (in.delta.defined()) {
        part.delta = input<T>(in.delta) + first;
        part.sum = output<T>(in.sum) + first;
      }
      rms_norm_range(part);
    });
  });
}

// Where head h of token t of row b starts in the result.
struct HeadPlaces {
  std::int64_t row_stride, head_stride, first_token;
};

template <typename T>
void place_heads(const at::Tensor& x, const Rotation& rotation, const HeadPlaces& places, T* out) {
  const std::int64_t tokens = x.size(1), width = rotation.head_dim, heads = x.size(2) / width, half = width / 2;
  const T* from = input<T>(x);
  at::parallel_for(0, x.size(0) * tokens, 128, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t row = begin; row < end; ++row) {
      const std::int64_t b = row / tokens, t = places.first_token + row % tokens;
      for (std::int64_t h = 0; h < heads; ++h) {
        T* to = out + b * places.row_stride + h * places.head_stride + t * width;
        if (rotation.cos.defined()) {
          rotate(from + (row * heads + h) * width, input<float>(rotation.cos) + row * half, input<float>(rotation.sin) + row * half,
                 to, half);
        } else {
          std::memcpy(to, from + (row * heads + h) * width, static_cast<std::size_t>(width) * sizeof(T));
        }
      }
    }
  });
}

template <typename T>
void decode_attention_rows(const DecodeAttention& in, const at::Tensor& out) {
  const std::int64_t batch = in.query.size(0), heads = in.query.size(1), width = in.query.size(3);
  const std::int64_t kv_heads = in.cache_key.size(1), capacity = in.cache_key.size(2), group = heads / kv_heads;
  const std::int64_t grain = std::max<std::int64_t>(1, 32768 / std::max<std::int64_t>(1, in.length * width));
  at::parallel_for(0, batch * heads, grain, [&](std::int64_t begin, std::int64_t end) {
    std::vector<float> scratch(static_cast<std::size_t>(in.length + width));
    for (std::int64_t item = begin; item < end; ++item) {
      const std::int64_t b = item / heads, cache_row = b * kv_heads + (item % heads) / group;
      const Rows<T> rows{input<T>(in.cache_key) + cache_row * capacity * width,
                         input<T>(in.cache_value) + cache_row * capacity * width,
                         input<std::int32_t>(in.slot_positions) + b * in.slot_positions.size(1),
                         in.length,
                         width,
                         in.window,
                         static_cast<float>(in.scale)};
      attend(rows, input<T>(in.query) + item * width, scratch.data(), scratch.data() + in.length, output<T>(out) + item * width);
    }
  });
}

template <typename T>
void masked_softmax_rows(const MaskedSoftmax& in) {
  const std::int64_t heads = in.scores.size(1), tokens = in.scores.size(2), length = in.scores.size(3);
  const std::int64_t grain = std::max<std::int64_t>(1, 16384 / std::max<std::int64_t>(1, length));
  at::parallel_for(0, in.scores.size(0) * heads * tokens, grain, [&](std::int64_t begin, std::int64_t end) {
    std::vector<float> wide(static_cast<std::size_t>(length));
    for (std::int64_t row = begin; row < end; ++row) {
      const std::int64_t b = row / (heads * tokens), t = row % tokens;
      const auto own = static_cast<std::int32_t>(input<std::int64_t>(in.query_positions)[b * tokens + t]);
      const std::int32_t oldest = in.window > 0 ? own - static_cast<std::int32_t>(in.window) : -1;
      const Visibility slots{input<std::int32_t>(in.slot_positions) + b * in.slot_positions.size(1), length, own, oldest};
      softmax_row(output<T>(in.scores) + row * length, wide.data(), slots, static_cast<float>(in.scale));
    }
  });
}

}  // namespace

bool usable(const at::Tensor& x) {
  return x.is_cpu() && (x.scalar_type() == at::kFloat || x.scalar_type() == at::kBFloat16) &&
         !(c10::GradMode::is_enabled() && x.requires_grad());
}

at::Tensor rms_norm(const at::Tensor& x, const at::Tensor& weight, double eps) {
  const at::Tensor in = x.contiguous();
  at::Tensor out = at::empty_like(in);
  norm_tensors({in, {}, {}, out}, weight, eps);
  return out;
}

AddedNorm add_rms_norm(const at::Tensor& x, const at::Tensor& delta, const at::Tensor& weight, double eps) {
  const at::Tensor in = x.contiguous(), added = delta.contiguous();
  AddedNorm out{at::empty_like(in), at::empty_like(in)};
  norm_tensors({in, added, out.sum, out.normed}, weight, eps);
  return out;
}

void silu_times(const at::Tensor& gate, const at::Tensor& up) {
  with_storage(gate, [&](auto zero) {
    using T = decltype(zero);
    at::parallel_for(0, gate.numel(), 16384, [&](std::int64_t begin, std::int64_t end) {
      silu_times_range(output<T>(gate) + begin, input<T>(up) + begin, end - begin);
    });
  });
}

at::Tensor rotate_heads(const at::Tensor& x, const Rotation& rotation) {
  const std::int64_t tokens = x.size(1), width = rotation.head_dim, heads = x.size(2) / width;
  at::Tensor out = at::empty({x.size(0), heads, tokens, width}, x.options());
  with_storage(x, [&](auto zero) {
    using T = decltype(zero);
    place_heads<T>(x, rotation, {heads * tokens * width, tokens * width, 0}, output<T>(out));
  });
  return out;
}

void append(const at::Tensor& key, const at::Tensor& value, const Rotation& rotation, const CacheSlots& cache) {
  const std::int64_t capacity = cache.key.size(2), width = rotation.head_dim, kv_heads = cache.key.size(1);
  const HeadPlaces places{kv_heads * capacity * width, capacity * width, cache.first_slot};
  with_storage(key, [&](auto zero) {
    using T = decltype(zero);
    place_heads<T>(key, rotation, places, output<T>(cache.key));
    place_heads<T>(value, {{}, {}, width}, places, output<T>(cache.value));
  });
}

void masked_softmax(const MaskedSoftmax& in) {
  with_storage(in.scores, [&](auto zero) { masked_softmax_rows<decltype(zero)>(in); });
}

at::Tensor decode_attention(const DecodeAttention& in) {
  at::Tensor out = at::empty({in.query.size(0), 1, in.query.size(1) * in.query.size(3)}, in.query.options());
  with_storage(in.query, [&](auto zero) { decode_attention_rows<decltype(zero)>(in, out); });
  return out;
}

}  // namespace zlens::kernels
