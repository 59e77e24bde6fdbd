#include "kernels/x86/binary_i8_avx512vnni.h"

namespace octet {
namespace {

struct Product {
  float factor;

  __m512 vector(__m512i a, __m512i b) const {
    return _mm512_mul_ps(_mm512_cvtepi32_ps(_mm512_mullo_epi32(a, b)), _mm512_set1_ps(factor));
  }
};

void run(const BinaryI8Args& args) { run_binary(Product{args.a_factor}, args); }

}  // namespace

extern const BinaryI8Row mul_i8_avx512vnni = {"mul_i8_avx512vnni", Isa::avx512vnni, run};

}  // namespace octet
