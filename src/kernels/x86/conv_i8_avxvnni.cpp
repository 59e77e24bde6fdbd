#include "kernels/x86/conv_i8.h"
#include "kernels/x86/vector_avxvnni.h"

namespace octet {

extern const ConvI8Row conv_i8_avxvnni = {"conv_i8_avxvnni",     Isa::avxvnni,  supports,
                                          packed_bytes<AvxVnni>, pack<AvxVnni>, scratch_bytes<AvxVnni>,
                                          tiles<AvxVnni>,        run<AvxVnni>};

}  // namespace octet
