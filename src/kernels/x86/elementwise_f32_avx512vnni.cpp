#include "kernels/x86/vector_f32_avx512vnni.h"
// A vector comes first.
#include "kernels/x86/elementwise_f32.h"

namespace octet {

extern const UnaryF32Row unary_f32_avx512vnni = {"unary_f32_avx512vnni", Isa::avx512vnni, supports, unary};
extern const BinaryF32Row binary_f32_avx512vnni = {"binary_f32_avx512vnni", Isa::avx512vnni, binary};
extern const BinaryF32Row prelu_f32_avx512vnni = {"prelu_f32_avx512vnni", Isa::avx512vnni, prelu};

}  // namespace octet
