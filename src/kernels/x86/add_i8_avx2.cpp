#include "kernels/x86/binary_i8_avx2.h"

namespace octet {
namespace {

struct Sum {
  float a_factor, b_factor;

  __m256 vector(__m256i a, __m256i b) const {
    return _mm256_add_ps(_mm256_mul_ps(_mm256_cvtepi32_ps(a), _mm256_set1_ps(a_factor)),
                         _mm256_mul_ps(_mm256_cvtepi32_ps(b), _mm256_set1_ps(b_factor)));
  }
  float scalar(int32_t a, int32_t b) const { return (float)a * a_factor + (float)b * b_factor; }
};

void run(const BinaryI8Args& args) { run_binary(Sum{args.a_factor, args.b_factor}, args); }

}  // namespace

extern const BinaryI8Row add_i8_avx2 = {"add_i8_avx2", Isa::avx2, run};

}  // namespace octet
