// Sums of 32 int8 values side by side, over many places. Internal linkage, as in the files that include it.
#pragma once

#include <immintrin.h>
#include <stdint.h>

namespace octet {
namespace {

// int16 holds 255 values for sure; then they are added to int32.
class Sum32 {
 public:
  [[gnu::always_inline]] void add(const int8_t* from) {
    for (int v = 0; v < 2; ++v) {
      const __m256i values = _mm256_cvtepi8_epi16(_mm_loadu_si128((const __m128i*)(from + 16 * v)));
      short_[v] = _mm256_add_epi16(short_[v], values);
    }
    if (++count_ == 255) flush();
  }

  // The sums minus count * zero_point, times factor.
  [[gnu::always_inline]] void finish(int64_t count, int32_t zero_point, float factor, __m256* y) {
    flush();
    const __m256i zeros = _mm256_set1_epi32((int32_t)(count * zero_point));
    for (int v = 0; v < 4; ++v) {
      y[v] = _mm256_mul_ps(_mm256_cvtepi32_ps(_mm256_sub_epi32(long_[v], zeros)), _mm256_set1_ps(factor));
    }
  }

 private:
  [[gnu::always_inline]] void flush() {
    for (int v = 0; v < 2; ++v) {
      const __m256i low = _mm256_cvtepi16_epi32(_mm256_castsi256_si128(short_[v]));
      const __m256i high = _mm256_cvtepi16_epi32(_mm256_extracti128_si256(short_[v], 1));
      long_[2 * v] = _mm256_add_epi32(long_[2 * v], low);
      long_[2 * v + 1] = _mm256_add_epi32(long_[2 * v + 1], high);
      short_[v] = _mm256_setzero_si256();
    }
    count_ = 0;
  }

  __m256i short_[2] = {_mm256_setzero_si256(), _mm256_setzero_si256()};
  __m256i long_[4] = {_mm256_setzero_si256(), _mm256_setzero_si256(), _mm256_setzero_si256(), _mm256_setzero_si256()};
  int count_ = 0;
};

}  // namespace
}  // namespace octet
