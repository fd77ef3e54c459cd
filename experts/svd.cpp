#include "experts/svd.h"

#include <ATen/ATen.h>
#include <ATen/CPUGeneratorImpl.h>

#include <algorithm>
#include <cmath>

#include "io/error.h"
#include "modules/dtype.h"

namespace zlens {
namespace {

constexpr std::int64_t kProbes = 32;

// [n, kProbes], the same at every call.
at::Tensor probes(std::int64_t n) {
  return at::randn({n, kProbes}, at::detail::createCPUGenerator(/*seed_val=*/1), at::TensorOptions());
}

// Largest norm of a row of AᵀA - I.
double distance_from_orthogonal(const at::Tensor& a) {
  const at::Tensor g = probes(a.size(1));
  return (at::matmul(a.t(), at::matmul(a, g)) - g).norm(2, 1).max().item<double>() / std::sqrt(static_cast<double>(kProbes));
}

// U, S, V in double (columns of U and V belong together) -> float32, with signs made definite and both measures taken.
Svd finished(const at::Tensor& u, const at::Tensor& s, const at::Tensor& v, const at::Tensor& weight) {
  const at::Tensor signs = v.gather(0, v.abs().argmax(0, /*keepdim=*/true)).sign();
  Svd out{(u * signs).to(at::kFloat).contiguous(), s.to(at::kFloat).contiguous(), (v * signs).t().to(at::kFloat).contiguous()};
  measure(out, weight);
  return out;
}

// Through the eigenvectors of the smaller Gram matrix: in double its error is below float32's up to a condition number of about
// 1e5, and it is faster than a bidiagonalisation in float32. A vanishing singular value leaves NaN, which no measure passes.
Svd through_gram(const at::Tensor& weight) {
  const bool wide = weight.size(0) < weight.size(1);
  const at::Tensor tall = (wide ? weight.t() : weight).to(at::kDouble);
  const at::Tensor right = std::get<1>(at::linalg_eigh(at::matmul(tall.t(), tall))).flip(1);
  at::Tensor left = at::matmul(tall, right);
  const at::Tensor s = left.norm(2, 0);
  left /= s;
  return wide ? finished(right, s, left, weight) : finished(left, s, right, weight);
}

Svd through_bidiagonal(const at::Tensor& weight) {
  const auto [u, s, vt] = at::linalg_svd(weight.to(at::kDouble), /*full_matrices=*/false);
  return finished(u, s, vt.t(), weight);
}

bool good(const Svd& svd) {
  return svd.error <= kSvdTolerance && svd.orthogonality <= kSvdTolerance;
}

}  // namespace

void measure(Svd& svd, const at::Tensor& weight) {
  const at::Tensor g = probes(weight.size(1));
  const at::Tensor again = at::matmul(svd.u, svd.s.unsqueeze(1) * at::matmul(svd.vt, g));
  const double size = std::max(weight.norm().item<double>(), 1e-30) * std::sqrt(static_cast<double>(kProbes));
  svd.error = (again - at::matmul(weight, g)).norm().item<double>() / size;
  svd.orthogonality = std::max(distance_from_orthogonal(svd.u), distance_from_orthogonal(svd.vt.t()));
}

Svd exact_svd(const at::Tensor& weight) {
  if (!weight.isfinite().all().item<bool>()) throw Error("a matrix " + shape_text(weight.sizes()) + " holds NaN or Inf");
  Svd out = through_gram(weight);
  if (!good(out)) out = through_bidiagonal(weight);
  if (!good(out))
    throw Error("the decomposition of a matrix " + shape_text(weight.sizes()) + " has error " + std::to_string(out.error) +
                " and orthogonality " + std::to_string(out.orthogonality) + "; both must be at most 1e-5");
  return out;
}

std::size_t exact_svd_bytes(std::int64_t rows, std::int64_t columns) {
  const auto all = static_cast<std::size_t>(rows * columns), rank = static_cast<std::size_t>(std::min(rows, columns));
  // The matrix in float32 and double, one side's vectors in double twice and in float32; Gram matrix, its vectors and work space.
  return all * (4 + 8 + 16 + 8) + rank * rank * 48;
}

}  // namespace zlens
