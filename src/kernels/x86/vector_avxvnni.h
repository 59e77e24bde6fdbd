// AVX-VNNI (VEX): Vnni256 with its multiply.
#pragma once

#include "kernels/x86/vector_vnni256.h"

namespace octet {
namespace {

struct AvxVnni : Vnni256 {
  static constexpr int kMaxVectors = 2;
  static constexpr int pixels(int vectors) { return vectors == 2 ? 6 : 12; }
  static constexpr bool kMaskedLoads = false;
  template <int sets, bool whole>
  [[gnu::always_inline]] static __m256i load_sets(const int8_t* const* from, int count) {
    if constexpr (sets == 2) {
      const __m128i low = load_rarely<__m128i, whole>(from[0], count),
                    high = load_rarely<__m128i, whole>(from[1], count);
      return _mm256_inserti128_si256(_mm256_castsi128_si256(low), high, 1);
    } else {
      return load_rarely<__m256i, whole>(from[0], count);
    }
  }
  template <int sets, int set>
  [[gnu::always_inline]] static void store_set(int8_t* to, __m256i y, int count) {
    store_bytes(to, _mm256_extracti128_si256(y, set), count);
  }
  // With operands in memory: a compiler would rather load them early, and keep elsewhere what no register has room for.
  static __m256i next_dot(__m256i sum, __m256i x, const __m256i& w) {
    __asm__("%{vex%} vpdpbusd %2, %1, %0" : "+x"(sum) : "x"(x), "m"(w));
    return sum;
  }
  static __m256i first_dot(const __m256i& sum, __m256i x, const __m256i& w) {
    return add_memory(next_dot(_mm256_setzero_si256(), x, w), sum);
  }
  static __m256i dot(__m256i sum, __m256i x, __m256i w) { return _mm256_dpbusd_avx_epi32(sum, x, w); }
  // sum + the products of two pairs of int16. In place: a compiler would gather what it needs for many of them first.
  static __m256i correct(__m256i sum, const int32_t& window_sum, __m256i correction) {
    __m256i pair;
    __asm__("vpbroadcastd %2, %1\n\t%{vex%} vpdpwssd %3, %1, %0"
            : "+x"(sum), "=&x"(pair)
            : "m"(window_sum), "x"(correction));
    return sum;
  }
};

}  // namespace
}  // namespace octet
