#include "io/sha256_blocks.h"

#if defined(__x86_64__)
#include <cpuid.h>
#include <immintrin.h>
#endif

namespace zlens {

#if defined(__x86_64__)
namespace {

// __builtin_cpu_supports of g++ 12 does not know "sha"; bit 29 of EBX in leaf 7 tells it.
bool has_sha_instructions() {
  unsigned eax = 0, ebx = 0, ecx = 0, edx = 0;
  if (__get_cpuid_count(7, 0, &eax, &ebx, &ecx, &edx) == 0) return false;
  return (ebx >> 29 & 1) != 0 && __builtin_cpu_supports("sse4.1") && __builtin_cpu_supports("ssse3");
}

#define ZLENS_SHA __attribute__((target("sha,sse4.1,ssse3")))

// The instructions keep the state as the pairs (A,B,E,F) and (C,D,G,H), highest lane first.
struct State {
  __m128i abef;
  __m128i cdgh;
};

ZLENS_SHA State load_state(const std::uint32_t* words) {
  const __m128i abcd = _mm_loadu_si128(reinterpret_cast<const __m128i*>(words));
  const __m128i efgh = _mm_loadu_si128(reinterpret_cast<const __m128i*>(words + 4));
  const __m128i badc = _mm_shuffle_epi32(abcd, 0xB1);
  const __m128i hgfe = _mm_shuffle_epi32(efgh, 0x1B);
  return {_mm_alignr_epi8(badc, hgfe, 8), _mm_blend_epi16(hgfe, badc, 0xF0)};
}

ZLENS_SHA void store_state(const State& state, std::uint32_t* words) {
  const __m128i feba = _mm_shuffle_epi32(state.abef, 0x1B);
  const __m128i dchg = _mm_shuffle_epi32(state.cdgh, 0xB1);
  _mm_storeu_si128(reinterpret_cast<__m128i*>(words), _mm_blend_epi16(feba, dchg, 0xF0));
  _mm_storeu_si128(reinterpret_cast<__m128i*>(words + 4), _mm_alignr_epi8(dchg, feba, 8));
}

// Four rounds with the schedule words of `message` (round constants from `constants`).
ZLENS_SHA void four_rounds(State& state, __m128i message, const std::uint32_t* constants) {
  const __m128i sum = _mm_add_epi32(message, _mm_loadu_si128(reinterpret_cast<const __m128i*>(constants)));
  state.cdgh = _mm_sha256rnds2_epu32(state.cdgh, state.abef, sum);
  state.abef = _mm_sha256rnds2_epu32(state.abef, state.cdgh, _mm_shuffle_epi32(sum, 0x0E));
}

// The next four schedule words from the last sixteen, oldest first.
ZLENS_SHA __m128i next_words(const __m128i* last) {
  const __m128i middle = _mm_alignr_epi8(last[3], last[2], 4);
  return _mm_sha256msg2_epu32(_mm_add_epi32(_mm_sha256msg1_epu32(last[0], last[1]), middle), last[3]);
}

ZLENS_SHA void blocks(std::uint32_t* words, const std::uint8_t* data, std::size_t count) {
  const __m128i swap = _mm_set_epi64x(0x0c0d0e0f08090a0bLL, 0x0405060700010203LL);
  State state = load_state(words);
  for (; count > 0; --count, data += 64) {
    const State before = state;
    __m128i message[16];
    for (int i = 0; i < 4; ++i) {
      message[i] = _mm_shuffle_epi8(_mm_loadu_si128(reinterpret_cast<const __m128i*>(data + 16 * i)), swap);
    }
#pragma GCC unroll 16
    for (int i = 0; i < 16; ++i) {
      if (i >= 4) message[i] = next_words(message + i - 4);
      four_rounds(state, message[i], kSha256Constants + 4 * i);
    }
    state = {_mm_add_epi32(state.abef, before.abef), _mm_add_epi32(state.cdgh, before.cdgh)};
  }
  store_state(state, words);
}

#undef ZLENS_SHA

}  // namespace

Sha256Blocks sha256_blocks_accelerated() {
  return has_sha_instructions() ? &blocks : nullptr;
}

#else

Sha256Blocks sha256_blocks_accelerated() {
  return nullptr;
}

#endif

}  // namespace zlens
