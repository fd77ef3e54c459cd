// What stands between the two thin products of a batch whose rows have different experts: every row gathers its own scale. One body
// for the CPU's loops and for the CUDA kernel. Free of torch.
#pragma once

#include "modules/vector_math.h"

namespace zlens::kernels {

template <typename T>
struct ScaledRows {
  const T* x;          // [sets * rows, width]
  const float* scale;  // [sets, width]
  T* out;              // [sets * rows, width], rounded once
  std::int64_t rows;   // rows that share a scale
  std::int64_t width;
};

template <typename T>
ZLENS_INLINE void scale_value(const ScaledRows<T>& in, std::int64_t set, std::int64_t row, std::int64_t column) {
  const std::int64_t at = row * in.width + column;
  store(&in.out[at], load(in.x[at]) * in.scale[set * in.width + column]);
}

}  // namespace zlens::kernels
