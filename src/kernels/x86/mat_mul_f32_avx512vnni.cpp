#include "kernels/x86/vector_f32_avx512vnni.h"
// A vector comes first.
#include "kernels/x86/mat_mul_f32.h"

namespace octet {

extern const MatMulF32Row mat_mul_f32_avx512vnni = {"mat_mul_f32_avx512vnni", Isa::avx512vnni, mat_mul};

}  // namespace octet
