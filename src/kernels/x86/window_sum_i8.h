// Weight zero points by the sums of windows, for convolutions whose packed weights are int8. Internal linkage.
//
// The sum of (x - zero point) * (w - weight zero point) is that of (x - zero point) * w, which the product makes, less
// the weight zero point times the sum of x - zero point over the window of the output pixel. The latter is the same for
// all output channels of a group: it is made once for each pixel of a tile and cut into a pair of int16, so that one
// multiply of pairs corrects a vector of channels.
#pragma once

#include <immintrin.h>

#include "kernels/x86/packed_i8.h"
#include "kernels/x86/unrolled.h"

namespace octet {
namespace {

// Sum = 128 * high + low, high an int16: products that one window may have.
constexpr int32_t kMostSummed = ((1 << 22) - 1) / 255;

inline uint32_t int16_pair(int32_t low, int32_t high) { return ((uint32_t)low & 0xffff) | (uint32_t)high << 16; }

// What meets the pair of a sum: minus the weight zero point, of at most 255, times 1 and 128.
inline int32_t correction_pair(int32_t weight_zero_point) {
  return (int32_t)int16_pair(-weight_zero_point, -weight_zero_point * 128);
}

inline bool any_correction(const int32_t* pairs, int count) {
  int32_t any = 0;
  for (int i = 0; i < count; ++i) any |= pairs[i];
  return any != 0;
}

// They are made four at a time.
inline int64_t room_for_sums(int64_t count) { return (count + 3) / 4 * 4; }

// Windows of output pixels side by side, in a panel of x + 128 as uint8 (conv_i8.h).
struct WindowSums {
  int64_t pixel_step, segment_y_step, segment_x_step;  // bytes
  int32_t segments_y, segments_x;
  int64_t segment_bytes;
  int32_t padding;  // what stands for 0
};

// The pairs of four windows. Not all: of the first `count`, and others are not read.
template <class V, bool all>
[[gnu::always_inline]] inline void sum_four(const WindowSums& w, const char* panel, int64_t count,
                                            const typename V::Int& rest_ones, int32_t* pairs) {
  using Int = typename V::Int;
  constexpr int64_t kBytes = sizeof(Int);
  Int sums[4] = {};
  const Int ones = V::all_bytes(1);
  const char* pixel[4];
  unrolled<4>([&](auto i) __attribute__((always_inline)) {
    pixel[i] = panel + (all ? (int64_t)i : least(i, count - 1)) * w.pixel_step;
  });
  for (int32_t sy = 0; sy < w.segments_y; ++sy) {
    for (int32_t sx = 0; sx < w.segments_x; ++sx) {
      const int64_t segment = sy * w.segment_y_step + sx * w.segment_x_step;
      int64_t at = segment;
      for (const int64_t end = segment + w.segment_bytes - kBytes; at <= end; at += kBytes) {
        unrolled<4>([&](auto i)
                        __attribute__((always_inline)) { sums[i] = V::dot(sums[i], V::load(pixel[i] + at), ones); });
      }
      if (at == segment + w.segment_bytes) continue;
      unrolled<4>([&](auto i)
                      __attribute__((always_inline)) { sums[i] = V::dot(sums[i], V::load(pixel[i] + at), rest_ones); });
    }
  }
  const int64_t depth = w.segment_bytes * w.segments_x * w.segments_y;
  const __m128i centred = _mm_sub_epi32(V::sums_of_four(sums), _mm_set1_epi32((int32_t)depth * w.padding));
  const __m128i of_four =
      _mm_or_si128(_mm_and_si128(centred, _mm_set1_epi32(127)), _mm_slli_epi32(_mm_srai_epi32(centred, 7), 16));
  _mm_storeu_si128((__m128i*)pairs, of_four);
}

// Writes room_for_sums(count) pairs.
template <class V>
void sum_windows(const WindowSums& w, const char* panel, int64_t count, int32_t* pairs) {
  // Behind the last whole vector of a segment: ones for its bytes, zeros for what is read beyond them.
  constexpr int64_t kBytes = sizeof(typename V::Int);
  alignas(64) int8_t rest[kBytes] = {};
  for (int64_t i = 0; i < w.segment_bytes % kBytes; ++i) rest[i] = 1;
  const auto rest_ones = V::load(rest);
  for (; count >= 4; count -= 4, panel += 4 * w.pixel_step, pairs += 4) {
    sum_four<V, true>(w, panel, 4, rest_ones, pairs);
  }
  if (count > 0) sum_four<V, false>(w, panel, count, rest_ones, pairs);
}

}  // namespace
}  // namespace octet
