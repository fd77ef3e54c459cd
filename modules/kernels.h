// Fused CPU loops for generation without gradients, where a chain of small ATen calls would cost more than the arithmetic.
// float and bfloat16, accumulation in float. Callers check shapes; all tensors are contiguous CPU tensors unless said otherwise.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>

namespace zlens::kernels {

// True where the loops below may stand in for ATen: a CPU tensor of float or bfloat16 and no gradient wanted.
bool usable(const at::Tensor& x);

// RMS norm over the last dimension D: x / sqrt(mean(x²) + eps) rounded to the dtype, times weight [D]. Returns a tensor like x.
at::Tensor rms_norm(const at::Tensor& x, const at::Tensor& weight, double eps);

struct AddedNorm {
  at::Tensor sum;     // x + delta, rounded to the dtype
  at::Tensor normed;  // rms_norm of it
};
AddedNorm add_rms_norm(const at::Tensor& x, const at::Tensor& delta, const at::Tensor& weight, double eps);

// gate becomes silu(gate) rounded to the dtype, times up. Both of one shape.
void silu_times(const at::Tensor& gate, const at::Tensor& up);

struct Rotation {
  at::Tensor cos, sin;  // [B, T, Dh/2] float; undefined: no rotation
  std::int64_t head_dim = 0;
};

// Rotates the heads of x [B, T, H*Dh] (half split). -> [B, H, T, Dh]
at::Tensor rotate_heads(const at::Tensor& x, const Rotation& rotation);

struct CacheSlots {
  at::Tensor key, value;        // [B, Hkv, C, Dh]
  std::int64_t first_slot = 0;  // where the T new slots start
};

// Writes the rotated key and the value, both [B, T, Hkv*Dh], into the cache.
void append(const at::Tensor& key, const at::Tensor& value, const Rotation& rotation, const CacheSlots& cache);

struct MaskedSoftmax {
  at::Tensor scores;           // [B, H, T, L], replaced by the weights
  at::Tensor query_positions;  // [B, T] int64, the last that each may see; -1: padding, whose weights become 0
  at::Tensor slot_positions;   // [B, C >= L] int32; -1: padding
  std::int64_t window = 0;     // see positions > own - window; 0: all up to the own
  double scale = 1;
};

// softmax over the slots that each query may see, of scores times scale, in place.
void masked_softmax(const MaskedSoftmax& in);

struct DecodeAttention {
  at::Tensor query;                   // [B, H, 1, Dh]
  at::Tensor cache_key, cache_value;  // [B, Hkv, C, Dh]
  at::Tensor slot_positions;          // [B, C] int32; -1: padding
  std::int64_t length = 0;            // slots in use, the query's own among them
  std::int64_t window = 0;            // attend to positions > own - window; 0: to all
  double scale = 1;
};

// Softmax attention of one query a row over its cache. Returns [B, 1, H*Dh].
at::Tensor decode_attention(const DecodeAttention& in);

}  // namespace zlens::kernels
