// The inner loops that products of few rows are made of.
#pragma once

#include <cstdint>

#include "modules/vector_math.h"

namespace zlens::kernels {

// One summand x Wᵀ of a product.
struct RowProduct {
  const Bf16* x = nullptr;       // [rows, width]
  const Bf16* weight = nullptr;  // [outputs, width]
  std::int64_t width = 0;
};

// out = round(scale ∘ (x Wᵀ + x2 W2ᵀ + bias)), summed in float.
struct RowProducts {
  RowProduct first, second;      // second.width 0: there is none
  const Bf16* bias = nullptr;    // [outputs] or nullptr
  const float* scale = nullptr;  // row r at scale + r * scale_stride, [outputs]; nullptr: 1
  std::int64_t scale_stride = 0;
  Bf16* out = nullptr;  // [rows, outputs]
  std::int64_t rows = 0, outputs = 0;
};

// Outputs [begin, end) of all rows. Needs `processor_has_bf16`. Different ranges may be computed by different threads.
void row_products_range(const RowProducts& in, std::int64_t begin, std::int64_t end);

}  // namespace zlens::kernels
