#include "kernels/x86/conv_i8.h"
#include "kernels/x86/vector_avx512vnni.h"

namespace octet {

extern const ConvI8Row conv_i8_avx512vnni = {"conv_i8_avx512vnni",     Isa::avx512vnni,  supports,
                                             packed_bytes<Avx512Vnni>, pack<Avx512Vnni>, scratch_bytes<Avx512Vnni>,
                                             tiles<Avx512Vnni>,        run<Avx512Vnni>};

}  // namespace octet
