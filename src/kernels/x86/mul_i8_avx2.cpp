#include "kernels/x86/binary_i8_avx2.h"

namespace octet {
namespace {

struct Product {
  float factor;

  __m256 vector(__m256i a, __m256i b) const {
    return _mm256_mul_ps(_mm256_cvtepi32_ps(_mm256_mullo_epi32(a, b)), _mm256_set1_ps(factor));
  }
  float scalar(int32_t a, int32_t b) const { return (float)(a * b) * factor; }
};

void run(const BinaryI8Args& args) { run_binary(Product{args.a_factor}, args); }

}  // namespace

extern const BinaryI8Row mul_i8_avx2 = {"mul_i8_avx2", Isa::avx2, run};

}  // namespace octet
