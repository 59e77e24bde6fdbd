#include "kernels/elementwise.h"
#include "kernels/x86/round_avx2.h"

namespace octet {
namespace {

void run(const float* input, int64_t input_step, int8_t* output, int64_t output_step, int64_t count,
         float inverse_scale, OutputRange range) {
  const Rounding rounding = rounding_of(range);
  const __m256 scale = _mm256_set1_ps(inverse_scale);
  int64_t i = 0;
  for (; input_step == 1 && i + 32 <= count; i += 32) {
    __m256 y[4];
    for (int v = 0; v < 4; ++v) {
      const __m256 product = _mm256_mul_ps(_mm256_loadu_ps(input + i + 8 * v), scale);
      y[v] = _mm256_and_ps(product, _mm256_cmp_ps(product, product, _CMP_ORD_Q));  // NaN becomes 0
    }
    const __m256i bytes = round_bytes(rounding, y);
    if (output_step == 1) {
      _mm256_storeu_si256((__m256i*)(output + i), bytes);
    } else {
      alignas(32) int8_t values[32];
      _mm256_store_si256((__m256i*)values, bytes);
      int8_t* to = output + i * output_step;
      for (int k = 0; k < 32; ++k, to += output_step) *to = values[k];
    }
  }
  for (; i < count; ++i) {
    const float y = input[i * input_step] * inverse_scale;
    output[i * output_step] = round_byte(rounding, y == y ? y : 0.0f);
  }
}

}  // namespace

extern const QuantizeRow quantize_avx2 = {"quantize_avx2", Isa::avx2, run};

}  // namespace octet
