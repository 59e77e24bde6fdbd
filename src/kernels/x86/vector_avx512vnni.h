// AVX512-VNNI on 512-bit registers: the traits class of the int8 convolutions. Panel elements are x + 128 as uint8,
// weights int8. Internal linkage, as in the files that include it.
#pragma once

#include <immintrin.h>

#include "kernels/conv.h"
#include "kernels/x86/unrolled.h"

namespace octet {
namespace {

struct Avx512Vnni {
  using Element = uint8_t;
  using Weight = int8_t;
  using Int = __m512i;
  static constexpr int kLanes = 16;
  static constexpr int kDepth = 4;
  static constexpr bool kWideWeights = false;
  static constexpr int kMaxVectors = 4;
  static constexpr int pixels(int vectors) { return vectors == 4 ? 6 : 12; }
  static int32_t correction(int32_t zero_point) { return -(zero_point + 128); }
  static int32_t depthwise_correction(int32_t zero_point) { return correction(zero_point); }

  // Packing 4 vectors of int32 to bytes interleaves them by 4 elements inside each 128-bit lane; 2 vectors likewise.
  static int channel(int vectors, int vector, int lane) {
    return vectors == 1 ? lane : lane / 4 * 4 * vectors + vector * 4 + lane % 4;
  }

  static void fill(uint8_t* to, int64_t count, int32_t zero_point) {
    if (count > 0) __builtin_memset(to, zero_point + 128, (size_t)count);
  }

  static void convert(uint8_t* to, const int8_t* from, int64_t count, int32_t) {
    const __m512i flip = _mm512_set1_epi8(-128);
    int64_t i = 0;
    for (; i + 64 <= count; i += 64) _mm512_storeu_si512(to + i, _mm512_xor_si512(_mm512_loadu_si512(from + i), flip));
    if (i == count) return;
    const __mmask64 rest = ~(uint64_t)0 >> (64 - (count - i));
    _mm512_mask_storeu_epi8(to + i, rest, _mm512_xor_si512(_mm512_maskz_loadu_epi8(rest, from + i), flip));
  }

  static __m512i load(const void* from) { return _mm512_loadu_si512(from); }
  static __m512i broadcast(const char* from) {
    int32_t group;
    __builtin_memcpy(&group, from, 4);
    return _mm512_set1_epi32(group);
  }
  static __m512i dot(__m512i sum, __m512i x, __m512i w) { return _mm512_dpbusd_epi32(sum, x, w); }
  // sum + the products of two pairs of int16. In place: a compiler would gather what it needs for many of them first.
  static __m512i correct(__m512i sum, const int32_t& window_sum, __m512i correction) {
    __asm__("vpdpwssd %2%{1to16%}, %1, %0" : "+v"(sum) : "v"(correction), "m"(window_sum));
    return sum;
  }
  static __m512i first_dot(__m512i sum, __m512i x, __m512i w) { return dot(sum, x, w); }
  static __m512i next_dot(__m512i sum, __m512i x, __m512i w) { return dot(sum, x, w); }

  static __m512i all_bytes(int8_t value) { return _mm512_set1_epi8(value); }
  // The sums of the lanes of four vectors.
  [[gnu::always_inline]] static __m128i sums_of_four(const __m512i* v) {
    __m256i half[4];
    unrolled<4>([&](auto i) __attribute__((always_inline)) {
      half[i] = _mm256_add_epi32(low_half(v[i]), _mm512_extracti64x4_epi64(v[i], 1));
    });
    const __m256i ab = _mm256_hadd_epi32(half[0], half[1]), cd = _mm256_hadd_epi32(half[2], half[3]);
    const __m256i sums = _mm256_hadd_epi32(ab, cd);
    return _mm_add_epi32(_mm256_castsi256_si128(sums), _mm256_extracti128_si256(sums, 1));
  }

  // Everything that turns sums into bytes, the same for all pixels of a block.
  template <int vectors>
  struct Output {
    __m512 multiplier[vectors];
    __m512 low, high;
    __m512i zero_point, low_byte, high_byte;
    __mmask64 channels;
    bool all_channels;
    bool relu;  // all of int8 with the zero point at its lower end
  };

  template <int vectors>
  [[gnu::always_inline]] static Output<vectors> output_of(const float* multiplier, const OutputRange& range,
                                                          int32_t channels) {
    Output<vectors> out;
    unrolled<vectors>([&](auto v) __attribute__((always_inline)) {
      out.multiplier[v] = _mm512_loadu_ps(multiplier + v * kLanes);
    });
    out.low = _mm512_set1_ps(range.low);
    out.high = _mm512_set1_ps(range.high);
    out.zero_point = _mm512_set1_epi16((short)range.zero_point);
    out.low_byte = _mm512_set1_epi8((char)((int32_t)range.low + range.zero_point));
    out.high_byte = _mm512_set1_epi8((char)((int32_t)range.high + range.zero_point));
    out.channels = ~(uint64_t)0 >> (64 - channels);
    out.relu = range.zero_point == -128 && range.low == 0 && range.high == 255;
    out.all_channels = channels == vectors * kLanes;
    return out;
  }

  // The contract clamps before it rounds. The bounds are integers, so that clamping bytes afterwards is the same
  // wherever the rounded value fits an int32; saturation on the way down to bytes does not disturb it.
  template <int vectors, bool clamp_float>
  [[gnu::always_inline]] static auto bytes(const Output<vectors>& out, const __m512i* sums) {
    __m512i rounded[vectors];
    unrolled<vectors>([&](auto v) __attribute__((always_inline)) {
      __m512 y = _mm512_mul_ps(_mm512_cvtepi32_ps(sums[v]), out.multiplier[v]);
      if constexpr (clamp_float) y = _mm512_min_ps(_mm512_max_ps(y, out.low), out.high);
      rounded[v] = _mm512_cvtps_epi32(y);
    });
    if constexpr (vectors == 4) {
      if (out.relu) {  // 0 and 255 are the bounds, and saturation keeps them
        const __m512i ab = _mm512_packs_epi32(rounded[0], rounded[1]);
        const __m512i cd = _mm512_packs_epi32(rounded[2], rounded[3]);
        return _mm512_xor_si512(_mm512_packus_epi16(ab, cd), out.low_byte);
      }
      const __m512i ab = _mm512_adds_epi16(_mm512_packs_epi32(rounded[0], rounded[1]), out.zero_point);
      const __m512i cd = _mm512_adds_epi16(_mm512_packs_epi32(rounded[2], rounded[3]), out.zero_point);
      return _mm512_min_epi8(_mm512_max_epi8(_mm512_packs_epi16(ab, cd), out.low_byte), out.high_byte);
    } else if constexpr (vectors == 2) {
      const __m512i ab = _mm512_adds_epi16(_mm512_packs_epi32(rounded[0], rounded[1]), out.zero_point);
      return _mm256_min_epi8(_mm256_max_epi8(_mm512_cvtsepi16_epi8(ab), low_half(out.low_byte)),
                             low_half(out.high_byte));
    } else {
      const __m256i words = _mm256_adds_epi16(_mm512_cvtsepi32_epi16(rounded[0]), low_half(out.zero_point));
      return _mm_min_epi8(_mm_max_epi8(_mm256_cvtsepi16_epi8(words), _mm512_castsi512_si128(out.low_byte)),
                          _mm512_castsi512_si128(out.high_byte));
    }
  }

  template <int vectors, bool clamp_float>
  [[gnu::always_inline]] static void store(const Output<vectors>& out, const __m512i* sums, int8_t* to) {
    const auto y = bytes<vectors, clamp_float>(out, sums);
    if (out.all_channels) {
      __builtin_memcpy(to, &y, sizeof y);
    } else if constexpr (vectors == 4) {
      _mm512_mask_storeu_epi8(to, out.channels, y);
    } else if constexpr (vectors == 2) {
      _mm256_mask_storeu_epi8(to, (__mmask32)out.channels, y);
    } else {
      _mm_mask_storeu_epi8(to, (__mmask16)out.channels, y);
    }
  }

  // Depthwise: a block of channels is 64 wide; a group of a channel holds 4 taps.
  static constexpr bool kMaskedLoads = true;
  static constexpr int kBlock = 64;
  static constexpr int kVectors = 4;
  static constexpr int kTaps = 4;
  static constexpr int kOutputs = 4;  // vectors of pixels whose sums stay in registers

  // Groups of one column: byte b of channel c is row b's channel c. `count` channels are read.
  template <bool whole>
  [[gnu::always_inline]] static void interleave(const int8_t* const* rows, int count, int32_t, __m512i* groups) {
    const __mmask64 mask = whole ? ~(uint64_t)0 : ~(uint64_t)0 >> (64 - count);
    __m512i row[4];
    unrolled<4>([&](auto r) __attribute__((always_inline)) { row[r] = _mm512_maskz_loadu_epi8(mask, rows[r]); });
    interleave_taps(row, groups);
  }

  // The same of the rows themselves.
  [[gnu::always_inline]] static void interleave_taps(__m512i* row, __m512i* groups) {
    const __m512i flip = _mm512_set1_epi8(-128);
    unrolled<4>([&](auto r) __attribute__((always_inline)) { row[r] = _mm512_xor_si512(row[r], flip); });
    const __m512i low01 = _mm512_unpacklo_epi8(row[0], row[1]), high01 = _mm512_unpackhi_epi8(row[0], row[1]);
    const __m512i low23 = _mm512_unpacklo_epi8(row[2], row[3]), high23 = _mm512_unpackhi_epi8(row[2], row[3]);
    groups[0] = _mm512_unpacklo_epi16(low01, low23);
    groups[1] = _mm512_unpackhi_epi16(low01, low23);
    groups[2] = _mm512_unpacklo_epi16(high01, high23);
    groups[3] = _mm512_unpackhi_epi16(high01, high23);
  }

  struct ColumnBefore {};  // not needed: a group has room for three rows
  static __m512i padding_row(int32_t zero_point) { return _mm512_set1_epi8((char)zero_point); }
  // The same of three rows; the fourth tap of each group is 0.
  [[gnu::always_inline]] static void interleave_three(__m512i* row, ColumnBefore, __m512i* groups) {
    const __m512i flip = _mm512_set1_epi8(-128), zero = _mm512_setzero_si512();
    unrolled<3>([&](auto r) __attribute__((always_inline)) { row[r] = _mm512_xor_si512(row[r], flip); });
    const __m512i low01 = _mm512_unpacklo_epi8(row[0], row[1]), high01 = _mm512_unpackhi_epi8(row[0], row[1]);
    const __m512i low2 = _mm512_unpacklo_epi8(row[2], zero), high2 = _mm512_unpackhi_epi8(row[2], zero);
    groups[0] = _mm512_unpacklo_epi16(low01, low2);
    groups[1] = _mm512_unpackhi_epi16(low01, low2);
    groups[2] = _mm512_unpacklo_epi16(high01, high2);
    groups[3] = _mm512_unpackhi_epi16(high01, high2);
  }
  // The first channels at `sets` places behind each other: whole, or `count` of the 64 / sets that there is room for.
  template <int sets, bool whole>
  [[gnu::always_inline]] static __m512i load_sets(const int8_t* const* from, int count) {
    if constexpr (sets == 4) {
      const __mmask16 mask = (__mmask16)(0xffff >> (16 - count));
      const __m256i low = _mm256_inserti128_si256(_mm256_castsi128_si256(_mm_maskz_loadu_epi8(mask, from[0])),
                                                  _mm_maskz_loadu_epi8(mask, from[1]), 1);
      const __m256i high = _mm256_inserti128_si256(_mm256_castsi128_si256(_mm_maskz_loadu_epi8(mask, from[2])),
                                                   _mm_maskz_loadu_epi8(mask, from[3]), 1);
      return _mm512_inserti64x4(_mm512_castsi256_si512(low), high, 1);
    } else if constexpr (sets == 2) {
      const __mmask32 mask = ~(uint32_t)0 >> (32 - count);
      return _mm512_inserti64x4(_mm512_castsi256_si512(_mm256_maskz_loadu_epi8(mask, from[0])),
                                _mm256_maskz_loadu_epi8(mask, from[1]), 1);
    } else if constexpr (whole) {
      return _mm512_loadu_si512(from[0]);
    } else {
      return _mm512_maskz_loadu_epi8(~(uint64_t)0 >> (64 - count), from[0]);
    }
  }
  template <int sets, int set>
  [[gnu::always_inline]] static void store_set(int8_t* to, __m512i y, int count) {
    if constexpr (sets == 4) {
      _mm_mask_storeu_epi8(to, (__mmask16)(0xffff >> (16 - count)), _mm512_extracti32x4_epi32(y, set));
    } else {
      _mm256_mask_storeu_epi8(to, ~(uint32_t)0 >> (32 - count), _mm512_extracti64x4_epi64(y, set));
    }
  }
  static __m512i padding_groups(int32_t zero_point) { return _mm512_set1_epi8((char)(zero_point + 128)); }
  static void store_bytes(int8_t* to, __m512i v, int count) {
    if (count == 64) return _mm512_storeu_si512(to, v);
    _mm512_mask_storeu_epi8(to, ~(uint64_t)0 >> (64 - count), v);
  }
  static void copy_bytes(int8_t* to, const int8_t* from, int count) {
    const __mmask64 mask = ~(uint64_t)0 >> (64 - count);
    _mm512_mask_storeu_epi8(to, mask, _mm512_maskz_loadu_epi8(mask, from));
  }
  static void keep(void* to, __m512i v) { _mm512_storeu_si512(to, v); }

 private:
  static __m256i low_half(__m512i v) { return _mm512_castsi512_si256(v); }
};

}  // namespace
}  // namespace octet
