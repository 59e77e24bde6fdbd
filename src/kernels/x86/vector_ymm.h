// 256-bit registers: what the traits classes of the int8 convolutions share there, and the rounding of the other int8
// families. Internal linkage, as in the files that include it. All of it is AVX2.
#pragma once

#include <immintrin.h>

#include "kernels/conv.h"
#include "kernels/x86/unrolled.h"

namespace octet {
namespace {

// Copies `piece` to 2 * `piece` bytes: two pieces, which may overlap.
template <int piece>
[[gnu::always_inline]] inline void copy_two(char* to, const char* from, int count) {
  char first[piece], last[piece];
  __builtin_memcpy(first, from, piece);
  __builtin_memcpy(last, from + count - piece, piece);
  __builtin_memcpy(to, first, piece);
  __builtin_memcpy(to + count - piece, last, piece);
}

// Copies at most 32 bytes. Not inlined: it would be a large part of many kernels.
[[gnu::noinline]] inline void copy_few(void* to, const void* from, int count) {
  auto* out = (char*)to;
  const auto* in = (const char*)from;
  if (count >= 16) return copy_two<16>(out, in, count);
  if (count >= 8) return copy_two<8>(out, in, count);
  if (count >= 4) return copy_two<4>(out, in, count);
  for (int i = 0; i < count; ++i) out[i] = in[i];
}

// The first `count` bytes, at most 8, the others 0. Through memory it would take longer: a load that needs several
// stores waits for them.
[[gnu::always_inline]] inline uint64_t load_word(const char* from, int count) {
  uint64_t word = 0;
  if (count >= 8) {
    __builtin_memcpy(&word, from, 8);
  } else if (count >= 4) {
    uint32_t first, last;
    __builtin_memcpy(&first, from, 4);
    __builtin_memcpy(&last, from + count - 4, 4);
    word = first | (uint64_t)last << (count - 4) * 8;
  } else {
    for (int i = 0; i < count; ++i) word |= (uint64_t)(uint8_t)from[i] << i * 8;
  }
  return word;
}

// whole: a vector. Otherwise its first `count` bytes, the others 0.
template <class Vector, bool whole>
[[gnu::always_inline]] inline Vector load_some(const void* from, int count) {
  const auto* bytes = (const char*)from;
  Vector v;
  if (whole || count == (int)sizeof v) {
    __builtin_memcpy(&v, from, sizeof v);
  } else if constexpr (sizeof v == 32) {
    const __m128i low = load_some<__m128i, false>(bytes, count < 16 ? count : 16);
    const __m128i high = count > 16 ? load_some<__m128i, false>(bytes + 16, count - 16) : _mm_setzero_si128();
    v = _mm256_inserti128_si256(_mm256_castsi128_si256(low), high, 1);
  } else {
    const uint64_t low = load_word(bytes, count), high = count > 8 ? load_word(bytes + 8, count - 8) : 0;
    v = _mm_set_epi64x((long long)high, (long long)low);
  }
  return v;
}

// The same where fewer bytes than a vector are seldom read: not inlined then.
template <class Vector>
[[gnu::noinline]] Vector load_few(const void* from, int count) {
  return load_some<Vector, false>(from, count);
}
template <class Vector, bool whole>
[[gnu::always_inline]] inline Vector load_rarely(const void* from, int count) {
  if constexpr (whole) return load_some<Vector, true>(from, count);
  return load_few<Vector>(from, count);
}

struct Ymm {
  using Int = __m256i;
  static constexpr int kLanes = 8;

  // Packing vectors of int32 to bytes interleaves them by 4 elements inside each 128-bit lane.
  static int channel(int vectors, int vector, int lane) {
    return vectors == 1 ? lane : lane / 4 * 4 * vectors + vector * 4 + lane % 4;
  }

  static __m256i load(const void* from) { return _mm256_loadu_si256((const __m256i*)from); }
  static __m256i add_memory(__m256i a, const __m256i& b) {
    __asm__("vpaddd %1, %0, %0" : "+x"(a) : "m"(b));
    return a;
  }
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
