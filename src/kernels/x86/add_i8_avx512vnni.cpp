#include "kernels/x86/binary_i8_avx512vnni.h"

namespace octet {
namespace {

struct Sum {
  float a_factor, b_factor;

  __m512 vector(__m512i a, __m512i b) const {
    return _mm512_add_ps(_mm512_mul_ps(_mm512_cvtepi32_ps(a), _mm512_set1_ps(a_factor)),
                         _mm512_mul_ps(_mm512_cvtepi32_ps(b), _mm512_set1_ps(b_factor)));
  }
};

void run(const BinaryI8Args& args) { run_binary(Sum{args.a_factor, args.b_factor}, args); }

}  // namespace

extern const BinaryI8Row add_i8_avx512vnni = {"add_i8_avx512vnni", Isa::avx512vnni, run};

}  // namespace octet
