#include "kernels/x86/conv_i8.h"
#include "kernels/x86/conv_transpose.h"
#include "kernels/x86/vector_avx512vnni.h"

namespace octet {

extern const ConvI8Row conv_i8_avx512vnni = {"conv_i8_avx512vnni",     Isa::avx512vnni,  supports<Avx512Vnni>,
                                             packed_bytes<Avx512Vnni>, pack<Avx512Vnni>, scratch_bytes<Avx512Vnni>,
                                             tiles<Avx512Vnni>,        run<Avx512Vnni>};

using TransposedAvx512Vnni = Transposed<ConvI8Of<Avx512Vnni>>;
extern const ConvI8Row conv_transpose_i8_avx512vnni = {
    "conv_transpose_i8_avx512vnni", Isa::avx512vnni,
    TransposedAvx512Vnni::supports, TransposedAvx512Vnni::packed_bytes,
    TransposedAvx512Vnni::pack,     TransposedAvx512Vnni::scratch_bytes,
    TransposedAvx512Vnni::tiles,    TransposedAvx512Vnni::run};

}  // namespace octet
