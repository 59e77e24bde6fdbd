#include "kernels/x86/conv_i8.h"
#include "kernels/x86/conv_transpose.h"
#include "kernels/x86/vector_avx512vnni256.h"

namespace octet {

extern const ConvI8Row conv_i8_avx512vnni256 = {
    "conv_i8_avx512vnni256", Isa::avx512vnni256,           supports<Avx512Vnni256>, packed_bytes<Avx512Vnni256>,
    pack<Avx512Vnni256>,     scratch_bytes<Avx512Vnni256>, tiles<Avx512Vnni256>,    run<Avx512Vnni256>};

using TransposedAvx512Vnni256 = Transposed<ConvI8Of<Avx512Vnni256>>;
extern const ConvI8Row conv_transpose_i8_avx512vnni256 = {
    "conv_transpose_i8_avx512vnni256", Isa::avx512vnni256,
    TransposedAvx512Vnni256::supports, TransposedAvx512Vnni256::packed_bytes,
    TransposedAvx512Vnni256::pack,     TransposedAvx512Vnni256::scratch_bytes,
    TransposedAvx512Vnni256::tiles,    TransposedAvx512Vnni256::run};

}  // namespace octet
