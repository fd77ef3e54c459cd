#include "io/dequantize.h"

#include <bit>
#include <cstdint>
#include <cstring>

// Run-time choice of the vector width. Sanitizers cannot see through its dispatch.
#if defined(__x86_64__) && !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
#define ZLENS_CLONES __attribute__((target_clones("avx2", "default")))
#else
#define ZLENS_CLONES
#endif
// Helpers must take on the instruction set of the clone that calls them.
#define ZLENS_INLINE inline __attribute__((always_inline))

namespace zlens {
namespace {

using Byte = std::uint8_t;

// Block layouts as published with the GGUF format: f16 scales first, little endian.
struct TypeRow {
  GgmlType type;
  const char* name;
  BlockLayout layout;
};

constexpr TypeRow kTypes[] = {
    {GgmlType::F32, "F32", {1, 4}},       {GgmlType::F16, "F16", {1, 2}},       {GgmlType::BF16, "BF16", {1, 2}},
    {GgmlType::Q4_0, "Q4_0", {32, 18}},   {GgmlType::Q4_1, "Q4_1", {32, 20}},   {GgmlType::Q5_0, "Q5_0", {32, 22}},
    {GgmlType::Q5_1, "Q5_1", {32, 24}},   {GgmlType::Q8_0, "Q8_0", {32, 34}},   {GgmlType::Q4_K, "Q4_K", {256, 144}},
    {GgmlType::Q5_K, "Q5_K", {256, 176}}, {GgmlType::Q6_K, "Q6_K", {256, 210}},
};

ZLENS_INLINE float half_to_float(std::uint32_t half) {
  constexpr std::uint32_t kExponent = 0x7C00U << 13;
  const std::uint32_t sign = (half & 0x8000U) << 16;
  std::uint32_t bits = (half & 0x7FFFU) << 13;
  const std::uint32_t exponent = bits & kExponent;
  bits += (127U - 15U) << 23;
  if (exponent == kExponent) bits += (128U - 16U) << 23;  // infinity and NaN
  if (exponent != 0) return std::bit_cast<float>(bits | sign);
  // Subnormal: let a subtraction of normal numbers renormalise it, which holds where subnormals are flushed, too.
  const float value = std::bit_cast<float>(bits + (1U << 23)) - std::bit_cast<float>(113U << 23);
  return std::bit_cast<float>(std::bit_cast<std::uint32_t>(value) | sign);
}

ZLENS_INLINE float half_at(const Byte* at) {
  return half_to_float(std::uint32_t{at[0]} | std::uint32_t{at[1]} << 8);
}

ZLENS_INLINE std::uint32_t word_at(const Byte* at) {
  std::uint32_t word;
  std::memcpy(&word, at, sizeof(word));
  return word;
}

ZLENS_CLONES void from_f16(const Byte* in, std::size_t count, float* out) {
  for (std::size_t i = 0; i < count; ++i) out[i] = half_at(in + 2 * i);
}

ZLENS_CLONES void from_bf16(const Byte* in, std::size_t count, float* out) {
  for (std::size_t i = 0; i < count; ++i) {
    out[i] = std::bit_cast<float>((std::uint32_t{in[2 * i]} | std::uint32_t{in[2 * i + 1]} << 8) << 16);
  }
}

// d, 16 bytes: values 0-15 in the low nibbles, 16-31 in the high ones.
ZLENS_CLONES void from_q4_0(const Byte* in, std::size_t count, float* out) {
  for (; count > 0; --count, in += 18, out += 32) {
    const float d = half_at(in);
    for (int i = 0; i < 16; ++i) {
      out[i] = d * static_cast<float>((in[2 + i] & 15) - 8);
      out[i + 16] = d * static_cast<float>((in[2 + i] >> 4) - 8);
    }
  }
}

// d, m, 16 bytes of nibbles as in Q4_0.
ZLENS_CLONES void from_q4_1(const Byte* in, std::size_t count, float* out) {
  for (; count > 0; --count, in += 20, out += 32) {
    const float d = half_at(in);
    const float m = half_at(in + 2);
    for (int i = 0; i < 16; ++i) {
      out[i] = d * static_cast<float>(in[4 + i] & 15) + m;
      out[i + 16] = d * static_cast<float>(in[4 + i] >> 4) + m;
    }
  }
}

// d, 32 fifth bits, 16 bytes of nibbles as in Q4_0.
ZLENS_CLONES void from_q5_0(const Byte* in, std::size_t count, float* out) {
  for (; count > 0; --count, in += 22, out += 32) {
    const float d = half_at(in);
    const std::uint32_t high = word_at(in + 2);
    for (int i = 0; i < 16; ++i) {
      const int low_half = (in[6 + i] & 15) | static_cast<int>((high >> i & 1) << 4);
      const int high_half = (in[6 + i] >> 4) | static_cast<int>((high >> (i + 16) & 1) << 4);
      out[i] = d * static_cast<float>(low_half - 16);
      out[i + 16] = d * static_cast<float>(high_half - 16);
    }
  }
}

// d, m, 32 fifth bits, 16 bytes of nibbles as in Q4_0.
ZLENS_CLONES void from_q5_1(const Byte* in, std::size_t count, float* out) {
  for (; count > 0; --count, in += 24, out += 32) {
    const float d = half_at(in);
    const float m = half_at(in + 2);
    const std::uint32_t high = word_at(in + 4);
    for (int i = 0; i < 16; ++i) {
      const int low_half = (in[8 + i] & 15) | static_cast<int>((high >> i & 1) << 4);
      const int high_half = (in[8 + i] >> 4) | static_cast<int>((high >> (i + 16) & 1) << 4);
      out[i] = d * static_cast<float>(low_half) + m;
      out[i + 16] = d * static_cast<float>(high_half) + m;
    }
  }
}

// d, 32 signed bytes.
ZLENS_CLONES void from_q8_0(const Byte* in, std::size_t count, float* out) {
  for (; count > 0; --count, in += 34, out += 32) {
    const float d = half_at(in);
    for (int i = 0; i < 32; ++i) out[i] = d * static_cast<float>(static_cast<std::int8_t>(in[2 + i]));
  }
}

struct ScaleMin {
  float scale;
  float min;
};

// Sub-block `j` of 8: its 6-bit scale and minimum out of 12 packed bytes. Bytes 0-3 and 4-7 hold the scales and minima of 0-3;
// those of 4-7 have their low bits in the nibbles of 8-11 and their top two bits above the values of 0-3.
ZLENS_INLINE ScaleMin scale_min(const Byte* packed, int j) {
  if (j < 4) return {static_cast<float>(packed[j] & 63), static_cast<float>(packed[j + 4] & 63)};
  const int scale = (packed[j + 4] & 15) | (packed[j - 4] >> 6 << 4);
  const int min = (packed[j + 4] >> 4) | (packed[j] >> 6 << 4);
  return {static_cast<float>(scale), static_cast<float>(min)};
}

// d, dmin, 12 bytes of scales and minima, 128 bytes: per 64 values 32 low nibbles, then the 32 high ones.
ZLENS_CLONES void from_q4_k(const Byte* in, std::size_t count, float* out) {
  for (; count > 0; --count, in += 144, out += 256) {
    const float d = half_at(in);
    const float dmin = half_at(in + 2);
    for (int j = 0; j < 8; ++j) {
      const ScaleMin packed = scale_min(in + 4, j);
      const float scale = d * packed.scale;
      const float min = dmin * packed.min;
      const Byte* nibbles = in + 16 + j / 2 * 32;
      for (int i = 0; i < 32; ++i) out[32 * j + i] = scale * static_cast<float>(nibbles[i] >> (j % 2 * 4) & 15) - min;
    }
  }
}

// As Q4_K, with 32 bytes between scales and nibbles: bit j of byte i is the fifth bit of value i of sub-block j.
ZLENS_CLONES void from_q5_k(const Byte* in, std::size_t count, float* out) {
  for (; count > 0; --count, in += 176, out += 256) {
    const float d = half_at(in);
    const float dmin = half_at(in + 2);
    for (int j = 0; j < 8; ++j) {
      const ScaleMin packed = scale_min(in + 4, j);
      const float scale = d * packed.scale;
      const float min = dmin * packed.min;
      const Byte* high = in + 16;
      const Byte* nibbles = in + 48 + j / 2 * 32;
      for (int i = 0; i < 32; ++i) {
        const int value = (nibbles[i] >> (j % 2 * 4) & 15) | (high[i] >> j & 1) << 4;
        out[32 * j + i] = scale * static_cast<float>(value) - min;
      }
    }
  }
}

// 128 bytes of low nibbles, 64 bytes of high bit pairs, 16 signed scales (one per 16 values), d. Per 128 values: 64 bytes of
// nibbles (low ones first) and 32 bytes of pairs (lowest pair first).
ZLENS_CLONES void from_q6_k(const Byte* in, std::size_t count, float* out) {
  for (; count > 0; --count, in += 210, out += 256) {
    const float d = half_at(in + 208);
    for (int j = 0; j < 8; ++j) {
      const Byte* low = in + j / 4 * 64 + j % 2 * 32;
      const Byte* high = in + 128 + j / 4 * 32;
      for (int i = 0; i < 32; ++i) {
        const float scale = d * static_cast<float>(static_cast<std::int8_t>(in[192 + 2 * j + i / 16]));
        const int value = (low[i] >> (j % 4 / 2 * 4) & 15) | (high[i] >> (j % 4 * 2) & 3) << 4;
        out[32 * j + i] = scale * static_cast<float>(value - 32);
      }
    }
  }
}

const TypeRow* find_type(GgmlType type) {
  for (const TypeRow& row : kTypes) {
    if (row.type == type) return &row;
  }
  return nullptr;
}

}  // namespace

const char* ggml_type_name(GgmlType type) {
  const TypeRow* row = find_type(type);
  return row == nullptr ? "unknown" : row->name;
}

BlockLayout block_layout(GgmlType type) {
  const TypeRow* row = find_type(type);
  return row == nullptr ? BlockLayout{0, 0} : row->layout;
}

void dequantize_blocks(GgmlType type, std::span<const std::byte> blocks, std::span<float> out) {
  if (out.empty()) return;
  const Byte* in = reinterpret_cast<const Byte*>(blocks.data());
  const std::size_t count = out.size() / block_layout(type).values;
  switch (type) {
    case GgmlType::F32:
      std::memcpy(out.data(), in, out.size_bytes());
      return;
    case GgmlType::F16:
      return from_f16(in, count, out.data());
    case GgmlType::BF16:
      return from_bf16(in, count, out.data());
    case GgmlType::Q4_0:
      return from_q4_0(in, count, out.data());
    case GgmlType::Q4_1:
      return from_q4_1(in, count, out.data());
    case GgmlType::Q5_0:
      return from_q5_0(in, count, out.data());
    case GgmlType::Q5_1:
      return from_q5_1(in, count, out.data());
    case GgmlType::Q8_0:
      return from_q8_0(in, count, out.data());
    case GgmlType::Q4_K:
      return from_q4_k(in, count, out.data());
    case GgmlType::Q5_K:
      return from_q5_k(in, count, out.data());
    case GgmlType::Q6_K:
      return from_q6_k(in, count, out.data());
  }
}

}  // namespace zlens
