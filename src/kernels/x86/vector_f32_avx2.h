// Eight floats in a 256-bit register, as the float kernels of this folder see them (vector_f32_avx512vnni.h has the
// same names). Everything is in an anonymous namespace: nothing that is compiled for this instruction set may leave its
// file.
#pragma once

#include <immintrin.h>
#include <stdint.h>

namespace octet {
namespace {

struct Vector {
  static constexpr int kLanes = 8;
  // Pixels of a register tile of 1, 2, 3 and 4 vectors of channels: accumulators, weights and one input in 16
  // registers.
  static constexpr int kTilePixels[] = {10, 6, 4, 2};
  static constexpr int kWideTile = 2;    // vectors of a tile for short sums and for few pixels
  static constexpr int kMostInTile = 2;  // vectors of other tiles

  using Value = __m256;
  using Lanes = int32_t;  // how many of a vector exist, from the first on

  struct AllLanes {};  // known to exist when compiled
  static Lanes first_lanes(int64_t count) { return (Lanes)(count < kLanes ? count : kLanes); }
  static Value broadcast(float x) { return _mm256_set1_ps(x); }
  static Value load(const float* p) { return _mm256_loadu_ps(p); }
  static Value load(const float* p, Lanes lanes) {
    return lanes == kLanes ? load(p) : _mm256_maskload_ps(p, mask(lanes));
  }
  // A load that is made once, where the compiler would rather repeat it in each use.
  template <class Existing>
  static Value load_once(const float* p, Existing lanes) {
    Value v = load(p, lanes);
    __asm__("" : "+x"(v));
    return v;
  }
  static void store(float* p, Value v) { _mm256_storeu_ps(p, v); }
  static void store(float* p, Value v, Lanes lanes) {  // masked stores are slow on many CPUs
    if (lanes == kLanes) {
      store(p, v);
    } else {
      _mm256_maskstore_ps(p, mask(lanes), v);
    }
  }
  static Value load(const float* p, AllLanes) { return load(p); }
  static void store(float* p, Value v, AllLanes) { store(p, v); }
  static Value multiply_add(Value a, Value b, Value c) { return _mm256_fmadd_ps(a, b, c); }
  static Value add(Value a, Value b) { return _mm256_add_ps(a, b); }
  static Value subtract(Value a, Value b) { return _mm256_sub_ps(a, b); }
  static Value multiply(Value a, Value b) { return _mm256_mul_ps(a, b); }
  static Value divide(Value a, Value b) { return _mm256_div_ps(a, b); }
  // Where one is a NaN, the second argument: so min(high, max(low, v)) lets a NaN v through.
  static Value max(Value a, Value b) { return _mm256_max_ps(a, b); }
  static Value min(Value a, Value b) { return _mm256_min_ps(a, b); }
  // Lane by lane: x < 0 ? a : b.
  static Value if_negative(Value x, Value a, Value b) {
    return _mm256_blendv_ps(b, a, _mm256_cmp_ps(x, _mm256_setzero_ps(), _CMP_LT_OQ));
  }

  // Sums of long runs are made in double.
  static constexpr int kDoubles = 4;
  using Doubles = __m256d;
  static Doubles broadcast_double(double x) { return _mm256_set1_pd(x); }
  static Doubles load_doubles(const float* p) { return _mm256_cvtps_pd(_mm_loadu_ps(p)); }
  static void store_doubles(float* p, Doubles v) { _mm_storeu_ps(p, _mm256_cvtpd_ps(v)); }
  static Doubles add(Doubles a, Doubles b) { return _mm256_add_pd(a, b); }
  static Doubles divide(Doubles a, Doubles b) { return _mm256_div_pd(a, b); }

 private:
  static __m256i mask(Lanes lanes) {
    return _mm256_cmpgt_epi32(_mm256_set1_epi32(lanes), _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7));
  }
};

}  // namespace
}  // namespace octet
