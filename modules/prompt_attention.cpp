#include "modules/prompt_attention.h"

#include <ATen/ATen.h>
#include <ATen/Parallel.h>

#include <algorithm>
#include <cstring>
#include <vector>

#include "modules/kernels.h"
#include "modules/processor.h"
#include "modules/vector_math.h"

#if defined(__x86_64__)
#include <immintrin.h>
#define ZLENS_BF16_TARGET __attribute__((target("avx512f,avx512bw,avx512dq,avx512vl,avx512bf16")))
#endif

namespace zlens::kernels {

#if defined(__x86_64__)
namespace {

constexpr std::int64_t kRows = 6;      // queries of a tile: 6 x 4 sums fill the registers
constexpr std::int64_t kColumns = 64;  // keys, or value columns, of a tile: four registers
constexpr int kRegisters = 4;
using Tile = __m512[kRows][kRegisters];

// Keys and values of one row and kv head, as pairs that one instruction multiplies and adds:
// keys   [L/64][Dh/2][64][2]: two neighbouring dimensions of 64 keys;
// values [Dh/64][L/2][64][2]: two neighbouring slots of 64 dimensions.
struct Packed {
  const Bf16* keys;
  const Bf16* values;
};

struct Shape {
  std::int64_t head_dim, length, padded;  // padded: length rounded up to 64
};

void pack_keys(const Bf16* from, const Shape& shape, Bf16* to) {
  for (std::int64_t slot = 0; slot < shape.length; ++slot) {
    Bf16* block = to + slot / kColumns * shape.head_dim * kColumns + slot % kColumns * 2;
    for (std::int64_t d = 0; d < shape.head_dim; d += 2)
      std::memcpy(block + d * kColumns, from + slot * shape.head_dim + d, 2 * sizeof(Bf16));
  }
}

void pack_values(const Bf16* from, const Shape& shape, Bf16* to) {
  for (std::int64_t slot = 0; slot < shape.length; ++slot)
    for (std::int64_t d = 0; d < shape.head_dim; ++d)
      to[(d / kColumns * shape.padded + slot / 2 * 2) * kColumns + d % kColumns * 2 + slot % 2] = from[slot * shape.head_dim + d];
}

// sums += pairs of `left` rows times a packed block of `pairs` steps.
ZLENS_BF16_TARGET ZLENS_INLINE void multiply(Tile& sums, const Bf16* left, std::int64_t left_stride, const Bf16* block,
                                             std::int64_t pairs) {
  for (std::int64_t p = 0; p < pairs; ++p) {
    __m512bh right[kRegisters];
#pragma GCC unroll 4
    for (int c = 0; c < kRegisters; ++c)
      right[c] = reinterpret_cast<__m512bh>(_mm512_loadu_si512(block + p * 2 * kColumns + c * 32));
#pragma GCC unroll 6
    for (int r = 0; r < kRows; ++r) {
      int pair;
      std::memcpy(&pair, left + r * left_stride + 2 * p, sizeof pair);
      const __m512bh broadcast = reinterpret_cast<__m512bh>(_mm512_set1_epi32(pair));
#pragma GCC unroll 4
      for (int c = 0; c < kRegisters; ++c) sums[r][c] = _mm512_dpbf16_ps(sums[r][c], broadcast, right[c]);
    }
  }
}

ZLENS_BF16_TARGET ZLENS_INLINE void clear(Tile& sums) {
#pragma GCC unroll 6
  for (int r = 0; r < kRows; ++r)
#pragma GCC unroll 4
    for (int c = 0; c < kRegisters; ++c) sums[r][c] = _mm512_setzero_ps();
}

ZLENS_BF16_TARGET ZLENS_INLINE void write(const Tile& sums, float* to, std::int64_t stride) {
#pragma GCC unroll 6
  for (int r = 0; r < kRows; ++r)
#pragma GCC unroll 4
    for (int c = 0; c < kRegisters; ++c) _mm512_storeu_ps(to + r * stride + c * 16, sums[r][c]);
}

struct TileOfQueries {
  const Bf16* query;              // [6, Dh], rows behind `count` are copies
  const std::int64_t* positions;  // of the queries
  std::int64_t count;             // real queries, 1 .. 6
  const std::int32_t* slots;      // positions of the slots [padded]
  std::int64_t visible;           // slots that the last query may see, rounded up to 64
  std::int64_t window;
  float scale;
};

struct Scratch {
  std::vector<float> scores, result;  // [6, padded], [6, Dh]
  std::vector<Bf16> weights;          // [6, padded]
};

ZLENS_BF16_TARGET void attend_tile(const TileOfQueries& in, const Packed& packed, const Shape& shape, Scratch& scratch) {
  for (std::int64_t slot = 0; slot < in.visible; slot += kColumns) {
    Tile sums;
    clear(sums);
    multiply(sums, in.query, shape.head_dim, packed.keys + slot * shape.head_dim, shape.head_dim / 2);
    write(sums, scratch.scores.data() + slot, shape.padded);
  }
  for (std::int64_t r = 0; r < in.count; ++r) {
    const auto own = static_cast<std::int32_t>(in.positions[r]);
    const std::int32_t oldest = in.window > 0 ? own - static_cast<std::int32_t>(in.window) : -1;
    float* scores = scratch.scores.data() + r * shape.padded;
    softmax_values(scores, scores, scratch.weights.data() + r * shape.padded, {in.slots, in.visible, own, oldest}, in.scale);
  }
  for (std::int64_t d = 0; d < shape.head_dim; d += kColumns) {
    Tile sums;
    clear(sums);
    multiply(sums, scratch.weights.data(), shape.padded, packed.values + d * shape.padded, in.visible / 2);
    write(sums, scratch.result.data() + d, shape.head_dim);
  }
}

const Bf16* data(const at::Tensor& x) {
  return static_cast<const Bf16*>(x.const_data_ptr());
}

// [B*Hkv, padded*Dh] each, zero behind the slots in use.
struct PackedCache {
  at::Tensor keys, values;
};

PackedCache pack(const PromptAttention& in, const Shape& shape) {
  const std::int64_t rows = in.cache_key.size(0) * in.cache_key.size(1), capacity = in.cache_key.size(2);
  PackedCache out{at::zeros({rows, shape.padded * shape.head_dim}, in.query.options()),
                  at::zeros({rows, shape.padded * shape.head_dim}, in.query.options())};
  at::parallel_for(0, 2 * rows, 1, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t i = begin; i < end; ++i) {
      const std::int64_t row = i / 2, from = row * capacity * shape.head_dim, to = row * shape.padded * shape.head_dim;
      if (i % 2 == 0) {
        pack_keys(data(in.cache_key) + from, shape, static_cast<Bf16*>(out.keys.mutable_data_ptr()) + to);
      } else {
        pack_values(data(in.cache_value) + from, shape, static_cast<Bf16*>(out.values.mutable_data_ptr()) + to);
      }
    }
  });
  return out;
}

// The tiles of queries [begin, end), counted over rows, heads and blocks of six.
void attend_tiles(const PromptAttention& in, const PackedCache& packed, const at::Tensor& slots, const at::Tensor& out,
                  std::int64_t begin, std::int64_t end) {
  const std::int64_t heads = in.query.size(1), tokens = in.query.size(2), width = in.query.size(3), kv_heads = in.cache_key.size(1);
  const std::int64_t blocks = (tokens + kRows - 1) / kRows, group = heads / kv_heads;
  const Shape shape{width, in.length, slots.size(1)};
  Scratch scratch{std::vector<float>(static_cast<std::size_t>(kRows * shape.padded)),
                  std::vector<float>(static_cast<std::size_t>(kRows * width)),
                  std::vector<Bf16>(static_cast<std::size_t>(kRows * shape.padded))};
  std::vector<Bf16> queries(static_cast<std::size_t>(kRows * width));
  for (std::int64_t i = begin; i < end; ++i) {
    const std::int64_t b = i / (heads * blocks), h = i / blocks % heads, first = i % blocks * kRows;
    const std::int64_t count = std::min(kRows, tokens - first), cache_row = b * kv_heads + h / group;
    for (std::int64_t r = 0; r < kRows; ++r)
      std::memcpy(queries.data() + r * width, data(in.query) + ((b * heads + h) * tokens + first + std::min(r, count - 1)) * width,
                  static_cast<std::size_t>(width) * sizeof(Bf16));
    // Later slots hold later tokens: hidden from all of these queries.
    const std::int64_t seen = in.length - tokens + first + count, visible = (seen + kColumns - 1) / kColumns * kColumns;
    const TileOfQueries tile{queries.data(),
                             in.query_positions.const_data_ptr<std::int64_t>() + b * tokens + first,
                             count,
                             slots.const_data_ptr<std::int32_t>() + b * shape.padded,
                             visible,
                             in.window,
                             static_cast<float>(in.scale)};
    const std::int64_t offset = cache_row * shape.padded * width;
    attend_tile(tile, {data(packed.keys) + offset, data(packed.values) + offset}, shape, scratch);
    for (std::int64_t r = 0; r < count; ++r) {
      Bf16* to = static_cast<Bf16*>(out.mutable_data_ptr()) + ((b * tokens + first + r) * heads + h) * width;
      for (std::int64_t d = 0; d < width; ++d) store(&to[d], scratch.result[static_cast<std::size_t>(r * width + d)]);
    }
  }
}

}  // namespace

bool prompt_attention_usable(const at::Tensor& query) {
  return query.scalar_type() == at::kBFloat16 && query.size(3) % kColumns == 0 && usable(query) && processor_has_bf16();
}

at::Tensor prompt_attention(const PromptAttention& in) {
  const std::int64_t batch = in.query.size(0), heads = in.query.size(1), tokens = in.query.size(2), width = in.query.size(3);
  const Shape shape{width, in.length, (in.length + kColumns - 1) / kColumns * kColumns};
  at::Tensor slots = at::full({batch, shape.padded}, -1, at::kInt);
  slots.slice(1, 0, in.length).copy_(in.slot_positions.slice(1, 0, in.length));
  const PackedCache packed = pack(in, shape);
  at::Tensor out = at::empty({batch, tokens, heads * width}, in.query.options());
  const std::int64_t tiles = batch * heads * ((tokens + kRows - 1) / kRows);
  at::parallel_for(0, tiles, 8, [&](std::int64_t begin, std::int64_t end) { attend_tiles(in, packed, slots, out, begin, end); });
  return out;
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
