#include "kernels/x86/vector_f32_avx2.h"
// A vector comes first.
#include "kernels/x86/elementwise_f32.h"

namespace octet {

extern const UnaryF32Row unary_f32_avx2 = {"unary_f32_avx2", Isa::avx2, supports, unary};
extern const BinaryF32Row binary_f32_avx2 = {"binary_f32_avx2", Isa::avx2, binary};
extern const BinaryF32Row prelu_f32_avx2 = {"prelu_f32_avx2", Isa::avx2, prelu};

}  // namespace octet
