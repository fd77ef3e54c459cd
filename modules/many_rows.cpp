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

// Up to 64 outputs of one matrix.
struct Panel {
  const Bf16* weight;  // [count, N]
  const Bf16* bias;    // [count] or nullptr
  Bf16* out;           // [rows, outputs], from the first of these outputs on
  std::int64_t count, outputs;
};

struct Operands {
  const Bf16* x;  // [rows, stride]
  std::int64_t rows, width;
  std::int64_t stride;  // even: the last value of an odd row is followed by a zero
  std::vector<Panel> panels;

  std::int64_t tiles() const { return (rows + kTileRows - 1) / kTileRows; }  // of a panel
};

template <int Rows>
ZLENS_BF16_TARGET ZLENS_INLINE void write(const Tile<Rows>& sums, const Panel& panel, std::int64_t row) {
  Bf16* out = panel.out + row * panel.outputs;
#pragma GCC unroll 4
  for (int c = 0; c < kTileRegisters; ++c) {
    const __mmask16 mask = lanes(c * 16, panel.count);
    const __m512 bias = panel.bias ? load(panel.bias + c * 16, mask) : _mm512_setzero_ps();
#pragma GCC unroll 6
    for (int r = 0; r < Rows; ++r)
      _mm256_mask_storeu_epi16(out + r * panel.outputs + c * 16, mask, narrow(_mm512_add_ps(sums[r][c], bias)));
  }
}

template <int Rows>
ZLENS_BF16_TARGET void tile(const Operands& in, const Panel& panel, const Bf16* packed, std::int64_t row) {
  Tile<Rows> sums;
  clear<Rows>(sums);
  multiply<Rows>(sums, in.x + row * in.stride, in.stride, packed, in.stride / 2);
  write<Rows>(sums, panel, row);
}

// Asks for part `index` of `parts` of a panel's weights, in the order of memory.
void prefetch(const Panel& panel, std::int64_t width, std::int64_t index, std::int64_t parts) {
  constexpr std::int64_t kLine = 64;
  const char* from = reinterpret_cast<const char*>(panel.weight);
  const std::int64_t lines = (panel.count * width * 2 + kLine - 1) / kLine;
  for (std::int64_t i = index * lines / parts; i < (index + 1) * lines / parts; ++i) _mm_prefetch(from + i * kLine, _MM_HINT_T1);
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
    for (std::int64_t c = 0; c < kTileColumns; c += 16)
      pack_rows(panel.weight + c * in.width, std::clamp<std::int64_t>(panel.count - c, 0, 16), in.width, packed.data() + 2 * c);
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

void add_panels(const Matrix& matrix, const at::Tensor& out, std::vector<Panel>& panels) {
  const std::int64_t outputs = matrix.weight.size(0), width = matrix.weight.size(1);
  const Bf16* bias = data(matrix.bias);
  for (std::int64_t i = 0; i < outputs; i += kTileColumns)
    panels.push_back({data(matrix.weight) + i * width, bias ? bias + i : nullptr, static_cast<Bf16*>(out.mutable_data_ptr()) + i,
                      std::min(kTileColumns, outputs - i), outputs});
}

}  // namespace

bool many_rows_usable(const at::Tensor& x, const Matrix& matrix) {
  const auto fits = [](const at::Tensor& t) { return t.scalar_type() == at::kBFloat16 && usable(t) && t.is_contiguous(); };
  return x.scalar_type() == at::kBFloat16 && usable(x) && x.numel() > kFewRows * x.size(-1) && fits(matrix.weight) &&
         (!matrix.bias.defined() || fits(matrix.bias)) && processor_has_bf16();
}

std::vector<at::Tensor> many_rows_linear(const at::Tensor& x, std::span<const Matrix> matrices) {
  const std::int64_t width = x.size(-1);
  const at::Tensor rows = width % 2 == 0 ? x.contiguous() : at::constant_pad_nd(x, {0, 1});
  Operands in{data(rows), x.numel() / width, width, rows.size(-1), {}};
  std::vector<std::int64_t> shape = x.sizes().vec();
  std::vector<at::Tensor> out;
  for (const Matrix& matrix : matrices) {
    shape.back() = matrix.weight.size(0);
    out.push_back(at::empty(shape, x.options()));
    add_panels(matrix, out.back(), in.panels);
  }
  constexpr std::int64_t kGrain = 8;  // tiles worth another thread
  at::parallel_for(0, static_cast<std::int64_t>(in.panels.size()) * in.tiles(), kGrain,
                   [&](std::int64_t begin, std::int64_t end) { multiply_tiles(in, begin, end); });
  return out;
}

#else

bool many_rows_usable(const at::Tensor&, const Matrix&) {
  return false;
}
std::vector<at::Tensor> many_rows_linear(const at::Tensor&, std::span<const Matrix>) {
  return {};
}

#endif

}  // namespace zlens::kernels
