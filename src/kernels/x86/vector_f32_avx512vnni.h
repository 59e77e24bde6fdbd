// Sixteen floats in a 512-bit register, as the float kernels of this folder see them (vector_f32_avx2.h has the same
// names). Everything is in an anonymous namespace: nothing that is compiled for this instruction set may leave its
// file.
#pragma once

#include <immintrin.h>
#include <stdint.h>

namespace octet {
namespace {

struct Vector {
  static constexpr int kLanes = 16;
  // Pixels of a register tile of 1, 2, 3 and 4 vectors of channels: accumulators, weights and one input in 32
  // registers.
  static constexpr int kTilePixels[] = {14, 14, 9, 6};
  static constexpr int kWideTile = 4;    // vectors of a tile for short sums and for few pixels
  static constexpr int kMostInTile = 3;  // vectors of other tiles

  using Value = __m512;
  using Lanes = __mmask16;  // the first ones of a vector, those that exist

  struct AllLanes {};  // known to exist when compiled
  static Lanes first_lanes(int64_t count) { return (Lanes)(count >= kLanes ? 0xFFFF : (1 << count) - 1); }
  static Value broadcast(float x) { return _mm512_set1_ps(x); }
  static Value load(const float* p) { return _mm512_loadu_ps(p); }
  static Value load(const float* p, Lanes lanes) { return _mm512_maskz_loadu_ps(lanes, p); }
  // A load that is made once, where the compiler would rather repeat it in each use.
  template <class Existing>
  static Value load_once(const float* p, Existing lanes) {
    Value v = load(p, lanes);
    __asm__("" : "+v"(v));
    return v;
  }
  static void store(float* p, Value v) { _mm512_storeu_ps(p, v); }
  static void store(float* p, Value v, Lanes lanes) { _mm512_mask_storeu_ps(p, lanes, v); }
  static Value load(const float* p, AllLanes) { return load(p); }
  static void store(float* p, Value v, AllLanes) { store(p, v); }
  static Value multiply_add(Value a, Value b, Value c) { return _mm512_fmadd_ps(a, b, c); }
  static Value add(Value a, Value b) { return _mm512_add_ps(a, b); }
  static Value subtract(Value a, Value b) { return _mm512_sub_ps(a, b); }
  static Value multiply(Value a, Value b) { return _mm512_mul_ps(a, b); }
  static Value divide(Value a, Value b) { return _mm512_div_ps(a, b); }
  // Where one is a NaN, the second argument: so min(high, max(low, v)) lets a NaN v through. (Here and
  // below: gcc 12 takes the forms without a mask for reads of something uninitialized.)
  static Value max(Value a, Value b) { return _mm512_maskz_max_ps(0xFFFF, a, b); }
  static Value min(Value a, Value b) { return _mm512_maskz_min_ps(0xFFFF, a, b); }
  // Lane by lane: x < 0 ? a : b.
  static Value if_negative(Value x, Value a, Value b) {
    return _mm512_mask_blend_ps(_mm512_cmp_ps_mask(x, _mm512_setzero_ps(), _CMP_LT_OQ), b, a);
  }

  // Sums of long runs are made in double.
  static constexpr int kDoubles = 8;
  using Doubles = __m512d;
  static Doubles broadcast_double(double x) { return _mm512_set1_pd(x); }
  static Doubles load_doubles(const float* p) { return _mm512_maskz_cvtps_pd(0xFF, _mm256_loadu_ps(p)); }
  static void store_doubles(float* p, Doubles v) { _mm256_storeu_ps(p, _mm512_maskz_cvtpd_ps(0xFF, v)); }
  static Doubles add(Doubles a, Doubles b) { return _mm512_add_pd(a, b); }
  static Doubles divide(Doubles a, Doubles b) { return _mm512_div_pd(a, b); }
};

}  // namespace
}  // namespace octet
