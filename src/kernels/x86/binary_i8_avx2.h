// Functions of two int8 runs: the walk that add and mul share. Internal linkage, as in the files that include it.
#pragma once

#include "kernels/elementwise.h"
#include "kernels/x86/round_avx2.h"

namespace octet {
namespace {

// `Function` has vector(a, b) of 8 centred values and scalar(a, b) of one. Runs with a step other than 0 and 1 do not
// occur in layers that matter, and are taken one by one.
template <class Function>
void run_binary(const Function& function, const BinaryI8Args& args) {
  const Rounding rounding = rounding_of(args.range);
  const __m256i a_zero = _mm256_set1_epi32(args.a_zero_point), b_zero = _mm256_set1_epi32(args.b_zero_point);
  int64_t i = 0;
  if ((args.a_step == 0 || args.a_step == 1) && (args.b_step == 0 || args.b_step == 1) && args.count >= 32) {
    const __m256i a_fixed = _mm256_set1_epi32(args.a[0] - args.a_zero_point);
    const __m256i b_fixed = _mm256_set1_epi32(args.b[0] - args.b_zero_point);
    for (; i + 32 <= args.count; i += 32) {
      __m256 y[4];
      for (int v = 0; v < 4; ++v) {
        const __m256i a = args.a_step ? centred(args.a + i + 8 * v, a_zero) : a_fixed;
        const __m256i b = args.b_step ? centred(args.b + i + 8 * v, b_zero) : b_fixed;
        y[v] = function.vector(a, b);
      }
      _mm256_storeu_si256((__m256i*)(args.output + i), round_bytes(rounding, y));
    }
  }
  for (; i < args.count; ++i) {
    const int32_t a = args.a[i * args.a_step] - args.a_zero_point;
    const int32_t b = args.b[i * args.b_step] - args.b_zero_point;
    args.output[i] = round_byte(rounding, function.scalar(a, b));
  }
}

}  // namespace
}  // namespace octet
