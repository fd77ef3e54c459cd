#include "modules/many_rows.h"

#include <ATen/ATen.h>
#include <ATen/Parallel.h>

#include <algorithm>

#include "modules/bf16_tile.h"
#include "modules/few_rows.h"
#include "modules/kernels.h"
#include "modules/processor.h"

namespace zlens::kernels {

#if defined(__x86_64__)
namespace {

// Up to 16 outputs: what one register of a tile's rows holds.
struct Group {
  const Bf16* weight = nullptr;  // [count, N]
  const Bf16* bias = nullptr;    // [count] where there is one
  std::int64_t count = 0;
};

// Four groups of outputs of one matrix; or, gated, two of the gate and then the same two of what it is multiplied with.
struct Panel {
  Group groups[kTileRegisters];
  bool gated;
  Bf16* out;             // [rows, outputs], from the first of these outputs on
  std::int64_t outputs;  // of the whole matrix
};

struct Operands {
  const Bf16* x;  // [rows, stride]
  std::int64_t rows, width;
  std::int64_t stride;  // even: the last value of an odd row is followed by a zero
  std::vector<Panel> panels;

  std::int64_t tiles() const { return (rows + kTileRows - 1) / kTileRows; }  // of a panel
};

ZLENS_BF16_TARGET ZLENS_INLINE __m512 biased(__m512 sum, const Group& group) {
  return group.bias ? _mm512_add_ps(sum, load(group.bias, lanes(0, group.count))) : sum;
}

template <int Rows>
ZLENS_BF16_TARGET ZLENS_INLINE void write(const Tile<Rows>& sums, const Panel& panel, std::int64_t row) {
  Bf16* out = panel.out + row * panel.outputs;
#pragma GCC unroll 4
  for (int c = 0; c < kTileRegisters; ++c)
#pragma GCC unroll 6
    for (int r = 0; r < Rows; ++r)
      _mm256_mask_storeu_epi16(out + r * panel.outputs + c * 16, lanes(0, panel.groups[c].count),
                               narrow(biased(sums[r][c], panel.groups[c])));
}

template <int Rows>
ZLENS_BF16_TARGET ZLENS_INLINE void write_gated(const Tile<Rows>& sums, const Panel& panel, std::int64_t row) {
  Bf16* out = panel.out + row * panel.outputs;
#pragma GCC unroll 2
  for (int c = 0; c < 2; ++c)
#pragma GCC unroll 6
    for (int r = 0; r < Rows; ++r) {
      const __m512 gate = widen(narrow(biased(sums[r][c], panel.groups[c])));
      const __m512 up = widen(narrow(biased(sums[r][c + 2], panel.groups[c + 2])));
      _mm256_mask_storeu_epi16(out + r * panel.outputs + c * 16, lanes(0, panel.groups[c].count), narrow(silu_times(gate, up)));
    }
}

template <int Rows>
ZLENS_BF16_TARGET void tile(const Operands& in, const Panel& panel, const Bf16* packed, std::int64_t row) {
  Tile<Rows> sums;
  clear<Rows>(sums);
  multiply<Rows>(sums, in.x + row * in.stride, in.stride, packed, in.stride / 2);
  panel.gated ? write_gated<Rows>(sums, panel, row) : write<Rows>(sums, panel, row);
}

// Asks for part `index` of `parts` of a panel's weights, in the order of memory. Inlined, or GCC drops the call as one without
// effect.
ZLENS_INLINE void prefetch(const Panel& panel, std::int64_t width, std::int64_t index, std::int64_t parts) {
  constexpr std::int64_t kLine = 64;
  for (const Group& group : panel.groups) {
    const char* from = reinterpret_cast<const char*>(group.weight);
    const std::int64_t lines = (group.count * width * 2 + kLine - 1) / kLine;
    for (std::int64_t i = index * lines / parts; i < (index + 1) * lines / parts; ++i) _mm_prefetch(from + i * kLine, _MM_HINT_T1);
  }
}

// The tiles [begin, end), counted panel by panel and down the rows of each.
void multiply_tiles(const Operands& in, std::int64_t begin, std::int64_t end) {
  const std::int64_t tiles = in.tiles();
  AlignedArray<Bf16> packed(in.stride * kTileColumns);
  prefetch(in.panels[static_cast<std::size_t>(begin / tiles)], in.width, 0, 1);
  while (begin < end) {
    const auto index = static_cast<std::size_t>(begin / tiles);
    const Panel& panel = in.panels[index];
    const std::int64_t last = std::min(end, (begin / tiles + 1) * tiles);
    for (int c = 0; c < kTileRegisters; ++c)
      pack_rows(panel.groups[c].weight, panel.groups[c].count, in.width, packed.data() + 32 * c);
    for (; begin < last; ++begin) {
      // The next weights come from memory while these are multiplied.
      if (last < end) prefetch(in.panels[index + 1], in.width, begin % tiles, tiles);
      const std::int64_t row = begin % tiles * kTileRows;
      with_tile_rows(std::min<std::int64_t>(kTileRows, in.rows - row),
                     [&](auto rows) { tile<rows()>(in, panel, packed.data(), row); });
    }
  }
}

const Bf16* data(const at::Tensor& x) {
  return x.defined() ? static_cast<const Bf16*>(x.const_data_ptr()) : nullptr;
}

// Outputs [first, first + 16) of a matrix, as far as they exist.
Group group_of(const Matrix& matrix, std::int64_t first) {
  const std::int64_t count = std::clamp<std::int64_t>(matrix.weight.size(0) - first, 0, 16);
  if (count == 0) return {};
  const Bf16* bias = data(matrix.bias);
  return {data(matrix.weight) + first * matrix.weight.size(1), bias ? bias + first : nullptr, count};
}

void add_panels(const Matrix& matrix, const at::Tensor& out, std::vector<Panel>& panels) {
  const std::int64_t outputs = matrix.weight.size(0);
  for (std::int64_t i = 0; i < outputs; i += kTileColumns)
    panels.push_back({{group_of(matrix, i), group_of(matrix, i + 16), group_of(matrix, i + 32), group_of(matrix, i + 48)},
                      false,
                      static_cast<Bf16*>(out.mutable_data_ptr()) + i,
                      outputs});
}

void add_gated_panels(const Matrix& gate, const Matrix& up, const at::Tensor& out, std::vector<Panel>& panels) {
  const std::int64_t outputs = gate.weight.size(0);
  for (std::int64_t i = 0; i < outputs; i += kTileColumns / 2)
    panels.push_back({{group_of(gate, i), group_of(gate, i + 16), group_of(up, i), group_of(up, i + 16)},
                      true,
                      static_cast<Bf16*>(out.mutable_data_ptr()) + i,
                      outputs});
}

// x as rows of an even number of values.
at::Tensor even_rows(const at::Tensor& x) {
  return x.size(-1) % 2 == 0 ? x.contiguous() : at::constant_pad_nd(x, {0, 1});
}

at::Tensor empty_output(const at::Tensor& x, const Matrix& matrix) {
  std::vector<std::int64_t> shape = x.sizes().vec();
  shape.back() = matrix.weight.size(0);
  return at::empty(shape, x.options());
}

void multiply_panels(const at::Tensor& x, std::int64_t width, std::vector<Panel> panels) {
  const Operands in{data(x), x.numel() / x.size(-1), width, x.size(-1), std::move(panels)};
  constexpr std::int64_t kGrain = 8;  // tiles worth another thread
  at::parallel_for(0, static_cast<std::int64_t>(in.panels.size()) * in.tiles(), kGrain,
                   [&](std::int64_t begin, std::int64_t end) { multiply_tiles(in, begin, end); });
}

}  // namespace

bool many_rows_usable(const at::Tensor& x, const Matrix& matrix) {
  const auto fits = [](const at::Tensor& t) { return t.scalar_type() == at::kBFloat16 && usable(t) && t.is_contiguous(); };
  return x.scalar_type() == at::kBFloat16 && usable(x) && x.numel() > kFewRows * x.size(-1) && fits(matrix.weight) &&
         (!matrix.bias.defined() || fits(matrix.bias)) && processor_has_bf16();
}

std::vector<at::Tensor> many_rows_linear(const at::Tensor& x, std::span<const Matrix> matrices) {
  std::vector<at::Tensor> out;
  std::vector<Panel> panels;
  for (const Matrix& matrix : matrices) {
    out.push_back(empty_output(x, matrix));
    add_panels(matrix, out.back(), panels);
  }
  multiply_panels(even_rows(x), x.size(-1), std::move(panels));
  return out;
}

at::Tensor many_rows_gated(const at::Tensor& x, const Matrix& gate, const Matrix& up) {
  at::Tensor out = empty_output(x, gate);
  std::vector<Panel> panels;
  add_gated_panels(gate, up, out, panels);
  multiply_panels(even_rows(x), x.size(-1), std::move(panels));
  return out;
}

#else

bool many_rows_usable(const at::Tensor&, const Matrix&) {
  return false;
}
std::vector<at::Tensor> many_rows_linear(const at::Tensor&, std::span<const Matrix>) {
  return {};
}
at::Tensor many_rows_gated(const at::Tensor&, const Matrix&, const Matrix&) {
  return {};
}

#endif

}  // namespace zlens::kernels
