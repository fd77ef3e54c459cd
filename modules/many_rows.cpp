#include "modules/many_rows.h"

#include <ATen/ATen.h>
#include <ATen/Parallel.h>

#include <algorithm>

#include "modules/few_rows.h"
#include "modules/kernels.h"
#include "modules/panel_products.h"
#include "modules/processor.h"

namespace zlens::kernels {

#if defined(__x86_64__)
namespace {

const Bf16* data(const at::Tensor& x) {
  return x.defined() ? static_cast<const Bf16*>(x.const_data_ptr()) : nullptr;
}

Bf16* result(const at::Tensor& x) {
  return static_cast<Bf16*>(x.mutable_data_ptr());
}

// A weight [rows, columns], row by row.
struct Weight {
  const Bf16* values;
  const Bf16* bias;  // [rows] where there is one
  std::int64_t rows, columns;
};

Weight weight_of(const Matrix& matrix) {
  return {data(matrix.weight), data(matrix.bias), matrix.weight.size(0), matrix.weight.size(1)};
}

// Rows [first, first + 16), as far as they exist.
Group row_group(const Weight& weight, std::int64_t first) {
  const std::int64_t count = std::clamp<std::int64_t>(weight.rows - first, 0, 16);
  if (count == 0) return {};
  return {weight.values + first * weight.columns, weight.bias ? weight.bias + first : nullptr, count};
}

// The same of columns.
Group column_group(const Weight& weight, std::int64_t first) {
  return {weight.values + first, nullptr, std::clamp<std::int64_t>(weight.columns - first, 0, 16)};
}

// Panels of all rows of a weight, for the products [R, rows] at `out`.
void add_row_panels(const Weight& weight, Bf16* out, std::vector<Panel>& panels) {
  const auto group = [&](std::int64_t first) { return row_group(weight, first); };
  for (std::int64_t i = 0; i < weight.rows; i += kTileColumns)
    panels.push_back({{group(i), group(i + 16), group(i + 32), group(i + 48)}, false, out + i, weight.rows});
}

// The same of all columns.
void add_column_panels(const Weight& weight, Bf16* out, std::vector<Panel>& panels) {
  const auto group = [&](std::int64_t first) { return column_group(weight, first); };
  for (std::int64_t i = 0; i < weight.columns; i += kTileColumns)
    panels.push_back({{group(i), group(i + 16), group(i + 32), group(i + 48)}, false, out + i, weight.columns});
}

void add_gated_panels(const Weight& gate, const Weight& up, Bf16* out, std::vector<Panel>& panels) {
  for (std::int64_t i = 0; i < gate.rows; i += kTileColumns / 2)
    panels.push_back(
        {{row_group(gate, i), row_group(gate, i + 16), row_group(up, i), row_group(up, i + 16)}, true, out + i, gate.rows});
}

// x as rows of an even number of values.
at::Tensor even_rows(const at::Tensor& x) {
  return x.size(-1) % 2 == 0 ? x.contiguous() : at::constant_pad_nd(x, {0, 1});
}

at::Tensor empty_output(const at::Tensor& x, std::int64_t outputs) {
  std::vector<std::int64_t> shape = x.sizes().vec();
  shape.back() = outputs;
  return at::empty(shape, x.options());
}

void multiply_all(const at::Tensor& x, std::vector<Panel> panels, std::int64_t across = 0) {
  const at::Tensor rows = even_rows(x);
  multiply_panels({data(rows), rows.numel() / rows.size(-1), x.size(-1), rows.size(-1), across, std::move(panels)});
}

// x [B, R, N]: each R rows with a weight of their own, `weights` [B, …]; `add` adds its panels. -> [B, R, outputs]
at::Tensor multiply_each(const at::Tensor& x, const at::Tensor& weights, std::int64_t outputs, const auto& add,
                         std::int64_t across = 0) {
  const at::Tensor rows = even_rows(x), all = weights.contiguous();
  at::Tensor out = empty_output(x, outputs);
  const std::int64_t count = x.size(1), stride = rows.size(2), size = all.size(1) * all.size(2);
  at::parallel_for(0, x.size(0), 1, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t b = begin; b < end; ++b) {
      std::vector<Panel> panels;
      add(Weight{data(all) + b * size, nullptr, all.size(1), all.size(2)}, result(out) + b * count * outputs, panels);
      multiply_panels({data(rows) + b * count * stride, count, x.size(2), stride, across, std::move(panels)});
    }
  });
  return out;
}

}  // namespace

bool many_rows_usable(const at::Tensor& x, const Matrix& matrix) {
  return usable(x) && many_rows_differentiable_usable(x, matrix);
}

bool many_rows_differentiable_usable(const at::Tensor& x, const Matrix& matrix) {
  const auto fits = [](const at::Tensor& t) { return t.scalar_type() == at::kBFloat16 && usable(t) && t.is_contiguous(); };
  return x.is_cpu() && x.scalar_type() == at::kBFloat16 && x.numel() > kFewRows * x.size(-1) && fits(matrix.weight) &&
         (!matrix.bias.defined() || fits(matrix.bias)) && processor_has_bf16();
}

bool many_rows_each_usable(const at::Tensor& x, const at::Tensor& weights) {
  const auto fits = [](const at::Tensor& t) { return t.is_cpu() && t.scalar_type() == at::kBFloat16 && t.numel() > 0; };
  return fits(x) && fits(weights) && processor_has_bf16();
}

std::vector<at::Tensor> many_rows_linear(const at::Tensor& x, std::span<const Matrix> matrices) {
  std::vector<at::Tensor> out;
  std::vector<Panel> panels;
  for (const Matrix& matrix : matrices) {
    out.push_back(empty_output(x, matrix.weight.size(0)));
    add_row_panels(weight_of(matrix), result(out.back()), panels);
  }
  multiply_all(x, std::move(panels));
  return out;
}

at::Tensor many_rows_back(const at::Tensor& grad, const at::Tensor& weight) {
  at::Tensor out = empty_output(grad, weight.size(1));
  std::vector<Panel> panels;
  add_column_panels(weight_of({weight, {}}), result(out), panels);
  multiply_all(grad, std::move(panels), weight.size(1));
  return out;
}

at::Tensor many_rows_each(const at::Tensor& x, const at::Tensor& weights) {
  return multiply_each(x, weights, weights.size(1), add_row_panels);
}

at::Tensor many_rows_each_back(const at::Tensor& grad, const at::Tensor& weights) {
  return multiply_each(grad, weights, weights.size(2), add_column_panels, weights.size(2));
}

at::Tensor many_rows_gated(const at::Tensor& x, const Matrix& gate, const Matrix& up) {
  at::Tensor out = empty_output(x, gate.weight.size(0));
  std::vector<Panel> panels;
  add_gated_panels(weight_of(gate), weight_of(up), result(out), panels);
  multiply_all(x, std::move(panels));
  return out;
}

#else

bool many_rows_usable(const at::Tensor&, const Matrix&) {
  return false;
}
bool many_rows_differentiable_usable(const at::Tensor&, const Matrix&) {
  return false;
}
bool many_rows_each_usable(const at::Tensor&, const at::Tensor&) {
  return false;
}
at::Tensor many_rows_back(const at::Tensor&, const at::Tensor&) {
  return {};
}
at::Tensor many_rows_each(const at::Tensor&, const at::Tensor&) {
  return {};
}
at::Tensor many_rows_each_back(const at::Tensor&, const at::Tensor&) {
  return {};
}
std::vector<at::Tensor> many_rows_linear(const at::Tensor&, std::span<const Matrix>) {
  return {};
}
at::Tensor many_rows_gated(const at::Tensor&, const Matrix&, const Matrix&) {
  return {};
}

#endif

}  // namespace zlens::kernels
