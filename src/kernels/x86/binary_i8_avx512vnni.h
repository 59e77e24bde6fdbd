// Functions of two int8 runs on 512-bit registers: the walk that add and mul share. Internal linkage.
#pragma once

#include <immintrin.h>

#include "kernels/elementwise.h"

namespace octet {
namespace {

// 16 values, minus a zero point, as int32.
inline __m512i centred(const int8_t* from, __mmask16 mask, __m512i zero_point) {
  return _mm512_sub_epi32(_mm512_cvtepi8_epi32(_mm_maskz_loadu_epi8(mask, from)), zero_point);
}

// `Function` has vector(a, b) of 16 centred values. Runs with a step other than 0 and 1 do not occur in layers that
// matter, and are gathered.
template <class Function>
void run_binary(const Function& function, const BinaryI8Args& args) {
  const __m512i a_zero = _mm512_set1_epi32(args.a_zero_point), b_zero = _mm512_set1_epi32(args.b_zero_point);
  const __m512 low = _mm512_set1_ps(args.range.low), high = _mm512_set1_ps(args.range.high);
  const __m512i zero = _mm512_set1_epi32(args.range.zero_point);
  const auto read = [](const int8_t* from, int64_t step, int64_t i, int count, __mmask16 mask, __m512i zero_point) {
    if (step == 1) return centred(from + i, mask, zero_point);
    alignas(16) int8_t values[16] = {};
    for (int k = 0; k < count; ++k) values[k] = from[(i + k) * step];
    return centred(values, 0xffff, zero_point);
  };
  const auto result = [&](__m512i a, __m512i b) {
    const __m512 y = _mm512_min_ps(_mm512_max_ps(function.vector(a, b), low), high);
    return _mm512_cvtepi32_epi8(_mm512_add_epi32(_mm512_cvtps_epi32(y), zero));
  };
  int64_t i = 0;
  if ((args.a_step == 0 || args.a_step == 1) && (args.b_step == 0 || args.b_step == 1) && args.count >= 64) {
    const __m512i a_fixed = _mm512_set1_epi32(args.a[0] - args.a_zero_point);
    const __m512i b_fixed = _mm512_set1_epi32(args.b[0] - args.b_zero_point);
    for (; i + 64 <= args.count; i += 64) {
      for (int v = 0; v < 64; v += 16) {
        const __m512i a = args.a_step != 0 ? centred(args.a + i + v, 0xffff, a_zero) : a_fixed;
        const __m512i b = args.b_step != 0 ? centred(args.b + i + v, 0xffff, b_zero) : b_fixed;
        _mm_storeu_si128((__m128i*)(args.output + i + v), result(a, b));
      }
    }
  }
  for (; i < args.count; i += 16) {
    const int count = (int)(args.count - i < 16 ? args.count - i : 16);
    const auto mask = (__mmask16)(0xffff >> (16 - count));
    const __m128i y =
        result(read(args.a, args.a_step, i, count, mask, a_zero), read(args.b, args.b_step, i, count, mask, b_zero));
    _mm_mask_storeu_epi8(args.output + i, mask, y);
  }
}

}  // namespace
}  // namespace octet
