#include "kernels/elementwise.h"
#include "kernels/x86/round_avx2.h"

namespace octet {
namespace {

void run(const int8_t* input, int64_t input_step, float* output, int64_t output_step, int64_t count, float scale,
         int32_t zero_point) {
  const __m256i zero = _mm256_set1_epi32(zero_point);
  const __m256 factor = _mm256_set1_ps(scale);
  int64_t i = 0;
  for (; input_step == 1 && output_step == 1 && i + 8 <= count; i += 8) {
    _mm256_storeu_ps(output + i, _mm256_mul_ps(factor, _mm256_cvtepi32_ps(centred(input + i, zero))));
  }
  for (; i < count; ++i) output[i * output_step] = scale * (float)(input[i * input_step] - zero_point);
}

}  // namespace

extern const DequantizeRow dequantize_avx2 = {"dequantize_avx2", Isa::avx2, run};

}  // namespace octet
