#include "kernels/x86/vector_f32_avx512vnni.h"
// A vector comes first.
#include "kernels/x86/reduce_f32.h"

namespace octet {

extern const ReduceF32Row reduce_f32_avx512vnni = {"reduce_f32_avx512vnni", Isa::avx512vnni, reduce};

}  // namespace octet
