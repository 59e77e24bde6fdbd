#include "kernels/x86/vector_f32_avx512vnni.h"
// A vector comes first.
#include "kernels/x86/pool_f32.h"

namespace octet {

extern const PoolF32Row max_pool_f32_avx512vnni = {"max_pool_f32_avx512vnni", Isa::avx512vnni, supports, pool<Maximum>};
extern const PoolF32Row average_pool_f32_avx512vnni = {"average_pool_f32_avx512vnni", Isa::avx512vnni, supports,
                                                       pool<Average>};

}  // namespace octet
