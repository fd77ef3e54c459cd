#include "modules/many_rows.h"

#include <ATen/ATen.h>
#include <ATen/Parallel.h>

#include <algorithm>
#include <limits>

#include "modules/bf16_tile.h"
#include "modules/few_rows.h"
#include "modules/kernels.h"
#include "modules/processor.h"

namespace zlens::kernels {

#if defined(__x86_64__)
namespace {

// Up to 16 outputs: what one register of a tile's rows holds.
struct Group {
  const Bf16* weight = nullptr;  // [count, N]; across: [N, count]
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
  const Bf16* x;      // [rows, stride]
  const float* wide;  // the same where the processor prefers it, else nullptr
  std::int64_t rows, width;
  std::int64_t stride;  // even: the last value of an odd row is followed by a zero
  std::int64_t across;  // 0: outputs are rows of the weight; else its row length, and outputs are its columns
  std::vector<Panel> panels;

  std::int64_t tiles() const { return (rows + kTileRows - 1) / kTileRows; }  // of a panel
};

// Values of a row that are multiplied at once: a panel of as many, packed, stays in the second cache. What is summed over more is
// kept in float between.
constexpr std::int64_t kDepth = 2048;

constexpr std::int64_t kPairs = 16;  // multiplied between two requests to memory

// Columns [first, first + width) of the weights.
struct Columns {
  std::int64_t first, width;
};

// Asks for a panel's weights of some columns, one cache line after another.
class Fetch {
 public:
  Fetch() = default;
  Fetch(const Panel& panel, const Columns& columns, std::int64_t stride) : panel_(&panel), columns_(columns), stride_(stride) {}

  // Inlined, or GCC drops the call as one without effect.
  ZLENS_INLINE void lines(std::int64_t count) {
    for (; panel_ && count > 0; --count) {
      _mm_prefetch(panel_->groups[group_].weight + row_ * stride_ + columns_.first + column_, _MM_HINT_T1);
      column_ += 32;
      if (column_ >= columns_.width) next_row();
    }
  }

 private:
  void next_row() {
    column_ = 0;
    ++row_;
    while (group_ < kTileRegisters && row_ >= panel_->groups[group_].count) {
      ++group_;
      row_ = 0;
    }
    if (group_ == kTileRegisters) panel_ = nullptr;
  }

  const Panel* panel_ = nullptr;  // nullptr: nothing (more) to ask for
  Columns columns_{0, 0};
  std::int64_t stride_ = 0, row_ = 0, column_ = 0;
  int group_ = 0;
};

// A panel's weights of some columns, packed, and where the sums over the columns before are.
struct Step {
  const Panel& panel;
  Columns columns;
  const Bf16* packed;
  float* sums;         // [rows, 64]; unused where the columns are all
  Fetch next;          // what is multiplied afterwards: it comes from memory meanwhile
  std::int64_t lines;  // of it to ask for every kPairs pairs
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
ZLENS_BF16_TARGET void tile(const Operands& in, Step& step, std::int64_t row) {
  float* kept = step.sums + row * kTileColumns;
  Tile<Rows> sums;
  if (step.columns.first == 0) {
    clear<Rows>(sums);
  } else {
#pragma GCC unroll 6
    for (int r = 0; r < Rows; ++r)
#pragma GCC unroll 4
      for (int c = 0; c < kTileRegisters; ++c) sums[r][c] = _mm512_load_ps(kept + r * kTileColumns + c * 16);
  }
  const std::int64_t from = row * in.stride + step.columns.first;
  const std::int64_t pairs = (step.columns.width + 1) / 2;
  for (std::int64_t p = 0; p < pairs; p += kPairs) {
    step.next.lines(step.lines);
    const Bf16* packed = step.packed + p * 2 * kTileColumns;
    const std::int64_t count = std::min(kPairs, pairs - p);
    in.wide ? multiply<Rows>(sums, in.wide + from + 2 * p, in.stride, packed, count)
            : multiply<Rows>(sums, in.x + from + 2 * p, in.stride, packed, count);
  }
  if (step.columns.first + step.columns.width < in.width) {
#pragma GCC unroll 6
    for (int r = 0; r < Rows; ++r)
#pragma GCC unroll 4
      for (int c = 0; c < kTileRegisters; ++c) _mm512_store_ps(kept + r * kTileColumns + c * 16, sums[r][c]);
    return;
  }
  step.panel.gated ? write_gated<Rows>(sums, step.panel, row) : write<Rows>(sums, step.panel, row);
}

// The tiles [begin, end), counted panel by panel and down the rows of each.
class TileRange {
 public:
  TileRange(const Operands& in, std::int64_t begin, std::int64_t end)
      : in_(in),
        begin_(begin),
        end_(end),
        packed_(std::min(in.stride, kDepth) * kTileColumns),
        sums_(in.width > kDepth ? in.tiles() * kTileRows * kTileColumns : 0) {}

  void run() {
    fetch(begin_, columns(0)).lines(std::numeric_limits<std::int64_t>::max());
    const std::int64_t tiles = in_.tiles();
    for (std::int64_t last = 0; begin_ < end_; begin_ = last) {
      last = std::min(end_, (begin_ / tiles + 1) * tiles);
      for (std::int64_t first = 0; first < in_.width; first += kDepth) multiply_columns(columns(first), last);
    }
  }

 private:
  const Panel& panel(std::int64_t tile) const { return in_.panels[static_cast<std::size_t>(tile / in_.tiles())]; }
  Columns columns(std::int64_t first) const { return {first, std::min(kDepth, in_.width - first)}; }

  // The tiles up to `last`, of one panel.
  void multiply_columns(const Columns& columns, std::int64_t last) {
    const std::int64_t lines = (kTileColumns * 2 * kPairs / 32 + last - begin_ - 1) / (last - begin_);
    Step step{panel(begin_), columns, packed_.data(), sums_.data(), after(columns, last), lines};
    for (int c = 0; c < kTileRegisters; ++c) {
      const Group& group = step.panel.groups[c];
      Bf16* block = packed_.data() + 32 * c;
      in_.across ? pack_columns(group.weight + columns.first * in_.across, group.count, columns.width, in_.across, block)
                 : pack_rows(group.weight + columns.first, group.count, columns.width, in_.width, block);
    }
    for (std::int64_t i = begin_; i < last; ++i) {
      const std::int64_t row = i % in_.tiles() * kTileRows;
      with_tile_rows(std::min<std::int64_t>(kTileRows, in_.rows - row), [&](auto rows) { tile<rows()>(in_, step, row); });
    }
  }

  Fetch after(const Columns& columns, std::int64_t last) const {
    const std::int64_t next = columns.first + kDepth;
    if (next < in_.width) return fetch(begin_, this->columns(next));
    return last < end_ ? fetch(last, this->columns(0)) : Fetch();
  }

  // Columns of a weight are too far apart to be worth it.
  Fetch fetch(std::int64_t tile, const Columns& columns) const {
    return in_.across ? Fetch() : Fetch(panel(tile), columns, in_.width);
  }

  const Operands& in_;
  std::int64_t begin_, end_;
  AlignedArray<Bf16> packed_;
  AlignedArray<float> sums_;
};

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

// The same of the columns of a weight [N, M].
Group column_group_of(const at::Tensor& weight, std::int64_t first) {
  return {data(weight) + first, nullptr, std::clamp<std::int64_t>(weight.size(1) - first, 0, 16)};
}

// Panels of all outputs of `out` [..., M], which `group` gives by their first.
void add_panels(const at::Tensor& out, std::vector<Panel>& panels, const auto& group) {
  for (std::int64_t i = 0, outputs = out.size(-1); i < outputs; i += kTileColumns)
    panels.push_back(
        {{group(i), group(i + 16), group(i + 32), group(i + 48)}, false, static_cast<Bf16*>(out.mutable_data_ptr()) + i, outputs});
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

at::Tensor empty_output(const at::Tensor& x, std::int64_t outputs) {
  std::vector<std::int64_t> shape = x.sizes().vec();
  shape.back() = outputs;
  return at::empty(shape, x.options());
}

void multiply_panels(const at::Tensor& x, std::int64_t width, std::vector<Panel> panels, std::int64_t across = 0) {
  const at::Tensor wide = processor_prefers_floats() ? x.to(at::kFloat) : at::Tensor();
  const Operands in{
      data(x),          wide.defined() ? wide.const_data_ptr<float>() : nullptr, x.numel() / x.size(-1), width, x.size(-1), across,
      std::move(panels)};
  constexpr std::int64_t kGrain = 8;  // tiles worth another thread
  at::parallel_for(0, static_cast<std::int64_t>(in.panels.size()) * in.tiles(), kGrain,
                   [&](std::int64_t begin, std::int64_t end) { TileRange(in, begin, end).run(); });
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

std::vector<at::Tensor> many_rows_linear(const at::Tensor& x, std::span<const Matrix> matrices) {
  std::vector<at::Tensor> out;
  std::vector<Panel> panels;
  for (const Matrix& matrix : matrices) {
    out.push_back(empty_output(x, matrix.weight.size(0)));
    add_panels(out.back(), panels, [&](std::int64_t first) { return group_of(matrix, first); });
  }
  multiply_panels(even_rows(x), x.size(-1), std::move(panels));
  return out;
}

at::Tensor many_rows_back(const at::Tensor& grad, const at::Tensor& weight) {
  at::Tensor out = empty_output(grad, weight.size(1));
  std::vector<Panel> panels;
  add_panels(out, panels, [&](std::int64_t first) { return column_group_of(weight, first); });
  multiply_panels(even_rows(grad), grad.size(-1), std::move(panels), weight.size(1));
  return out;
}

at::Tensor many_rows_gated(const at::Tensor& x, const Matrix& gate, const Matrix& up) {
  at::Tensor out = empty_output(x, gate.weight.size(0));
  std::vector<Panel> panels;
  add_gated_panels(gate, up, out, panels);
  multiply_panels(even_rows(x), x.size(-1), std::move(panels));
  return out;
}

#else

bool many_rows_usable(const at::Tensor&, const Matrix&) {
  return false;
}
bool many_rows_differentiable_usable(const at::Tensor&, const Matrix&) {
  return false;
}
at::Tensor many_rows_back(const at::Tensor&, const at::Tensor&) {
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
