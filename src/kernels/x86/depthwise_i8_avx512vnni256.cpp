#include "kernels/x86/depthwise_i8.h"
#include "kernels/x86/vector_avx512vnni256.h"

namespace octet {

extern const ConvI8Row depthwise_i8_avx512vnni256 = {"depthwise_i8_avx512vnni256",
                                                     Isa::avx512vnni256,
                                                     depthwise_supports,
                                                     depthwise_packed_bytes<Avx512Vnni256>,
                                                     depthwise_pack<Avx512Vnni256>,
                                                     depthwise_scratch_bytes<Avx512Vnni256>,
                                                     depthwise_tiles<Avx512Vnni256>,
                                                     depthwise_run<Avx512Vnni256>};

}  // namespace octet
