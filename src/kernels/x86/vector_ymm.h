// 256-bit registers: what the traits classes of the int8 convolutions share there, and the rounding of the other int8
// families. Internal linkage, as in the files that include it. All of it is AVX2.
#pragma once

#include <immintrin.h>

#include "kernels/conv.h"
#include "kernels/x86/unrolled.h"

namespace octet {
namespace {

// Copies fewer than 32 bytes.
inline void copy_few(void* to, const void* from, int count) {
  auto* out = (char*)to;
  const auto* in = (const char*)from;
  for (int piece = 16; piece > 0; piece /= 2) {
    if ((count & piece) == 0) continue;
    switch (piece) {
      case 16:
        __builtin_memcpy(out, in, 16);
        break;
      case 8:
        __builtin_memcpy(out, in, 8);
        break;
      case 4:
        __builtin_memcpy(out, in, 4);
        break;
      case 2:
        __builtin_memcpy(out, in, 2);
        break;
      default:
        *out = *in;
    }
    out += piece;
    in += piece;
  }
}

// whole: a vector. Otherwise its first `count` bytes, the others 0.
template <class Vector, bool whole>
[[gnu::always_inline]] inline Vector load_some(const void* from, int count) {
  Vector v;
  if (whole || count == (int)sizeof v) {
    __builtin_memcpy(&v, from, sizeof v);
  } else {
    alignas(32) char bytes[sizeof v] = {};
    copy_few(bytes, from, count);
    __builtin_memcpy(&v, bytes, sizeof v);
  }
  return v;
}

struct Ymm {
  using Int = __m256i;
  static constexpr int kLanes = 8;

  // Packing vectors of int32 to bytes interleaves them by 4 elements inside each 128-bit lane.
  static int channel(int vectors, int vector, int lane) {
    return vectors == 1 ? lane : lane / 4 * 4 * vectors + vector * 4 + lane % 4;
  }

  static __m256i load(const void* from) { return _mm256_loadu_si256((const __m256i*)from); }
  static void keep(void* to, __m256i v) { _mm256_storeu_si256((__m256i*)to, v); }
  static __m256i broadcast(const char* from) {
    int32_t group;
    __builtin_memcpy(&group, from, 4);
    return _mm256_set1_epi32(group);
  }

  // Everything that turns sums into bytes, the same for all pixels of a block.
  template <int vectors>
  struct Output {
    __m256 multiplier[vectors];
    __m256 low, high;
    __m256i zero_point, low_byte, high_byte;
    int32_t channels;
    bool relu;  // all of int8 with the zero point at its lower end
  };

  template <int vectors>
  [[gnu::always_inline]] static Output<vectors> output_of(const float* multiplier, const OutputRange& range,
                                                          int32_t channels) {
    Output<vectors> out;
    unrolled<vectors>([&](auto v) __attribute__((always_inline)) {
      out.multiplier[v] = _mm256_loadu_ps(multiplier + v * kLanes);
    });
    out.low = _mm256_set1_ps(range.low);
    out.high = _mm256_set1_ps(range.high);
    out.zero_point = _mm256_set1_epi16((short)range.zero_point);
    out.low_byte = _mm256_set1_epi8((char)((int32_t)range.low + range.zero_point));
    out.high_byte = _mm256_set1_epi8((char)((int32_t)range.high + range.zero_point));
    out.channels = channels;
    out.relu = range.zero_point == -128 && range.low == 0 && range.high == 255;
    return out;
  }

  // The contract clamps before it rounds. The bounds are integers, so that clamping bytes afterwards is the same
  // wherever the rounded value fits an int32; saturation on the way down to bytes does not disturb it.
  template <int vectors, bool clamp_float>
  [[gnu::always_inline]] static auto bytes(const Output<vectors>& out, const __m256i* sums) {
    __m256i rounded[vectors];
    unrolled<vectors>([&](auto v) __attribute__((always_inline)) {
      __m256 y = _mm256_mul_ps(_mm256_cvtepi32_ps(sums[v]), out.multiplier[v]);
      if constexpr (clamp_float) y = _mm256_min_ps(_mm256_max_ps(y, out.low), out.high);
      rounded[v] = _mm256_cvtps_epi32(y);
    });
    if constexpr (vectors == 4) {
      if (out.relu) {  // 0 and 255 are the bounds, and saturation keeps them
        const __m256i ab = _mm256_packs_epi32(rounded[0], rounded[1]);
        const __m256i cd = _mm256_packs_epi32(rounded[2], rounded[3]);
        return _mm256_xor_si256(_mm256_packus_epi16(ab, cd), out.low_byte);
      }
      const __m256i ab = _mm256_adds_epi16(_mm256_packs_epi32(rounded[0], rounded[1]), out.zero_point);
      const __m256i cd = _mm256_adds_epi16(_mm256_packs_epi32(rounded[2], rounded[3]), out.zero_point);
      return _mm256_min_epi8(_mm256_max_epi8(_mm256_packs_epi16(ab, cd), out.low_byte), out.high_byte);
    } else {  // the words of the upper lane move down behind those of the lower
      const __m256i ab = _mm256_adds_epi16(_mm256_packs_epi32(rounded[0], rounded[vectors - 1]), out.zero_point);
      const __m256i y = _mm256_min_epi8(_mm256_max_epi8(_mm256_packs_epi16(ab, ab), out.low_byte), out.high_byte);
      if constexpr (vectors == 2) return _mm256_castsi256_si128(_mm256_permute4x64_epi64(y, 0x08));
      return _mm_unpacklo_epi32(_mm256_castsi256_si128(y), _mm256_extracti128_si256(y, 1));
    }
  }

  template <int vectors, bool clamp_float>
  [[gnu::always_inline]] static void store(const Output<vectors>& out, const __m256i* sums, int8_t* to) {
    const auto y = bytes<vectors, clamp_float>(out, sums);
    if (out.channels == vectors * kLanes) {
      __builtin_memcpy(to, &y, vectors * kLanes);
    } else {
      copy_few(to, &y, out.channels);
    }
  }

  template <class Vector>
  static void store_bytes(int8_t* to, Vector v, int count) {
    if (count == (int)sizeof v) {
      __builtin_memcpy(to, &v, sizeof v);
    } else {
      copy_few(to, &v, count);
    }
  }
  static void copy_bytes(int8_t* to, const int8_t* from, int count) { copy_few(to, from, count); }
};

}  // namespace
}  // namespace octet
