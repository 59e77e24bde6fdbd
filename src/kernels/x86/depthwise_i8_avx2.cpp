#include "kernels/x86/depthwise_i8.h"
#include "kernels/x86/vector_avx2.h"

namespace octet {

extern const ConvI8Row depthwise_i8_avx2 = {"depthwise_i8_avx2",
                                            Isa::avx2,
                                            depthwise_supports,
                                            depthwise_packed_bytes<Avx2Depthwise>,
                                            depthwise_pack<Avx2Depthwise>,
                                            depthwise_scratch_bytes<Avx2Depthwise>,
                                            depthwise_tiles<Avx2Depthwise>,
                                            depthwise_run<Avx2Depthwise>};

}  // namespace octet
