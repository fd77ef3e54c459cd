#include "modules/row_products.h"

#include <algorithm>
#include <bit>

#include "modules/bf16_math.h"

namespace zlens::kernels {

#if defined(__x86_64__)

namespace {

constexpr std::int64_t kLanes = 32;  // bfloat16 values in a register
// Values from a weight in use to the one that is fetched meanwhile. Without it, arithmetic and memory take turns: at 8 rows the
// product takes twice as long.
constexpr std::int64_t kAhead = 4096;

ZLENS_BF16_TARGET ZLENS_INLINE __m512bh load_masked(const Bf16* from, __mmask32 mask) {
  return reinterpret_cast<__m512bh>(_mm512_maskz_loadu_epi16(mask, from));
}

ZLENS_BF16_TARGET ZLENS_INLINE Bf16 to_bf16(float value) {
  return static_cast<Bf16>(_mm_extract_epi16(reinterpret_cast<__m128i>(_mm_cvtneps_pbh(_mm_set_ss(value))), 0));
}

template <int Rows, int Outputs>
using Sums = __m512[Rows][Outputs];

// Adds the products of up to 32 columns from column i on.
template <int Rows, int Outputs>
ZLENS_BF16_TARGET ZLENS_INLINE void add_columns(Sums<Rows, Outputs>& sums, const Bf16* x, const Bf16* weight, std::int64_t width,
                                                __mmask32 mask) {
  __m512bh weights[Outputs];
#pragma GCC unroll 8
  for (int o = 0; o < Outputs; ++o) {
    weights[o] = load_masked(weight + o * width, mask);
    _mm_prefetch(weight + o * width + kAhead, _MM_HINT_T0);
  }
#pragma GCC unroll 8
  for (int r = 0; r < Rows; ++r) {
    const __m512bh input = load_masked(x + r * width, mask);
#pragma GCC unroll 8
    for (int o = 0; o < Outputs; ++o) sums[r][o] = _mm512_dpbf16_ps(sums[r][o], input, weights[o]);
  }
}

template <int Rows, int Outputs>
ZLENS_BF16_TARGET ZLENS_INLINE void add_product(Sums<Rows, Outputs>& sums, const RowProduct& in, std::int64_t row,
                                                std::int64_t output) {
  const std::int64_t width = in.width, whole = width / kLanes * kLanes;
  const Bf16* x = in.x + row * width;
  const Bf16* weight = in.weight + output * width;
  for (std::int64_t i = 0; i < whole; i += kLanes) add_columns<Rows, Outputs>(sums, x + i, weight + i, width, 0xffffffffU);
  if (whole < width) add_columns<Rows, Outputs>(sums, x + whole, weight + whole, width, (1U << (width - whole)) - 1U);
}

ZLENS_BF16_TARGET ZLENS_INLINE void store(const RowProducts& in, std::int64_t row, std::int64_t output, __m512 sums) {
  float sum = _mm512_reduce_add_ps(sums);
  if (in.bias) sum += std::bit_cast<float>(static_cast<std::uint32_t>(in.bias[output]) << 16);
  if (in.scale) sum *= in.scale[row * in.scale_stride + output];
  in.out[row * in.outputs + output] = to_bf16(sum);
}

// Outputs [first, first + Outputs) of rows [row, row + Rows): every weight is loaded once for all the rows.
template <int Rows, int Outputs>
ZLENS_BF16_TARGET inline void tile(const RowProducts& in, std::int64_t row, std::int64_t first) {
  Sums<Rows, Outputs> sums;
#pragma GCC unroll 8
  for (int r = 0; r < Rows; ++r)
#pragma GCC unroll 8
    for (int o = 0; o < Outputs; ++o) sums[r][o] = _mm512_setzero_ps();
  add_product<Rows, Outputs>(sums, in.first, row, first);
  if (in.second.width > 0) add_product<Rows, Outputs>(sums, in.second, row, first);
#pragma GCC unroll 8
  for (int r = 0; r < Rows; ++r)
#pragma GCC unroll 8
    for (int o = 0; o < Outputs; ++o) store(in, row + r, first + o, sums[r][o]);
}

template <int Rows, int Outputs>
ZLENS_BF16_TARGET void tiles(const RowProducts& in, std::int64_t row, std::int64_t begin, std::int64_t end) {
  std::int64_t o = begin;
  for (; o + Outputs <= end; o += Outputs) tile<Rows, Outputs>(in, row, o);
  for (; o < end; ++o) tile<Rows, 1>(in, row, o);
}

}  // namespace

ZLENS_BF16_TARGET void row_products_range(const RowProducts& in, std::int64_t begin, std::int64_t end) {
  // Blocks of outputs small enough to stay in the cache while all groups of rows pass over them.
  constexpr std::int64_t kBlock = 64;
  for (std::int64_t first = begin; first < end; first += kBlock) {
    const std::int64_t last = std::min(first + kBlock, end);
    std::int64_t row = 0;
    for (; row + 8 <= in.rows; row += 8) tiles<8, 3>(in, row, first, last);
    for (; row + 4 <= in.rows; row += 4) tiles<4, 4>(in, row, first, last);
    for (; row + 2 <= in.rows; row += 2) tiles<2, 8>(in, row, first, last);
    for (; row < in.rows; ++row) tiles<1, 8>(in, row, first, last);
  }
}

#else

void row_products_range(const RowProducts&, std::int64_t, std::int64_t) {}

#endif

}  // namespace zlens::kernels
