// Attention of many queries at once, as in reading a prompt, on processors with AVX-512 BF16.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>

namespace zlens::kernels {

struct PromptAttention {
  at::Tensor query;                   // [B, H, T, Dh] of the last T slots
  at::Tensor cache_key, cache_value;  // [B, Hkv, C, Dh]
  at::Tensor query_positions;         // [B, T] int64, the last that each may see; -1: padding, whose result is 0
  at::Tensor slot_positions;          // [B, C] int32; -1: padding
  std::int64_t length = 0;            // slots in use, the queries' own among them
  std::int64_t window = 0;            // see positions > own - window; 0: all up to the own
  double scale = 1;
  bool ordered = true;  // no query may see a slot behind its own; false: as the positions say
};

// True for bfloat16, a head width that is a multiple of 32, and a processor that can.
bool prompt_attention_usable(const at::Tensor& query);

// [B, T, H*Dh]. Scores stay in float between the two products; a few rows of them are held at once, whatever the length.
at::Tensor prompt_attention(const PromptAttention& in);

}  // namespace zlens::kernels
