// Products of few rows with a scaled spectrum, as in decoding with experts: bound by reading the factors once.
#pragma once

#include <ATen/core/Tensor.h>

namespace zlens::kernels {

// y = U (scale ∘ (Vᵀ x)), plus W x where a weight is given, plus the bias where one is.
struct SpectralRows {
  at::Tensor x;             // [B, T, N]
  at::Tensor vt, scale, u;  // [R, N]; [B, R] or [1, R] float32, rows may be apart; [M, R]
  at::Tensor weight, bias;  // [M, N], [M]; undefined: none
};

// True where `few_rows_usable` is for every product and no gradient is wanted.
bool spectral_rows_usable(const SpectralRows& in);

// One parallel region for both products. The scaled projection is rounded to bfloat16 once; W x and U (…) are added before the one
// rounding of y, so that a scale of 0 leaves the bits of `few_rows_linear`. -> [B, T, M]
at::Tensor spectral_rows(const SpectralRows& in);

}  // namespace zlens::kernels
