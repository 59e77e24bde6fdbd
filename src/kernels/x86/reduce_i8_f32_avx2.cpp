#include "kernels/x86/reduce_i8.h"
#include "kernels/x86/sum_i8_avx2.h"

namespace octet {
namespace {

// Results side by side in memory: 32 means at a time.
void means_32(const ReduceI8F32Args& args, const int8_t* input, float* output) {
  Sum32 sum;
  for_offsets(args.reduced, args.count, [&](int64_t offset) { sum.add(input + offset); });
  __m256 y[4];
  sum.finish(args.count, args.in_zero_point, args.factor, y);
  for (int v = 0; v < 4; ++v) _mm256_storeu_ps(output + 8 * v, y[v]);
}

void run(const ReduceI8F32Args& args, int64_t begin, int64_t end) {
  const int32_t last = args.kept.rank - 1;
  const bool side_by_side = last >= 0 && args.kept.strides[last] == 1;
  for (int64_t i = begin; i < end;) {
    const int8_t* input = args.input + offset_of(args.kept, i);
    const int64_t row = side_by_side ? args.kept.dims[last] - i % args.kept.dims[last] : 1;
    if (row >= 32 && end - i >= 32) {
      means_32(args, input, args.output + i);
      i += 32;
      continue;
    }
    int32_t sum = 0;
    for_offsets(args.reduced, args.count, [&](int64_t offset) { sum += input[offset] - args.in_zero_point; });
    args.output[i++] = (float)sum * args.factor;
  }
}

}  // namespace

extern const ReduceI8F32Row reduce_i8_f32_avx2 = {"reduce_i8_f32_avx2", Isa::avx2, run};

}  // namespace octet
