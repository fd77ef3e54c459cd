#include "modules/bf16_loops.h"

#include <cmath>

#include "modules/bf16_math.h"

namespace zlens::kernels {

#if defined(__x86_64__)

ZLENS_BF16_TARGET void bf16_rms_norm(const NormRows<Bf16>& in) {
  for (std::int64_t row = 0; row < in.rows; ++row) {
    const std::int64_t first = row * in.width;
    const Bf16* x = (in.delta ? in.sum : in.x) + first;
    __m512 squares = _mm512_setzero_ps();
    for (std::int64_t i = 0; i < in.width; i += 16) {
      const __mmask16 mask = lanes(i, in.width);
      __m512 value = load(in.x + first + i, mask);
      if (in.delta) {
        const __m256i sum = narrow(_mm512_add_ps(value, load(in.delta + first + i, mask)));
        _mm256_mask_storeu_epi16(in.sum + first + i, mask, sum);
        value = widen(sum);
      }
      squares = _mm512_fmadd_ps(value, value, squares);
    }
    const float mean = _mm512_reduce_add_ps(squares) / static_cast<float>(in.width);
    const __m512 inverse = _mm512_set1_ps(1.0F / std::sqrt(mean + in.eps));
    for (std::int64_t i = 0; i < in.width; i += 16) {
      const __mmask16 mask = lanes(i, in.width);
      const __m512 scaled = widen(narrow(_mm512_mul_ps(load(x + i, mask), inverse)));
      _mm256_mask_storeu_epi16(in.out + first + i, mask, narrow(_mm512_mul_ps(scaled, load(in.weight + i, mask))));
    }
  }
}

ZLENS_BF16_TARGET void bf16_rotate(const Bf16* in, const float* cos, const float* sin, Bf16* out, std::int64_t half) {
  for (std::int64_t i = 0; i < half; i += 16) {
    const __mmask16 mask = lanes(i, half);
    const __m512 a = load(in + i, mask), b = load(in + half + i, mask);
    const __m512 c = _mm512_maskz_loadu_ps(mask, cos + i), s = _mm512_maskz_loadu_ps(mask, sin + i);
    _mm256_mask_storeu_epi16(out + i, mask, narrow(_mm512_fmsub_ps(a, c, _mm512_mul_ps(b, s))));
    _mm256_mask_storeu_epi16(out + half + i, mask, narrow(_mm512_fmadd_ps(b, c, _mm512_mul_ps(a, s))));
  }
}

ZLENS_BF16_TARGET void bf16_silu_times(Bf16* gate, const Bf16* up, std::int64_t count) {
  for (std::int64_t i = 0; i < count; i += 16) {
    const __mmask16 mask = lanes(i, count);
    _mm256_mask_storeu_epi16(gate + i, mask, narrow(silu_times(load(gate + i, mask), load(up + i, mask))));
  }
}

#else

void bf16_rms_norm(const NormRows<Bf16>&) {}
void bf16_rotate(const Bf16*, const float*, const float*, Bf16*, std::int64_t) {}
void bf16_silu_times(Bf16*, const Bf16*, std::int64_t) {}

#endif

}  // namespace zlens::kernels
