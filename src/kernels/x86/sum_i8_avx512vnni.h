// Sums of up to 64 int8 values side by side, over many places, and the bytes that become of them. Internal linkage.
#pragma once

#include <immintrin.h>

#include "kernels/requantize.h"

namespace octet {
namespace {

// int16 holds 255 values for sure; then they are added to int32.
class Sum64 {
 public:
  // Of the first `values` (1 to 64).
  explicit Sum64(int64_t values) : mask_(~(uint64_t)0 >> (64 - values)) {
    for (int v = 0; v < 2; ++v) short_[v] = _mm512_setzero_si512();
    for (int v = 0; v < 4; ++v) long_[v] = _mm512_setzero_si512();
  }

  [[gnu::always_inline]] void add(const int8_t* from) {
    const __m512i values = _mm512_maskz_loadu_epi8(mask_, from);
    short_[0] = _mm512_add_epi16(short_[0], _mm512_cvtepi8_epi16(_mm512_castsi512_si256(values)));
    short_[1] = _mm512_add_epi16(short_[1], _mm512_cvtepi8_epi16(_mm512_extracti64x4_epi64(values, 1)));
    if (++count_ == 255) flush();
  }

  // Stores the sums minus count * zero_point, times factor, rounded.
  [[gnu::always_inline]] void store(int64_t count, int32_t zero_point, float factor, const OutputRange& range,
                                    int8_t* to) {
    flush();
    const __m512i zeros = _mm512_set1_epi32((int32_t)(count * zero_point));
    const __m512 low = _mm512_set1_ps(range.low), high = _mm512_set1_ps(range.high);
    const __m512i out_zero = _mm512_set1_epi32(range.zero_point);
    for (int v = 0; v < 4; ++v) {
      const __m512 sum = _mm512_cvtepi32_ps(_mm512_sub_epi32(long_[v], zeros));
      const __m512 y = _mm512_min_ps(_mm512_max_ps(_mm512_mul_ps(sum, _mm512_set1_ps(factor)), low), high);
      const __m128i bytes = _mm512_cvtepi32_epi8(_mm512_add_epi32(_mm512_cvtps_epi32(y), out_zero));
      _mm_mask_storeu_epi8(to + 16 * v, (__mmask16)(mask_ >> (16 * v)), bytes);
    }
  }

 private:
  [[gnu::always_inline]] void flush() {
    for (int v = 0; v < 2; ++v) {
      const __m512i low = _mm512_cvtepi16_epi32(_mm512_castsi512_si256(short_[v]));
      const __m512i high = _mm512_cvtepi16_epi32(_mm512_extracti64x4_epi64(short_[v], 1));
      long_[2 * v] = _mm512_add_epi32(long_[2 * v], low);
      long_[2 * v + 1] = _mm512_add_epi32(long_[2 * v + 1], high);
      short_[v] = _mm512_setzero_si512();
    }
    count_ = 0;
  }

  __mmask64 mask_;
  __m512i short_[2], long_[4];
  int count_ = 0;
};

}  // namespace
}  // namespace octet
