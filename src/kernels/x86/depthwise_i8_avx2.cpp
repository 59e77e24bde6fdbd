#include "kernels/x86/depthwise_i8.h"
#include "kernels/x86/vector_avx2.h"

namespace octet {

extern const ConvI8Row depthwise_i8_avx2 = {"depthwise_i8_avx2",   Isa::avx2,
                                            depthwise_supports,    depthwise_packed_bytes<Avx2>,
                                            depthwise_pack<Avx2>,  depthwise_scratch_bytes<Avx2>,
                                            depthwise_tiles<Avx2>, depthwise_run<Avx2>};

}  // namespace octet
