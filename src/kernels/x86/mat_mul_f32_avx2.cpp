#include "kernels/x86/vector_f32_avx2.h"
// A vector comes first.
#include "kernels/x86/mat_mul_f32.h"

namespace octet {

extern const MatMulF32Row mat_mul_f32_avx2 = {"mat_mul_f32_avx2", Isa::avx2, mat_mul};

}  // namespace octet
