#include "kernels/x86/vector_f32_avx2.h"
// A vector comes first.
#include "kernels/x86/conv_f32.h"
#include "kernels/x86/conv_transpose.h"

namespace octet {

extern const ConvF32Row conv_f32_avx2 = {"conv_f32_avx2", Isa::avx2, supports, packed_bytes, pack,
                                         scratch_bytes,   tiles,     run};

using TransposedF32 = Transposed<ConvF32>;
extern const ConvF32Row conv_transpose_f32_avx2 = {"conv_transpose_f32_avx2", Isa::avx2,
                                                   TransposedF32::supports,   TransposedF32::packed_bytes,
                                                   TransposedF32::pack,       TransposedF32::scratch_bytes,
                                                   TransposedF32::tiles,      TransposedF32::run};

}  // namespace octet
