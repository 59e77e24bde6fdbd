// exp of eight floats, for the functions made of it. Internal linkage, as in the files that include it.
#pragma once

#include <immintrin.h>

namespace octet {
namespace {

inline __m256 constant(float x) { return _mm256_set1_ps(x); }

// coefficients[0] + coefficients[1] x + ... of `count`.
template <int count>
[[gnu::always_inline]] inline __m256 polynomial(__m256 x, const float (&coefficients)[count]) {
  __m256 y = constant(coefficients[count - 1]);
  for (int i = count - 2; i >= 0; --i) y = _mm256_fmadd_ps(y, x, constant(coefficients[i]));
  return y;
}

// e^x as 2^n e^r with |r| <= ln 2 / 2, and e^r by its Taylor series, whose next term is below 1e-8. Beyond the range of
// float32 the result is infinite or 0; NaN stays NaN.
[[gnu::always_inline]] inline __m256 exp_of(__m256 x) {
  static constexpr float kSeries[] = {1.0F, 1.0F, 1.0F / 2, 1.0F / 6, 1.0F / 24, 1.0F / 120, 1.0F / 720, 1.0F / 5040};
  x = _mm256_min_ps(constant(90.0F), _mm256_max_ps(constant(-105.0F), x));
  const __m256 n =
      _mm256_round_ps(_mm256_mul_ps(x, constant(1.44269504F)), _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC);
  // ln 2 in two parts, the first of which has so few bits that its product with n is exact.
  __m256 r = _mm256_fnmadd_ps(n, constant(0.693359375F), x);
  r = _mm256_fnmadd_ps(n, constant(-2.12194440e-4F), r);
  // 2^n in two factors, as n may lie beyond the exponents of float32.
  const __m256i whole = _mm256_cvtps_epi32(n), half = _mm256_srai_epi32(whole, 1);
  const auto power = [](__m256i exponent) __attribute__((always_inline)) {
    return _mm256_castsi256_ps(_mm256_slli_epi32(_mm256_add_epi32(exponent, _mm256_set1_epi32(127)), 23));
  };
  const __m256 y = _mm256_mul_ps(polynomial(r, kSeries), power(half));
  return _mm256_mul_ps(y, power(_mm256_sub_epi32(whole, half)));
}

}  // namespace
}  // namespace octet
