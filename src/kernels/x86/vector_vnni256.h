// VNNI on 256-bit registers, VEX-encoded (16 registers) or EVEX-encoded (32 registers): the traits class of the int8
// convolutions, but for the multiply, which the including file derives. Panel elements are x + 128 as uint8, weights
// int8. Internal linkage, as in the files that include it.
#pragma once

#include "kernels/x86/vector_ymm.h"

namespace octet {
namespace {

struct Vnni256 : Ymm {
  using Element = uint8_t;
  using Weight = int8_t;
  static constexpr int kDepth = 4;
  static constexpr bool kWideWeights = false;
  static int32_t correction(int32_t zero_point) { return -(zero_point + 128); }
  static int32_t depthwise_correction(int32_t zero_point) { return correction(zero_point); }

  static void fill(uint8_t* to, int64_t count, int32_t zero_point) {
    if (count > 0) __builtin_memset(to, zero_point + 128, (size_t)count);
  }

  static void convert(uint8_t* to, const int8_t* from, int64_t count, int32_t) {
    const __m256i flip = _mm256_set1_epi8(-128);
    int64_t i = 0;
    for (; i + 32 <= count; i += 32) keep(to + i, _mm256_xor_si256(load(from + i), flip));
    for (; i < count; ++i) to[i] = (uint8_t)(from[i] + 128);
  }

  static __m256i all_bytes(int8_t value) { return _mm256_set1_epi8(value); }
  // The sums of the lanes of four vectors.
  [[gnu::always_inline]] static __m128i sums_of_four(const __m256i* v) {
    const __m256i ab = _mm256_hadd_epi32(v[0], v[1]), cd = _mm256_hadd_epi32(v[2], v[3]);
    const __m256i sums = _mm256_hadd_epi32(ab, cd);
    return _mm_add_epi32(_mm256_castsi256_si128(sums), _mm256_extracti128_si256(sums, 1));
  }

  // Depthwise: a block of channels is 32 wide; a group of a channel holds 4 taps.
  static constexpr int kBlock = 32;
  static constexpr int kVectors = 4;
  static constexpr int kTaps = 4;
  static constexpr int kOutputs = 2;  // vectors of pixels whose sums stay in registers

  template <bool whole>
  [[gnu::always_inline]] static void interleave(const int8_t* const* rows, int count, int32_t, __m256i* groups) {
    __m256i row[4];
    unrolled<4>([&](auto r) __attribute__((always_inline)) { row[r] = load_some<__m256i, whole>(rows[r], count); });
    interleave_taps(row, groups);
  }
  [[gnu::always_inline]] static void interleave_taps(__m256i* row, __m256i* groups) {
    const __m256i flip = _mm256_set1_epi8(-128);
    unrolled<4>([&](auto r) __attribute__((always_inline)) { row[r] = _mm256_xor_si256(row[r], flip); });
    const __m256i low01 = _mm256_unpacklo_epi8(row[0], row[1]), high01 = _mm256_unpackhi_epi8(row[0], row[1]);
    const __m256i low23 = _mm256_unpacklo_epi8(row[2], row[3]), high23 = _mm256_unpackhi_epi8(row[2], row[3]);
    groups[0] = _mm256_unpacklo_epi16(low01, low23);
    groups[1] = _mm256_unpackhi_epi16(low01, low23);
    groups[2] = _mm256_unpacklo_epi16(high01, high23);
    groups[3] = _mm256_unpackhi_epi16(high01, high23);
  }

  struct ColumnBefore {};  // not needed: a group has room for three rows
  static __m256i padding_row(int32_t zero_point) { return _mm256_set1_epi8((char)zero_point); }
  // The same of three rows; the fourth tap of each group is 0.
  [[gnu::always_inline]] static void interleave_three(__m256i* row, ColumnBefore, __m256i* groups) {
    const __m256i flip = _mm256_set1_epi8(-128), zero = _mm256_setzero_si256();
    unrolled<3>([&](auto r) __attribute__((always_inline)) { row[r] = _mm256_xor_si256(row[r], flip); });
    const __m256i low01 = _mm256_unpacklo_epi8(row[0], row[1]), high01 = _mm256_unpackhi_epi8(row[0], row[1]);
    const __m256i low2 = _mm256_unpacklo_epi8(row[2], zero), high2 = _mm256_unpackhi_epi8(row[2], zero);
    groups[0] = _mm256_unpacklo_epi16(low01, low2);
    groups[1] = _mm256_unpackhi_epi16(low01, low2);
    groups[2] = _mm256_unpacklo_epi16(high01, high2);
    groups[3] = _mm256_unpackhi_epi16(high01, high2);
  }
  static __m256i padding_groups(int32_t zero_point) { return _mm256_set1_epi8((char)(zero_point + 128)); }
};

}  // namespace
}  // namespace octet
