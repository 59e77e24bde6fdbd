#include "kernels/x86/vector_f32_avx2.h"
// A vector comes first.
#include "kernels/x86/reduce_f32.h"

namespace octet {

extern const ReduceF32Row reduce_f32_avx2 = {"reduce_f32_avx2", Isa::avx2, reduce};

}  // namespace octet
