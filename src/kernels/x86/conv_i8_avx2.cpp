#include "kernels/x86/conv_i8.h"
#include "kernels/x86/vector_avx2.h"

namespace octet {

extern const ConvI8Row conv_i8_avx2 = {"conv_i8_avx2", Isa::avx2,           supports,    packed_bytes<Avx2>,
                                       pack<Avx2>,     scratch_bytes<Avx2>, tiles<Avx2>, run<Avx2>};

}  // namespace octet
