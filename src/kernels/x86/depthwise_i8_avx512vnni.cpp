#include "kernels/x86/depthwise_i8.h"
#include "kernels/x86/vector_avx512vnni.h"

namespace octet {

extern const ConvI8Row depthwise_i8_avx512vnni = {"depthwise_i8_avx512vnni",   Isa::avx512vnni,
                                                  depthwise_supports,          depthwise_packed_bytes<Avx512Vnni>,
                                                  depthwise_pack<Avx512Vnni>,  depthwise_scratch_bytes<Avx512Vnni>,
                                                  depthwise_tiles<Avx512Vnni>, depthwise_run<Avx512Vnni>};

}  // namespace octet
