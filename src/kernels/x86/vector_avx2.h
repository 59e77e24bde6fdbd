// AVX2: the traits class of the int8 convolutions. Panel elements are x - zero point as int16, weights int16: sums of
// pairs of products, exact, where products of bytes would saturate. Internal linkage, as in the files that include it.
#pragma once

#include "kernels/x86/vector_ymm.h"

namespace octet {
namespace {

struct Avx2 : Ymm {
  using Element = int16_t;
  using Weight = int16_t;
  static constexpr int kDepth = 2;
  static constexpr bool kWideWeights = true;
  static constexpr int kMaxVectors = 2;
  static constexpr int pixels(int vectors) { return vectors == 2 ? 5 : 10; }
  static int32_t correction(int32_t) { return 0; }

  static void fill(int16_t* to, int64_t count, int32_t) {
    if (count > 0) __builtin_memset(to, 0, (size_t)count * sizeof *to);
  }

  static void convert(int16_t* to, const int8_t* from, int64_t count, int32_t zero_point) {
    const __m256i zero = _mm256_set1_epi16((short)zero_point);
    int64_t i = 0;
    for (; i + 16 <= count; i += 16) {
      const __m128i x = _mm_loadu_si128((const __m128i*)(from + i));
      keep(to + i, _mm256_sub_epi16(_mm256_cvtepi8_epi16(x), zero));
    }
    for (; i < count; ++i) to[i] = (int16_t)(from[i] - zero_point);
  }

  static __m256i dot(__m256i sum, __m256i x, __m256i w) { return _mm256_add_epi32(sum, _mm256_madd_epi16(x, w)); }

  // With operands in memory: a compiler would rather load them early, and keep elsewhere what no register has room for.
  static __m256i product(__m256i x, const __m256i& w) {
    __asm__("vpmaddwd %1, %0, %0" : "+x"(x) : "m"(w));
    return x;
  }
  static __m256i next_dot(__m256i sum, __m256i x, const __m256i& w) { return _mm256_add_epi32(sum, product(x, w)); }
  static __m256i first_dot(const __m256i& sum, __m256i x, const __m256i& w) { return add_memory(product(x, w), sum); }

  // Depthwise: a block of channels is 16 wide; a group of a channel holds 2 taps.
  static constexpr int kBlock = 16;
  static constexpr int kVectors = 2;
  static constexpr int kTaps = 2;
  static constexpr int kOutputs = 4;  // vectors of pixels whose sums stay in registers

  // The zero point is left in, and taken from the bias.
  static int32_t depthwise_correction(int32_t zero_point) { return -zero_point; }

  template <bool whole>
  [[gnu::always_inline]] static __m256i load_words(const int8_t* from, int count) {
    return _mm256_cvtepi8_epi16(load_some<__m128i, whole>(from, count));
  }
  template <bool whole>
  [[gnu::always_inline]] static void interleave(const int8_t* const* rows, int count, int32_t, __m256i* groups) {
    const __m256i a = load_words<whole>(rows[0], count), b = load_words<whole>(rows[1], count);
    groups[0] = _mm256_unpacklo_epi16(a, b);
    groups[1] = _mm256_unpackhi_epi16(a, b);
  }
  static constexpr bool kMaskedLoads = false;
  template <int sets, bool whole>
  [[gnu::always_inline]] static __m256i load_sets(const int8_t* const* from, int count) {
    return _mm256_cvtepi8_epi16(load_rarely<__m128i, whole>(from[0], count));
  }
  // A column is rows 0 and 1 in pairs, then row 2 in pairs of the column before it and this one.
  using ColumnBefore = __m256i;
  static __m256i padding_row(int32_t zero_point) { return _mm256_set1_epi16((short)zero_point); }
  [[gnu::always_inline]] static void interleave_three(const __m256i* row, ColumnBefore& before, __m256i* groups) {
    groups[0] = _mm256_unpacklo_epi16(row[0], row[1]);
    groups[1] = _mm256_unpackhi_epi16(row[0], row[1]);
    groups[2] = _mm256_unpacklo_epi16(before, row[2]);
    groups[3] = _mm256_unpackhi_epi16(before, row[2]);
    before = row[2];
  }
  // The low words of a and of b in pairs.
  static __m256i pairs_of(__m256i a, __m256i b) { return _mm256_blend_epi16(a, _mm256_slli_epi32(b, 16), 0xAA); }
  static __m256i padding_groups(int32_t zero_point) { return _mm256_set1_epi16((short)zero_point); }
};

}  // namespace
}  // namespace octet
