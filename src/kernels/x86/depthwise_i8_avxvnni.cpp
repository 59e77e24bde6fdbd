#include "kernels/x86/depthwise_i8.h"
#include "kernels/x86/vector_avxvnni.h"

namespace octet {

extern const ConvI8Row depthwise_i8_avxvnni = {"depthwise_i8_avxvnni",   Isa::avxvnni,
                                               depthwise_supports,       depthwise_packed_bytes<AvxVnni>,
                                               depthwise_pack<AvxVnni>,  depthwise_scratch_bytes<AvxVnni>,
                                               depthwise_tiles<AvxVnni>, depthwise_run<AvxVnni>};

}  // namespace octet
