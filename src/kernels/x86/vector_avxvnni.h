// AVX-VNNI (VEX): Vnni256 with its multiply.
#pragma once

#include "kernels/x86/vector_vnni256.h"

namespace octet {
namespace {

struct AvxVnni : Vnni256 {
  static constexpr int kMaxVectors = 2;
  static constexpr int pixels(int vectors) { return vectors == 2 ? 6 : 12; }
  template <int sets, bool whole>
  [[gnu::always_inline]] static __m256i load_sets(const int8_t* const* from, int count) {
    if constexpr (sets == 2) {
      return _mm256_inserti128_si256(_mm256_castsi128_si256(load_some<__m128i, false>(from[0], count)),
                                     load_some<__m128i, false>(from[1], count), 1);
    } else {
      return load_some<__m256i, whole>(from[0], count);
    }
  }
  template <int sets, int set>
  [[gnu::always_inline]] static void store_set(int8_t* to, __m256i y, int count) {
    store_bytes(to, _mm256_extracti128_si256(y, set), count);
  }
  static __m256i dot(__m256i sum, __m256i x, __m256i w) { return _mm256_dpbusd_avx_epi32(sum, x, w); }
};

}  // namespace
}  // namespace octet
