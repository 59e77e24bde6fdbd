#include "kernels/x86/vector_f32_avx512vnni.h"
// A vector comes first.
#include "kernels/x86/conv_f32.h"

namespace octet {

extern const ConvF32Row conv_f32_avx512vnni = {"conv_f32_avx512vnni", Isa::avx512vnni, supports, packed_bytes, pack,
                                               scratch_bytes,         tiles,           run};

}  // namespace octet
