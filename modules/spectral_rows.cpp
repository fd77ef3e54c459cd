#include "modules/spectral_rows.h"

#include <ATen/ATen.h>
#include <ATen/Parallel.h>
#include <omp.h>

#include <algorithm>
#include <vector>

#include "modules/few_rows.h"
#include "modules/kernels.h"
#include "modules/row_products.h"

namespace zlens::kernels {
namespace {

const Bf16* bits(const at::Tensor& tensor) {
  return tensor.defined() ? static_cast<const Bf16*>(tensor.const_data_ptr()) : nullptr;
}

// Outputs of one thread of a team: whole tiles of the kernel for 8 rows.
void share(const RowProducts& in, std::int64_t thread, std::int64_t team) {
  constexpr std::int64_t kTile = 3;
  const std::int64_t each = (in.outputs / team + kTile) / kTile * kTile;
  row_products_range(in, std::min(thread * each, in.outputs), std::min((thread + 1) * each, in.outputs));
}

}  // namespace

bool spectral_rows_usable(const SpectralRows& in) {
  const bool weight_fits = !in.weight.defined() || few_rows_usable(in.x, in.weight, in.bias);
  return weight_fits && in.x.dim() == 3 && few_rows_usable(in.x, in.vt) && few_rows_usable(in.x, in.u, in.bias) &&
         in.scale.scalar_type() == at::kFloat && in.scale.stride(1) == 1 && usable(in.scale);
}

at::Tensor spectral_rows(const SpectralRows& in) {
  const at::Tensor x = in.x.contiguous();
  const std::int64_t batch = x.size(0), tokens = x.size(1), rank = in.vt.size(0);
  // A row of the scale for every row of x.
  const at::Tensor scale = tokens == 1 || in.scale.size(0) == 1 ? in.scale : in.scale.repeat_interleave(tokens, 0);
  std::vector<Bf16> projected(static_cast<std::size_t>(batch * tokens * rank));
  at::Tensor out = at::empty({batch, tokens, in.u.size(0)}, x.options());

  RowProducts down;
  down.first = {bits(x), bits(in.vt), in.vt.size(1)};
  down.scale = scale.const_data_ptr<float>();
  down.scale_stride = scale.size(0) == 1 ? 0 : scale.stride(0);
  down.out = projected.data();
  down.rows = batch * tokens;
  down.outputs = rank;

  RowProducts up;
  up.first = {projected.data(), bits(in.u), rank};
  if (in.weight.defined()) {
    up.second = up.first;
    up.first = {bits(x), bits(in.weight), in.weight.size(1)};
  }
  up.bias = bits(in.bias);
  up.out = static_cast<Bf16*>(out.mutable_data_ptr());
  up.rows = down.rows;
  up.outputs = in.u.size(0);

#pragma omp parallel num_threads(at::get_num_threads())
  {
    const std::int64_t thread = omp_get_thread_num(), team = omp_get_num_threads();
    share(down, thread, team);
#pragma omp barrier
    share(up, thread, team);
  }
  return out;
}

}  // namespace zlens::kernels
