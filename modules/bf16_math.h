// Sixteen bfloat16 values at a time, for processors with AVX-512 BF16. Internal to modules/.
#pragma once

#if defined(__x86_64__)

#include <immintrin.h>

#include "modules/vector_math.h"

#define ZLENS_BF16_TARGET __attribute__((target("avx512f,avx512bw,avx512dq,avx512vl,avx512bf16")))

namespace zlens::kernels {

ZLENS_BF16_TARGET ZLENS_INLINE __m512 widen(__m256i values) {
  return _mm512_castsi512_ps(_mm512_slli_epi32(_mm512_cvtepu16_epi32(values), 16));
}

ZLENS_BF16_TARGET ZLENS_INLINE __m256i narrow(__m512 values) {
  return reinterpret_cast<__m256i>(_mm512_cvtneps_pbh(values));
}

ZLENS_BF16_TARGET ZLENS_INLINE __m512 load(const Bf16* from, __mmask16 mask) {
  return widen(_mm256_maskz_loadu_epi16(mask, from));
}

// The lanes that are left of `count` values, from i on.
ZLENS_BF16_TARGET ZLENS_INLINE __mmask16 lanes(std::int64_t i, std::int64_t count) {
  return count - i >= 16 ? __mmask16{0xffff} : static_cast<__mmask16>((1U << std::max<std::int64_t>(count - i, 0)) - 1U);
}

// 2^x for x <= 0, relative error below 3e-6.
ZLENS_BF16_TARGET ZLENS_INLINE __m512 power_of_two(__m512 x) {
  const __m512 whole = _mm512_roundscale_ps(x, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC), r = _mm512_sub_ps(x, whole);
  __m512 p = _mm512_set1_ps(1.33335581e-3F);
  p = _mm512_fmadd_ps(p, r, _mm512_set1_ps(9.61812911e-3F));
  p = _mm512_fmadd_ps(p, r, _mm512_set1_ps(5.55041087e-2F));
  p = _mm512_fmadd_ps(p, r, _mm512_set1_ps(2.40226507e-1F));
  p = _mm512_fmadd_ps(p, r, _mm512_set1_ps(6.93147181e-1F));
  p = _mm512_fmadd_ps(p, r, _mm512_set1_ps(1.0F));
  return _mm512_scalef_ps(p, whole);
}

// silu(gate) rounded to bfloat16, times up.
ZLENS_BF16_TARGET ZLENS_INLINE __m512 silu_times(__m512 gate, __m512 up) {
  constexpr float kLog2e = 1.44269504F, kTiny = -150.0F;  // 2^kTiny is 0
  const __m512 exponent = _mm512_mul_ps(_mm512_abs_ps(gate), _mm512_set1_ps(-kLog2e));
  const __m512 e = power_of_two(_mm512_max_ps(_mm512_set1_ps(kTiny), exponent)), one = _mm512_set1_ps(1.0F);
  const __mmask16 negative = _mm512_cmp_ps_mask(gate, _mm512_setzero_ps(), _CMP_LT_OQ);
  const __m512 sigmoid = _mm512_div_ps(_mm512_mask_blend_ps(negative, one, e), _mm512_add_ps(one, e));
  return _mm512_mul_ps(widen(narrow(_mm512_mul_ps(gate, sigmoid))), up);
}

}  // namespace zlens::kernels

#endif
