#include "modules/few_rows.h"

#include <ATen/ATen.h>
#include <ATen/Parallel.h>

#include "modules/kernels.h"
#include "modules/processor.h"
#include "modules/row_products.h"

namespace zlens::kernels {

bool few_rows_usable(const at::Tensor& x, const at::Tensor& weight, const at::Tensor& bias) {
  const auto fits = [](const at::Tensor& t) { return t.scalar_type() == at::kBFloat16 && usable(t); };
  return fits(x) && fits(weight) && (!bias.defined() || fits(bias)) && weight.is_contiguous() &&
         x.numel() <= kFewRows * x.size(-1) && processor_has_bf16();
}

at::Tensor few_rows_linear(const at::Tensor& x, const at::Tensor& weight, const at::Tensor& bias) {
  const at::Tensor rows = x.contiguous();
  std::vector<std::int64_t> shape = x.sizes().vec();
  shape.back() = weight.size(0);
  at::Tensor out = at::empty(shape, x.options());
  RowProducts in;
  in.first = {static_cast<const Bf16*>(rows.const_data_ptr()), static_cast<const Bf16*>(weight.const_data_ptr()), weight.size(1)};
  if (bias.defined()) in.bias = static_cast<const Bf16*>(bias.const_data_ptr());
  in.out = static_cast<Bf16*>(out.mutable_data_ptr());
  in.rows = rows.numel() / rows.size(-1);
  in.outputs = weight.size(0);
  at::parallel_for(0, in.outputs, 64, [&](std::int64_t begin, std::int64_t end) { row_products_range(in, begin, end); });
  return out;
}

}  // namespace zlens::kernels
