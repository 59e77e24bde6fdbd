#include "kernels/x86/conv_i8.h"
#include "kernels/x86/vector_avx512vnni256.h"

namespace octet {

extern const ConvI8Row conv_i8_avx512vnni256 = {
    "conv_i8_avx512vnni256",     Isa::avx512vnni256,  supports,
    packed_bytes<Avx512Vnni256>, pack<Avx512Vnni256>, scratch_bytes<Avx512Vnni256>,
    tiles<Avx512Vnni256>,        run<Avx512Vnni256>};

}  // namespace octet
