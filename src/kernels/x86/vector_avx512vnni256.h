// AVX512-VNNI on 256-bit registers (EVEX): Vnni256 with its multiply.
#pragma once

#include "kernels/x86/vector_vnni256.h"

namespace octet {
namespace {

struct Avx512Vnni256 : Vnni256 {
  static constexpr int kMaxVectors = 4;
  static constexpr bool kMaskedLoads = true;
  static constexpr int pixels(int vectors) { return vectors == 4 ? 6 : 12; }
  template <int sets, bool whole>
  [[gnu::always_inline]] static __m256i load_sets(const int8_t* const* from, int count) {
    if constexpr (sets == 2) {
      const __mmask16 mask = (__mmask16)(0xffff >> (16 - count));
      return _mm256_inserti128_si256(_mm256_castsi128_si256(_mm_maskz_loadu_epi8(mask, from[0])),
                                     _mm_maskz_loadu_epi8(mask, from[1]), 1);
    } else if constexpr (whole) {
      return load(from[0]);
    } else {
      return _mm256_maskz_loadu_epi8(~(uint32_t)0 >> (32 - count), from[0]);
    }
  }
  template <int sets, int set>
  [[gnu::always_inline]] static void store_set(int8_t* to, __m256i y, int count) {
    _mm_mask_storeu_epi8(to, (__mmask16)(0xffff >> (16 - count)), _mm256_extracti128_si256(y, set));
  }
  static __m256i dot(__m256i sum, __m256i x, __m256i w) { return _mm256_dpbusd_epi32(sum, x, w); }
  // sum + the products of two pairs of int16. In place: a compiler would gather what it needs for many of them first.
  static __m256i correct(__m256i sum, const int32_t& window_sum, __m256i correction) {
    __asm__("vpdpwssd %2%{1to8%}, %1, %0" : "+v"(sum) : "v"(correction), "m"(window_sum));
    return sum;
  }
  static __m256i first_dot(__m256i sum, __m256i x, __m256i w) { return dot(sum, x, w); }
  static __m256i next_dot(__m256i sum, __m256i x, __m256i w) { return dot(sum, x, w); }
};

}  // namespace
}  // namespace octet
