#include "modules/prompt_attention.h"

#include <ATen/ATen.h>
#include <ATen/Parallel.h>

#include <algorithm>
#include <numbers>
#include <type_traits>
#include <vector>

#include "modules/bf16_tile.h"
#include "modules/kernels.h"
#include "modules/processor.h"

namespace zlens::kernels {

#if defined(__x86_64__)
namespace {

// Keys and values of one row and kv head, bfloat16 as pairs that one instruction multiplies and adds:
// keys   [L/64][Dh/2][64][2]: two neighbouring dimensions of 64 keys;
// values [Dv/64][L/2][64][2]: two neighbouring slots of 64 dimensions, of the last ones of 32 where the head ends there.
// Floats, where the processor prefers them: [L/64][Dh][64] and [Dv/64][L][64].
template <typename T>
struct Packed {
  const T* keys;
  const T* values;
};

struct Shape {
  std::int64_t head_dim, length;
  std::int64_t padded = whole_tiles(length), value_dim = whole_tiles(head_dim);

  static std::int64_t whole_tiles(std::int64_t count) { return (count + kTileColumns - 1) / kTileColumns * kTileColumns; }
};

// The keys of up to 64 slots; those behind the last become 0.
template <typename T>
void pack_keys(const Bf16* from, std::int64_t slots, const Shape& shape, T* block) {
  for (std::int64_t first = 0; first < kTileColumns; first += 16)
    pack_rows(from + first * shape.head_dim, std::clamp<std::int64_t>(slots - first, 0, 16), shape.head_dim, shape.head_dim,
              columns_from(block, first));
}

// The values of up to 64 slots, at their place in `to`; the partner of an odd last slot becomes 0.
ZLENS_BF16_TARGET void pack_values(const Bf16* from, std::int64_t slots, const Shape& shape, Bf16* to) {
  alignas(64) std::uint16_t low[32], high[32];  // which of two rows of 32 values go into the first and second 16 pairs
  for (std::uint16_t i = 0; i < 32; ++i) {
    low[i] = static_cast<std::uint16_t>(i / 2 + i % 2 * 32);
    high[i] = static_cast<std::uint16_t>(low[i] + 16);
  }
  const __m512i first_pairs = _mm512_load_si512(low), second_pairs = _mm512_load_si512(high);
  for (std::int64_t d = 0; d < shape.head_dim; d += 32)
    for (std::int64_t slot = 0; slot < slots; slot += 2) {
      const Bf16* row = from + slot * shape.head_dim + d;
      const __m512i even = _mm512_loadu_si512(row);
      const __m512i odd = slot + 1 < slots ? _mm512_loadu_si512(row + shape.head_dim) : _mm512_setzero_si512();
      Bf16* pairs = to + d / kTileColumns * shape.padded * kTileColumns + slot * kTileColumns + d % kTileColumns * 2;
      _mm512_store_si512(pairs, _mm512_permutex2var_epi16(even, first_pairs, odd));
      _mm512_store_si512(pairs + 32, _mm512_permutex2var_epi16(even, second_pairs, odd));
    }
}

ZLENS_BF16_TARGET void pack_values(const Bf16* from, std::int64_t slots, const Shape& shape, float* to) {
  for (std::int64_t d = 0; d < shape.head_dim; d += 16)
    for (std::int64_t slot = 0; slot < slots; ++slot)
      _mm512_store_ps(to + d / kTileColumns * shape.padded * kTileColumns + slot * kTileColumns + d % kTileColumns,
                      load(from + slot * shape.head_dim + d, 0xffff));
}

// Which positions the slots of one row of the batch hold.
struct Slots {
  const std::int32_t* positions;          // [padded], -1 where there is none
  std::vector<std::int32_t> first, last;  // the smallest and the largest of each 64
};

Slots slots_of_row(const std::int32_t* positions, const Shape& shape) {
  Slots out{positions, {}, {}};
  for (std::int64_t slot = 0; slot < shape.padded; slot += kTileColumns) {
    const auto [least, most] = std::minmax_element(positions + slot, positions + slot + kTileColumns);
    out.first.push_back(*least);
    out.last.push_back(*most);
  }
  return out;
}

// Up to six queries of one head.
struct Queries {
  const Bf16* query;              // [count, Dh]
  const std::int64_t* positions;  // [count]
  std::int64_t seen;              // slots up to which any query may see
  std::int64_t window;
  float scale;  // of the scores, as powers of two
  Bf16* out;    // [count, stride]
  std::int64_t stride;

  std::int32_t newest(std::int64_t r) const { return static_cast<std::int32_t>(positions[r]); }
  std::int32_t oldest(std::int64_t r) const {  // the newest that is out of sight
    return window > 0 ? std::max(newest(r) - static_cast<std::int32_t>(window), -1) : -1;
  }
};

struct Scratch {
  explicit Scratch(const Shape& shape)
      : query(kTileRows * shape.head_dim), scores(kTileRows * shape.padded), weights(kTileRows * shape.padded) {}
  AlignedArray<float> query;   // [6, Dh]
  AlignedArray<float> scores;  // [6, padded]
  AlignedArray<Bf16> weights;  // [6, padded]
};

// Scales the scores of 64 slots and hides those that a query may not see.
template <int Rows>
ZLENS_BF16_TARGET ZLENS_INLINE void scale_and_hide(Tile<Rows>& scores, const Queries& in, const Slots& slots, std::int64_t slot) {
  const auto block = static_cast<std::size_t>(slot / kTileColumns);
#pragma GCC unroll 6
  for (int r = 0; r < Rows; ++r) {
    const std::int32_t newest = in.newest(r), oldest = in.oldest(r);
    const bool all = slots.first[block] > oldest && slots.last[block] <= newest;
#pragma GCC unroll 4
    for (int c = 0; c < kTileRegisters; ++c) {
      scores[r][c] = _mm512_mul_ps(scores[r][c], _mm512_set1_ps(in.scale));
      if (all) continue;
      const __m512i positions = _mm512_loadu_si512(slots.positions + slot + c * 16);
      const __mmask16 visible = _mm512_cmpgt_epi32_mask(positions, _mm512_set1_epi32(oldest)) &
                                _mm512_cmple_epi32_mask(positions, _mm512_set1_epi32(newest));
      scores[r][c] = _mm512_mask_blend_ps(visible, _mm512_set1_ps(kHidden), scores[r][c]);
    }
  }
}

ZLENS_BF16_TARGET ZLENS_INLINE void store(Bf16* to, __m512 first, __m512 second) {
  _mm512_store_si512(to, reinterpret_cast<__m512i>(_mm512_cvtne2ps_pbh(second, first)));
}

ZLENS_BF16_TARGET ZLENS_INLINE void store(float* to, __m512 first, __m512 second) {
  _mm512_store_ps(to, first);
  _mm512_store_ps(to + 16, second);
}

// weights = 2^(scores - highest), which may lie where the scores do. Returns 1 / their sum; 0 for a padding query, which sees
// nothing.
template <typename Weight>
ZLENS_BF16_TARGET ZLENS_INLINE float weigh(const float* scores, float highest, std::int64_t count, Weight* weights) {
  const __m512 top = _mm512_set1_ps(std::max(highest, kHidden / 2));
  __m512 total = _mm512_setzero_ps();
  for (std::int64_t i = 0; i < count; i += 32) {
    const __m512 a = power_of_two(_mm512_sub_ps(_mm512_load_ps(scores + i), top));
    const __m512 b = power_of_two(_mm512_sub_ps(_mm512_load_ps(scores + i + 16), top));
    total = _mm512_add_ps(total, _mm512_add_ps(a, b));
    store(weights + i, a, b);
  }
  const float sum = _mm512_reduce_add_ps(total);
  return sum > 0 ? 1.0F / sum : 0.0F;
}

// What the weights make of `16 * Registers` dimensions of the values at `block`, into `out`.
template <int Rows, int Registers, typename T>
ZLENS_BF16_TARGET ZLENS_INLINE void write_mean(const Queries& in, const T* weights, const float (&inverse)[Rows], const T* block,
                                               std::int64_t count, std::int64_t padded, Bf16* out) {
  Tile<Rows> sums;
  clear<Rows>(sums);
  multiply<Rows, Registers>(sums, weights, padded, block, count);
#pragma GCC unroll 6
  for (int r = 0; r < Rows; ++r)
#pragma GCC unroll 2
    for (int c = 0; c < Registers; c += 2) {
      const __m512 factor = _mm512_set1_ps(inverse[r]);
      const __m512bh pair = _mm512_cvtne2ps_pbh(_mm512_mul_ps(sums[r][c + 1], factor), _mm512_mul_ps(sums[r][c], factor));
      _mm512_storeu_si512(out + r * in.stride + c * 16, reinterpret_cast<__m512i>(pair));
    }
}

// `T`: what both products multiply.
template <int Rows, typename T>
ZLENS_BF16_TARGET void attend(const Queries& in, const Packed<T>& packed, const Slots& slots, const Shape& shape,
                              Scratch& scratch) {
  std::int64_t begin = 0;  // what the first query may not see, none may
  while (begin + kTileColumns < in.seen && slots.last[static_cast<std::size_t>(begin / kTileColumns)] <= in.oldest(0))
    begin += kTileColumns;
  constexpr bool kFloats = std::is_same_v<T, float>;
  if constexpr (kFloats) widen_rows(in.query, Rows, shape.head_dim, shape.head_dim, scratch.query.data());
  alignas(64) float highest[Rows][16];
  std::fill(&highest[0][0], &highest[0][0] + Rows * 16, kHidden);
  std::int64_t end = begin;
  for (; end < in.seen; end += kTileColumns) {
    Tile<Rows> scores;
    clear<Rows>(scores);
    const T* keys = packed.keys + end * shape.head_dim;
    if constexpr (kFloats)
      multiply<Rows>(scores, scratch.query.data(), shape.head_dim, keys, shape.head_dim);
    else
      multiply<Rows>(scores, in.query, shape.head_dim, keys, shape.head_dim);
    scale_and_hide<Rows>(scores, in, slots, end);
#pragma GCC unroll 6
    for (int r = 0; r < Rows; ++r) {
      const __m512 most = _mm512_max_ps(_mm512_max_ps(scores[r][0], scores[r][1]), _mm512_max_ps(scores[r][2], scores[r][3]));
      _mm512_store_ps(highest[r], _mm512_max_ps(_mm512_load_ps(highest[r]), most));
#pragma GCC unroll 4
      for (int c = 0; c < kTileRegisters; ++c)
        _mm512_store_ps(scratch.scores.data() + r * shape.padded + end + c * 16, scores[r][c]);
    }
  }
  T* const weights = [&] {
    if constexpr (kFloats)
      return scratch.scores.data() + begin;
    else
      return scratch.weights.data() + begin;
  }();
  float inverse[Rows];
  for (int r = 0; r < Rows; ++r)
    inverse[r] = weigh(scratch.scores.data() + r * shape.padded + begin, _mm512_reduce_max_ps(_mm512_load_ps(highest[r])),
                       end - begin, weights + r * shape.padded);
  const std::int64_t count = in.seen - begin;
  for (std::int64_t d = 0; d < shape.head_dim; d += kTileColumns) {
    const T* block = packed.values + d * shape.padded + begin * kTileColumns;
    shape.head_dim - d < kTileColumns ? write_mean<Rows, 2, T>(in, weights, inverse, block, count, shape.padded, in.out + d)
                                      : write_mean<Rows, 4, T>(in, weights, inverse, block, count, shape.padded, in.out + d);
  }
}

const Bf16* data(const at::Tensor& x) {
  return static_cast<const Bf16*>(x.const_data_ptr());
}

struct PackedCache {
  at::Tensor keys, values;  // [B*Hkv, padded*Dh], [B*Hkv, padded*Dv]
};

template <typename T>
PackedCache pack(const PromptAttention& in, const Shape& shape) {
  const std::int64_t rows = in.cache_key.size(0) * in.cache_key.size(1), capacity = in.cache_key.size(2);
  const std::int64_t blocks = shape.padded / kTileColumns;
  const at::ScalarType type = std::is_same_v<T, float> ? at::kFloat : at::kBFloat16;
  PackedCache out{at::empty({rows, shape.padded * shape.head_dim}, type), at::empty({rows, shape.padded * shape.value_dim}, type)};
  at::parallel_for(0, rows * blocks, 4, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t i = begin; i < end; ++i) {
      const std::int64_t row = i / blocks, slot = i % blocks * kTileColumns, slots = std::min(kTileColumns, shape.length - slot);
      const std::int64_t from = (row * capacity + slot) * shape.head_dim;
      pack_keys(data(in.cache_key) + from, slots, shape,
                static_cast<T*>(out.keys.mutable_data_ptr()) + (row * shape.padded + slot) * shape.head_dim);
      pack_values(data(in.cache_value) + from, slots, shape,
                  static_cast<T*>(out.values.mutable_data_ptr()) + row * shape.padded * shape.value_dim + slot * kTileColumns);
    }
  });
  return out;
}

// The tiles of queries [begin, end), counted over rows, heads and blocks of six.
template <typename T>
void attend_tiles(const PromptAttention& in, const PackedCache& packed, const at::Tensor& slots, const at::Tensor& out,
                  std::int64_t begin, std::int64_t end) {
  const std::int64_t heads = in.query.size(1), tokens = in.query.size(2), width = in.query.size(3), kv_heads = in.cache_key.size(1);
  const std::int64_t blocks = (tokens + kTileRows - 1) / kTileRows, group = heads / kv_heads;
  const Shape shape{width, in.length};
  Scratch scratch(shape);
  std::vector<Slots> rows;
  for (std::int64_t b = 0; b < in.query.size(0); ++b)
    rows.push_back(slots_of_row(slots.const_data_ptr<std::int32_t>() + b * shape.padded, shape));
  for (std::int64_t i = begin; i < end; ++i) {
    const std::int64_t b = i / (heads * blocks), h = i / blocks % heads, k = i % blocks;
    // From both ends in turn: late queries see more, and every thread gets as many of them.
    const std::int64_t first = (k % 2 == 0 ? k / 2 : blocks - 1 - k / 2) * kTileRows;
    const std::int64_t count = std::min<std::int64_t>(kTileRows, tokens - first);
    const Queries queries{data(in.query) + ((b * heads + h) * tokens + first) * width,
                          in.query_positions.const_data_ptr<std::int64_t>() + b * tokens + first,
                          in.ordered ? in.length - tokens + first + count : in.length,
                          in.window,
                          static_cast<float>(in.scale * std::numbers::log2e),
                          static_cast<Bf16*>(out.mutable_data_ptr()) + ((b * tokens + first) * heads + h) * width,
                          heads * width};
    const std::int64_t row = (b * kv_heads + h / group) * shape.padded;
    const Packed<T> own{static_cast<const T*>(packed.keys.const_data_ptr()) + row * width,
                        static_cast<const T*>(packed.values.const_data_ptr()) + row * shape.value_dim};
    with_tile_rows(count, [&](auto n) { attend<n(), T>(queries, own, rows[static_cast<std::size_t>(b)], shape, scratch); });
  }
}

template <typename T>
at::Tensor attend_all(const PromptAttention& in) {
  const std::int64_t batch = in.query.size(0), heads = in.query.size(1), tokens = in.query.size(2), width = in.query.size(3);
  const Shape shape{width, in.length};
  at::Tensor slots = at::full({batch, shape.padded}, -1, at::kInt);
  slots.slice(1, 0, in.length).copy_(in.slot_positions.slice(1, 0, in.length));
  const PackedCache packed = pack<T>(in, shape);
  at::Tensor out = at::empty({batch, tokens, heads * width}, in.query.options());
  const std::int64_t tiles = batch * heads * ((tokens + kTileRows - 1) / kTileRows);
  at::parallel_for(0, tiles, 8, [&](std::int64_t begin, std::int64_t end) { attend_tiles<T>(in, packed, slots, out, begin, end); });
  return out;
}

}  // namespace

bool prompt_attention_usable(const at::Tensor& query) {
  return query.scalar_type() == at::kBFloat16 && query.size(3) % 32 == 0 && usable(query) && processor_has_bf16();
}

at::Tensor prompt_attention(const PromptAttention& in) {
  return processor_prefers_floats() ? attend_all<float>(in) : attend_all<Bf16>(in);
}

#else

bool prompt_attention_usable(const at::Tensor&) {
  return false;
}
at::Tensor prompt_attention(const PromptAttention&) {
  return {};
}

#endif

}  // namespace zlens::kernels
