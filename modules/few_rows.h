// Matrix products of few rows, as in decoding: bound by reading the weights once.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>

namespace zlens::kernels {

// Rows up to which `few_rows_linear` beats the general product (measured with bench/decoder_speed).
constexpr std::int64_t kFewRows = 16;

// True for bfloat16 on a processor with AVX-512 BF16, few rows and no gradient wanted of any of these.
bool few_rows_usable(const at::Tensor& x, const at::Tensor& weight, const at::Tensor& bias = {});

// x [..., N] times weight [M, N] transposed, plus bias [M] where defined: [..., M]. Products of bfloat16 pairs are summed in float.
// x of up to kFewRows rows; weight contiguous.
at::Tensor few_rows_linear(const at::Tensor& x, const at::Tensor& weight, const at::Tensor& bias);

}  // namespace zlens::kernels
