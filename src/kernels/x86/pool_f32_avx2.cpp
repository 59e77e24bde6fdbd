#include "kernels/x86/vector_f32_avx2.h"
// A vector comes first.
#include "kernels/x86/pool_f32.h"

namespace octet {

extern const PoolF32Row max_pool_f32_avx2 = {"max_pool_f32_avx2", Isa::avx2, supports, pool<Maximum>};
extern const PoolF32Row average_pool_f32_avx2 = {"average_pool_f32_avx2", Isa::avx2, supports, pool<Average>};

}  // namespace octet
