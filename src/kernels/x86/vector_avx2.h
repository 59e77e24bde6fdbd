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
};

// The same for depthwise convolutions: so few channels at a time that the weights of a window stay in 16 registers. A
// group of a channel holds 2 taps as int16, with the zero point left in: the bias takes it out.
struct Avx2Depthwise : Ymm {
  using Weight = int16_t;
  static constexpr int kBlock = 8;
  static constexpr int kVectors = 1;
  static constexpr int kTaps = 2;
  static constexpr int kOutputs = 8;  // vectors of pixels whose sums stay in registers
  static int32_t depthwise_correction(int32_t zero_point) { return -zero_point; }
  static __m256i dot(__m256i sum, __m256i x, __m256i w) { return Avx2::dot(sum, x, w); }

  template <bool whole>
  [[gnu::always_inline]] static __m128i load_channels(const int8_t* from, int count) {
    return _mm_cvtsi64_si128((long long)load_word((const char*)from, whole ? kBlock : count));
  }
  [[gnu::always_inline]] static __m256i pairs(__m128i a, __m128i b) {
    return _mm256_cvtepi8_epi16(_mm_unpacklo_epi8(a, b));
  }
  template <bool whole>
  [[gnu::always_inline]] static void interleave(const int8_t* const* rows, int count, int32_t, __m256i* groups) {
    groups[0] = pairs(load_channels<whole>(rows[0], count), load_channels<whole>(rows[1], count));
  }
  // The second value of a pair that is alone meets a weight of 0: its sign, here.
  template <bool whole>
  [[gnu::always_inline]] static void interleave_three(const int8_t* const* rows, int count, __m256i* groups) {
    interleave<whole>(rows, count, 0, groups);
    groups[1] = _mm256_cvtepi8_epi32(load_channels<whole>(rows[2], count));
  }
  static __m256i padding_groups(int32_t zero_point) { return _mm256_set1_epi16((short)zero_point); }
};

}  // namespace
}  // namespace octet
