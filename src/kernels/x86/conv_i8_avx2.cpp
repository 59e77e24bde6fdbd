#include "kernels/x86/conv_i8.h"
#include "kernels/x86/conv_transpose.h"
#include "kernels/x86/vector_avx2.h"

namespace octet {

extern const ConvI8Row conv_i8_avx2 = {"conv_i8_avx2", Isa::avx2,           supports<Avx2>, packed_bytes<Avx2>,
                                       pack<Avx2>,     scratch_bytes<Avx2>, tiles<Avx2>,    run<Avx2>};

using TransposedAvx2 = Transposed<ConvI8Of<Avx2>>;
extern const ConvI8Row conv_transpose_i8_avx2 = {"conv_transpose_i8_avx2", Isa::avx2,
                                                 TransposedAvx2::supports, TransposedAvx2::packed_bytes,
                                                 TransposedAvx2::pack,     TransposedAvx2::scratch_bytes,
                                                 TransposedAvx2::tiles,    TransposedAvx2::run};

}  // namespace octet
