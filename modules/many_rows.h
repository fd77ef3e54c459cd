// Matrix products of many rows, as in reading a prompt: bound by arithmetic.
#pragma once

#include <ATen/core/Tensor.h>

#include <span>
#include <vector>

namespace zlens::kernels {

struct Matrix {
  at::Tensor weight, bias;  // [M, N], [M] or undefined
};

// True for bfloat16 on a processor with AVX-512 BF16, more than kFewRows rows and no gradient wanted.
bool many_rows_usable(const at::Tensor& x, const Matrix& matrix);

// The same where x may want a gradient, but the matrix does not.
bool many_rows_differentiable_usable(const at::Tensor& x, const Matrix& matrix);

// x [..., N] times each weight [M, N] transposed, plus its bias: [..., M] each. Products of bfloat16 pairs are summed in float in
// the order of N, and rounded once: a row's result depends neither on the other rows nor on the number of threads. The weights are
// read as they are; each thread repacks 64 of their rows at a time.
std::vector<at::Tensor> many_rows_linear(const at::Tensor& x, std::span<const Matrix> matrices);

// grad [..., M] times weight [M, N]: [..., N], as precise as many_rows_linear, of whose x it is the gradient.
at::Tensor many_rows_back(const at::Tensor& grad, const at::Tensor& weight);

// True where the two below may be called: bfloat16 on such a processor, nothing empty.
bool many_rows_each_usable(const at::Tensor& x, const at::Tensor& weights);

// The same for each of a batch, with a weight of its own: x [B, R, N] times weights [B, M, N] transposed: [B, R, M]; and
// grad [B, R, M] times weights [B, M, N]: [B, R, N].
at::Tensor many_rows_each(const at::Tensor& x, const at::Tensor& weights);
at::Tensor many_rows_each_back(const at::Tensor& grad, const at::Tensor& weights);

// silu_times of the products with two weights of one shape, bit for bit, without writing these down. -> [..., M]
at::Tensor many_rows_gated(const at::Tensor& x, const Matrix& gate, const Matrix& up);

}  // namespace zlens::kernels
