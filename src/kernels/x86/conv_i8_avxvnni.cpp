#include "kernels/x86/conv_i8.h"
#include "kernels/x86/conv_transpose.h"
#include "kernels/x86/vector_avxvnni.h"

namespace octet {

extern const ConvI8Row conv_i8_avxvnni = {"conv_i8_avxvnni",     Isa::avxvnni,  supports<AvxVnni>,
                                          packed_bytes<AvxVnni>, pack<AvxVnni>, scratch_bytes<AvxVnni>,
                                          tiles<AvxVnni>,        run<AvxVnni>};

using TransposedAvxVnni = Transposed<ConvI8Of<AvxVnni>>;
extern const ConvI8Row conv_transpose_i8_avxvnni = {"conv_transpose_i8_avxvnni", Isa::avxvnni,
                                                    TransposedAvxVnni::supports, TransposedAvxVnni::packed_bytes,
                                                    TransposedAvxVnni::pack,     TransposedAvxVnni::scratch_bytes,
                                                    TransposedAvxVnni::tiles,    TransposedAvxVnni::run};

}  // namespace octet
