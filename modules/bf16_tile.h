// A tile of bfloat16 products whose float sums stay in registers, for processors with AVX-512 BF16. Internal to modules/.
#pragma once

#if defined(__x86_64__)

#include <immintrin.h>

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <memory>
#include <type_traits>

#include "modules/bf16_math.h"

namespace zlens::kernels {

constexpr int kTileRows = 6, kTileRegisters = 4;  // 6 x 4 sums, 4 operands and one broadcast fill the 32 registers
constexpr std::int64_t kTileColumns = 16 * kTileRegisters;

template <int Rows>
using Tile = __m512[Rows][kTileRegisters];

// Storage on cache lines: a load that straddles two costs twice.
template <typename T>
class AlignedArray {
 public:
  explicit AlignedArray(std::int64_t count)
      : lines_(std::make_unique_for_overwrite<Line[]>(count * sizeof(T) / sizeof(Line) + 1)) {}
  T* data() { return reinterpret_cast<T*>(lines_.get()); }

 private:
  struct alignas(64) Line {
    char bytes[64];
  };
  std::unique_ptr<Line[]> lines_;
};

// Row i of 16 x 16 pairs becomes column i.
ZLENS_BF16_TARGET ZLENS_INLINE void transpose_pairs(__m512i (&rows)[16]) {
  __m512i t[16];
#pragma GCC unroll 8
  for (int i = 0; i < 16; i += 2) {
    t[i] = _mm512_unpacklo_epi32(rows[i], rows[i + 1]);
    t[i + 1] = _mm512_unpackhi_epi32(rows[i], rows[i + 1]);
  }
#pragma GCC unroll 4
  for (int i = 0; i < 16; i += 4) {
    rows[i] = _mm512_unpacklo_epi64(t[i], t[i + 2]);
    rows[i + 1] = _mm512_unpackhi_epi64(t[i], t[i + 2]);
    rows[i + 2] = _mm512_unpacklo_epi64(t[i + 1], t[i + 3]);
    rows[i + 3] = _mm512_unpackhi_epi64(t[i + 1], t[i + 3]);
  }
#pragma GCC unroll 4
  for (int i = 0; i < 4; ++i) {
    const __m512i even = _mm512_shuffle_i32x4(rows[i], rows[i + 4], 0x88), odd = _mm512_shuffle_i32x4(rows[i], rows[i + 4], 0xdd);
    const __m512i even_high = _mm512_shuffle_i32x4(rows[i + 8], rows[i + 12], 0x88),
                  odd_high = _mm512_shuffle_i32x4(rows[i + 8], rows[i + 12], 0xdd);
    rows[i] = _mm512_shuffle_i32x4(even, even_high, 0x88);
    rows[i + 4] = _mm512_shuffle_i32x4(odd, odd_high, 0x88);
    rows[i + 8] = _mm512_shuffle_i32x4(even, even_high, 0xdd);
    rows[i + 12] = _mm512_shuffle_i32x4(odd, odd_high, 0xdd);
  }
}

// Pairs of 16 columns at their place in a block: as they are, or as two rows of floats.
ZLENS_BF16_TARGET ZLENS_INLINE void store_pairs(Bf16* block, std::int64_t pair, __m512i values) {
  _mm512_store_si512(block + pair * 2 * kTileColumns, values);
}
ZLENS_BF16_TARGET ZLENS_INLINE void store_pairs(float* block, std::int64_t pair, __m512i values) {
  const __m512i odd = _mm512_and_si512(values, _mm512_set1_epi32(static_cast<int>(0xffff0000U)));
  _mm512_store_si512(block + pair * 2 * kTileColumns, _mm512_slli_epi32(values, 16));
  _mm512_store_si512(block + (pair * 2 + 1) * kTileColumns, odd);
}

// Where the second, third … 16 columns begin.
inline Bf16* columns_from(Bf16* block, std::int64_t column) {
  return block + 2 * column;
}
inline float* columns_from(float* block, std::int64_t column) {
  return block + column;
}

// Packs 16 rows of `width` values, `stride` apart, into one register's column of a block [(width + 1) / 2][64][2] of bfloat16, as
// `multiply` takes it: what stands in a register are neighbouring values of 16 rows; or, where T is float, of a
// block [width + width % 2][64] for the `multiply` of floats. Of the rows only `count` (0 .. 16) are there, the others become 0, as
// does the partner of an odd last value.
template <typename T>
ZLENS_BF16_TARGET inline void pack_rows(const Bf16* from, std::int64_t count, std::int64_t width, std::int64_t stride, T* block) {
  const std::int64_t whole = count == 16 ? width / 32 * 32 : 0;
  for (std::int64_t i = 0; i < whole; i += 32) {
    __m512i rows[16];
#pragma GCC unroll 16
    for (int r = 0; r < 16; ++r) rows[r] = _mm512_loadu_si512(from + r * stride + i);
    transpose_pairs(rows);
#pragma GCC unroll 16
    for (int p = 0; p < 16; ++p) store_pairs(block, i / 2 + p, rows[p]);
  }
  for (std::int64_t i = whole; i < width; i += 32) {
    const __mmask32 mask = width - i >= 32 ? 0xffffffffU : (1U << (width - i)) - 1U;
    __m512i rows[16];
    for (int r = 0; r < 16; ++r)
      rows[r] = r < count ? _mm512_maskz_loadu_epi16(mask, from + r * stride + i) : _mm512_setzero_si512();
    transpose_pairs(rows);
    const std::int64_t pairs = std::min<std::int64_t>(16, (width - i + 1) / 2);
    for (int p = 0; p < pairs; ++p) store_pairs(block, i / 2 + p, rows[p]);
  }
}

// The same of the transpose: 16 neighbouring values of `depth` rows, `stride` apart, become the rows of pack_rows.
template <typename T>
ZLENS_BF16_TARGET inline void pack_columns(const Bf16* from, std::int64_t count, std::int64_t depth, std::int64_t stride,
                                           T* block) {
  const auto mask = static_cast<__mmask16>((1U << count) - 1U);
  for (std::int64_t i = 0; i < depth; i += 2) {
    const __m512i even = _mm512_cvtepu16_epi32(_mm256_maskz_loadu_epi16(mask, from + i * stride));
    const __m512i odd =
        i + 1 < depth ? _mm512_cvtepu16_epi32(_mm256_maskz_loadu_epi16(mask, from + (i + 1) * stride)) : _mm512_setzero_si512();
    store_pairs(block, i / 2, _mm512_or_si512(even, _mm512_slli_epi32(odd, 16)));
  }
}

// Rows of `width` values, `stride` apart, as floats one behind the other.
ZLENS_BF16_TARGET inline void widen_rows(const Bf16* rows, int count, std::int64_t width, std::int64_t stride, float* out) {
  constexpr std::int64_t kAtOnce = 64;
  for (int r = 0; r < count; ++r, rows += stride, out += width) {
    std::int64_t i = 0;
    for (; i + kAtOnce <= width; i += kAtOnce)
#pragma GCC unroll 4
      for (std::int64_t k = i; k < i + kAtOnce; k += 16) _mm512_storeu_ps(out + k, load(rows + k, 0xffff));
    for (; i < width; i += 16) {
      const __mmask16 mask = lanes(i, width);
      _mm512_mask_storeu_ps(out + i, mask, load(rows + i, mask));
    }
  }
}

template <int Rows>
ZLENS_BF16_TARGET ZLENS_INLINE void clear(Tile<Rows>& sums) {
#pragma GCC unroll 6
  for (int r = 0; r < Rows; ++r)
#pragma GCC unroll 4
    for (int c = 0; c < kTileRegisters; ++c) sums[r][c] = _mm512_setzero_ps();
}

// sums += `depth` values (rounded up to pairs) of the rows at `left` times those of a packed block [(depth + 1) / 2][64][2], in
// their order: the first 16 * Registers columns.
template <int Rows, int Registers = kTileRegisters>
ZLENS_BF16_TARGET ZLENS_INLINE void multiply(Tile<Rows>& sums, const Bf16* left, std::int64_t stride, const Bf16* block,
                                             std::int64_t depth) {
  for (std::int64_t p = 0; 2 * p < depth; ++p) {
    __m512bh right[Registers];
#pragma GCC unroll 4
    for (int c = 0; c < Registers; ++c)
      right[c] = reinterpret_cast<__m512bh>(_mm512_load_si512(block + p * 2 * kTileColumns + c * 32));
#pragma GCC unroll 6
    for (int r = 0; r < Rows; ++r) {
      int pair;
      std::memcpy(&pair, left + r * stride + 2 * p, sizeof pair);
      const __m512bh broadcast = reinterpret_cast<__m512bh>(_mm512_set1_epi32(pair));
#pragma GCC unroll 4
      for (int c = 0; c < Registers; ++c) sums[r][c] = _mm512_dpbf16_ps(sums[r][c], broadcast, right[c]);
    }
  }
}

// The same of floats, for processors that are faster with them (processor_prefers_floats): `depth` values of the rows at `left`
// times those of a block [depth][64].
template <int Rows, int Registers = kTileRegisters>
ZLENS_BF16_TARGET ZLENS_INLINE void multiply(Tile<Rows>& sums, const float* left, std::int64_t stride, const float* block,
                                             std::int64_t depth) {
  for (std::int64_t i = 0; i < depth; ++i) {
    __m512 right[Registers];
#pragma GCC unroll 4
    for (int c = 0; c < Registers; ++c) right[c] = _mm512_load_ps(block + i * kTileColumns + c * 16);
#pragma GCC unroll 6
    for (int r = 0; r < Rows; ++r) {
      const __m512 broadcast = _mm512_set1_ps(left[r * stride + i]);
#pragma GCC unroll 4
      for (int c = 0; c < Registers; ++c) sums[r][c] = _mm512_fmadd_ps(broadcast, right[c], sums[r][c]);
    }
  }
}

// Calls `body` with the number of rows of a tile, at most kTileRows, as a constant.
template <typename Body>
void with_tile_rows(std::int64_t rows, const Body& body) {
  switch (rows) {
    case 1:
      return body(std::integral_constant<int, 1>());
    case 2:
      return body(std::integral_constant<int, 2>());
    case 3:
      return body(std::integral_constant<int, 3>());
    case 4:
      return body(std::integral_constant<int, 4>());
    case 5:
      return body(std::integral_constant<int, 5>());
    default:
      return body(std::integral_constant<int, kTileRows>());
  }
}

}  // namespace zlens::kernels

#endif
