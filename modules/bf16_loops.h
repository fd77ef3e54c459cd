// The loops of modules/kernels.h over bfloat16, for processors with AVX-512 BF16 (`processor_has_bf16`). Internal to modules/.
#pragma once

#include "modules/vector_math.h"

namespace zlens::kernels {

void bf16_rms_norm(const NormRows<Bf16>& in);
// One head of 2 * half values.
void bf16_rotate(const Bf16* in, const float* cos, const float* sin, Bf16* out, std::int64_t half);
void bf16_silu_times(Bf16* gate, const Bf16* up, std::int64_t count);

}  // namespace zlens::kernels
