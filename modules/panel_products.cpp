#include "modules/panel_products.h"

#if defined(__x86_64__)

#include <ATen/Parallel.h>

#include <algorithm>
#include <limits>

#include "modules/processor.h"

namespace zlens::kernels {
namespace {

// Values of a row that are multiplied at once: a panel of as many, packed, stays in the second cache. What is summed over more is
// kept in float between.
constexpr std::int64_t kDepth = 2048;

constexpr std::int64_t kBetween = 32;  // values that are at least multiplied between two requests to memory

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

// A panel's weights of some columns, packed, and where the sums are. `T`: what is multiplied, bfloat16 or, where the processor
// prefers them, floats.
template <typename T>
struct Step {
  const Panel& panel;
  Columns columns;
  const T* packed;
  float* sums;           // [rows, 64] over the columns up to these; [6, 64] where the columns are all
  Fetch next;            // what is multiplied afterwards: it comes from memory meanwhile
  std::int64_t between;  // values that are multiplied until some of it is asked for, and how many lines of it
  std::int64_t lines;
};

ZLENS_BF16_TARGET ZLENS_INLINE __m512 biased(__m512 sum, const Group& group) {
  return group.bias ? _mm512_add_ps(sum, load(group.bias, lanes(0, group.count))) : sum;
}

ZLENS_BF16_TARGET void write(const float* sums, const Panel& panel, std::int64_t row, int rows) {
  Bf16* out = panel.out + row * panel.outputs;
  for (int r = 0; r < rows; ++r)
    for (int c = 0; c < kTileRegisters; ++c)
      _mm256_mask_storeu_epi16(out + r * panel.outputs + c * 16, lanes(0, panel.groups[c].count),
                               narrow(biased(_mm512_load_ps(sums + r * kTileColumns + c * 16), panel.groups[c])));
}

ZLENS_BF16_TARGET void write_gated(const float* sums, const Panel& panel, std::int64_t row, int rows) {
  Bf16* out = panel.out + row * panel.outputs;
  for (int r = 0; r < rows; ++r)
    for (int c = 0; c < 2; ++c) {
      const float* own = sums + r * kTileColumns + c * 16;
      const __m512 gate = widen(narrow(biased(_mm512_load_ps(own), panel.groups[c])));
      const __m512 up = widen(narrow(biased(_mm512_load_ps(own + 32), panel.groups[c + 2])));
      _mm256_mask_storeu_epi16(out + r * panel.outputs + c * 16, lanes(0, panel.groups[c].count), narrow(silu_times(gate, up)));
    }
}

// kept [Rows, 64] = (`fresh`: 0, else kept) + the rows at `left` times a packed block. A function of its own, with few variables:
// else some of the sums do not find a register.
template <int Rows, typename T>
ZLENS_BF16_TARGET __attribute__((noinline)) void add_products(float* kept, bool fresh, const T* left, std::int64_t stride,
                                                              const T* block, std::int64_t depth) {
  Tile<Rows> sums;
  if (fresh) {
    clear<Rows>(sums);
  } else {
#pragma GCC unroll 6
    for (int r = 0; r < Rows; ++r)
#pragma GCC unroll 4
      for (int c = 0; c < kTileRegisters; ++c) sums[r][c] = _mm512_load_ps(kept + r * kTileColumns + c * 16);
  }
  multiply<Rows>(sums, left, stride, block, depth);
#pragma GCC unroll 6
  for (int r = 0; r < Rows; ++r)
#pragma GCC unroll 4
    for (int c = 0; c < kTileRegisters; ++c) _mm512_store_ps(kept + r * kTileColumns + c * 16, sums[r][c]);
}

// The rows of x as what is multiplied.
template <typename T>
struct Left {
  const T* values;
  std::int64_t stride;
};

// The tiles [begin, end), counted panel by panel and down the rows of each.
template <typename T>
class TileRange {
 public:
  TileRange(const Operands& in, const Left<T>& left, std::int64_t begin, std::int64_t end)
      : in_(in),
        left_(left),
        begin_(begin),
        end_(end),
        packed_(std::min(in.stride, kDepth) * kTileColumns),
        sums_((in.width > kDepth ? in.tiles() : 1) * kTileRows * kTileColumns) {}

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
    const std::int64_t tiles = last - begin_, between = std::min(columns.width, kBetween * std::max<std::int64_t>(1, tiles / 8));
    const std::int64_t lines = (kTileColumns * between / 32 + tiles - 1) / tiles;
    Step<T> step{panel(begin_), columns, packed_.data(), sums_.data(), after(columns, last), between, lines};
    for (int c = 0; c < kTileRegisters; ++c) {
      const Group& group = step.panel.groups[c];
      T* block = columns_from(packed_.data(), 16 * c);
      in_.across ? pack_columns(group.weight + columns.first * in_.across, group.count, columns.width, in_.across, block)
                 : pack_rows(group.weight + columns.first, group.count, columns.width, in_.width, block);
    }
    for (std::int64_t i = begin_; i < last; ++i) {
      const std::int64_t row = i % in_.tiles() * kTileRows;
      with_tile_rows(std::min<std::int64_t>(kTileRows, in_.rows - row), [&](auto rows) { tile<rows()>(step, row); });
    }
  }

  template <int Rows>
  void tile(Step<T>& step, std::int64_t row) {
    float* sums = step.sums + (in_.width > kDepth ? row * kTileColumns : 0);
    const T* left = left_.values + row * left_.stride + step.columns.first;
    for (std::int64_t i = 0; i < step.columns.width; i += step.between) {
      step.next.lines(step.lines);
      add_products<Rows>(sums, step.columns.first + i == 0, left + i, left_.stride, step.packed + i * kTileColumns,
                         std::min(step.between, step.columns.width - i));
    }
    if (step.columns.first + step.columns.width < in_.width) return;
    step.panel.gated ? write_gated(sums, step.panel, row, Rows) : write(sums, step.panel, row, Rows);
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
  const Left<T> left_;
  std::int64_t begin_, end_;
  AlignedArray<T> packed_;
  AlignedArray<float> sums_;
};

template <typename T>
void multiply_tiles(const Operands& in, const Left<T>& left) {
  constexpr std::int64_t kGrain = 8;  // tiles worth another thread
  at::parallel_for(0, static_cast<std::int64_t>(in.panels.size()) * in.tiles(), kGrain,
                   [&](std::int64_t begin, std::int64_t end) { TileRange<T>(in, left, begin, end).run(); });
}

// x [rows, width] as floats: once, not for every panel or thread anew.
AlignedArray<float> widened(const Operands& in) {
  constexpr std::int64_t kGrain = 64;  // rows worth another thread
  AlignedArray<float> out(in.rows * in.width);
  at::parallel_for(0, in.rows, kGrain, [&](std::int64_t begin, std::int64_t end) {
    widen_rows(in.x + begin * in.stride, static_cast<int>(end - begin), in.width, in.stride, out.data() + begin * in.width);
  });
  return out;
}

}  // namespace

void multiply_panels(const Operands& in) {
  if (!processor_prefers_floats()) return multiply_tiles<Bf16>(in, {in.x, in.stride});
  AlignedArray<float> wide = widened(in);
  multiply_tiles<float>(in, {wide.data(), in.width});
}

}  // namespace zlens::kernels

#endif
