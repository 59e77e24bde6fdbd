#include "kernels/x86/vector_f32_avx2.h"
// A vector comes first.
#include "kernels/x86/depthwise_f32.h"

namespace octet {

extern const ConvF32Row depthwise_f32_avx2 = {"depthwise_f32_avx2", Isa::avx2, supports, packed_bytes, pack,
                                              scratch_bytes,        tiles,     run};

}  // namespace octet
