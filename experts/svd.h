// Singular value decomposition of one matrix, exact to float32.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstddef>
#include <cstdint>

namespace zlens {

// Above this, a decomposition in float32 counts as failed.
constexpr double kSvdTolerance = 1e-5;

// weight = U diag(S) Vᵀ, R = min(M, N). float32, contiguous, singular values falling; of each pair of singular vectors the entry of
// V with the largest magnitude is positive, so that what depends on their signs (LoRA-XS) is the same everywhere.
struct Svd {
  at::Tensor u;              // [M, R]
  at::Tensor s;              // [R]
  at::Tensor vt;             // [R, N]
  double error = 0;          // ‖W - U S Vᵀ‖ / ‖W‖ (Frobenius) of what is stored here
  double orthogonality = 0;  // largest norm of a row of UᵀU - I and VᵀV - I
};

// Fills in both measures from the products with 32 random vectors (always the same ones), which costs little beside the
// decomposition: a row's norm is met within a factor of about 1.5, the error, an average over many rows, within a few per cent.
void measure(Svd& svd, const at::Tensor& weight);

// weight [M, N] float32. Both measures are checked against kSvdTolerance. Thread-safe; uses the caller's ATen threads.
// Throws Error where the weight holds NaN or Inf, or where no method meets the tolerance.
Svd exact_svd(const at::Tensor& weight);

// Bytes that `exact_svd` needs at its peak for a matrix [M, N].
std::size_t exact_svd_bytes(std::int64_t rows, std::int64_t columns);

}  // namespace zlens
