// Rounding of the integer contract, 32 floats at a time and one at a time. Internal linkage, as in the files that
// include it.
#pragma once

#include <immintrin.h>

#include "kernels/requantize.h"

namespace octet {
namespace {

struct Rounding {
  __m256 low, high;
  __m256i zero_point;
  OutputRange range;
};

inline Rounding rounding_of(const OutputRange& range) {
  return {_mm256_set1_ps(range.low), _mm256_set1_ps(range.high), _mm256_set1_epi16((short)range.zero_point), range};
}

inline __m256i rounded(const Rounding& r, __m256 y) {
  return _mm256_cvtps_epi32(_mm256_min_ps(_mm256_max_ps(y, r.low), r.high));
}

// The bytes of y[0], y[1], y[2], y[3] in this order.
inline __m256i round_bytes(const Rounding& r, const __m256* y) {
  const __m256i ab = _mm256_adds_epi16(_mm256_packs_epi32(rounded(r, y[0]), rounded(r, y[1])), r.zero_point);
  const __m256i cd = _mm256_adds_epi16(_mm256_packs_epi32(rounded(r, y[2]), rounded(r, y[3])), r.zero_point);
  // Packing goes on inside each 128-bit lane: groups of 4 elements come out as a0 b0 c0 d0 a1 b1 c1 d1.
  return _mm256_permutevar8x32_epi32(_mm256_packs_epi16(ab, cd), _mm256_setr_epi32(0, 4, 1, 5, 2, 6, 3, 7));
}

inline int8_t round_byte(const Rounding& r, float y) {
  y = y < r.range.low ? r.range.low : y;
  y = y > r.range.high ? r.range.high : y;
  return (int8_t)(_mm_cvtss_si32(_mm_set_ss(y)) + r.range.zero_point);
}

// 8 bytes, minus a zero point, as int32.
inline __m256i centred(const int8_t* from, __m256i zero_point) {
  return _mm256_sub_epi32(_mm256_cvtepi8_epi32(_mm_loadl_epi64((const __m128i*)from)), zero_point);
}

}  // namespace
}  // namespace octet
