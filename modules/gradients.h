// Fused operations for training on the CPU: one pass forward and one backward where a chain of ATen calls makes a dozen each. A
// step of training spends more time in such chains than in products.
#pragma once

#include <ATen/core/Tensor.h>

#include "modules/many_rows.h"
#include "modules/rope.h"

namespace zlens::kernels {

// True where the functions below may stand in for ATen: a CPU tensor of float or bfloat16.
bool fusable(const at::Tensor& x);

// As kernels::rms_norm; differentiable in both. -> like x
at::Tensor rms_norm_differentiable(const at::Tensor& x, const at::Tensor& weight, double eps);

// silu(gate), rounded to the dtype, times up.
at::Tensor silu_times_differentiable(const at::Tensor& gate, const at::Tensor& up);

// torch.nn.functional.gelu(x, approximate="tanh").
at::Tensor gelu_tanh_differentiable(const at::Tensor& x);

// softmax over the last dimension of scale ∘ x + mask, x [B, H, T, L] and mask [B, 1, T, L] of x's dtype (undefined: none); the
// mask gets no gradient. Every row must have a finite entry. -> like x
at::Tensor softmax_differentiable(const at::Tensor& x, const at::Tensor& mask, double scale);

// many_rows_linear of a matrix that stays as it is. x [..., N] -> [..., M]
at::Tensor many_rows_differentiable(const at::Tensor& x, const Matrix& matrix);

// at::bmm(x, y.transpose(1, 2)), x [B, R, N], y [B, M, N] -> [B, R, M]; and at::bmm(x, y), x [B, R, M], y [B, M, N] -> [B, R, N]:
// by the kernels of many_rows where they fit, which in bfloat16 sum in float and round once.
at::Tensor bmm_transposed_differentiable(const at::Tensor& x, const at::Tensor& y);
at::Tensor bmm_differentiable(const at::Tensor& x, const at::Tensor& y);

// x [B, T, R] times scale [B, R] or [1, R] (float), one rounding; on any device. -> like x
at::Tensor scale_rows(const at::Tensor& x, const at::Tensor& scale);

// The heads of x [B, T, H*Dh], rotated (half split). -> [B, H, T, Dh]
at::Tensor rotate_heads_differentiable(const at::Tensor& x, const RopeAngles& angles, std::int64_t head_dim);

}  // namespace zlens::kernels
