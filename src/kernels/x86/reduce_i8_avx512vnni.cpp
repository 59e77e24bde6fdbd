#include "kernels/x86/reduce_i8.h"
#include "kernels/x86/sum_i8_avx512vnni.h"

namespace octet {
namespace {

// `values` results side by side in memory, from 1 to 64 * blocks of them.
template <int blocks>
void means(const ReduceI8Args& args, const int8_t* input, int64_t values, int8_t* output) {
  Sum64 sums[blocks] = {Sum64(64), Sum64(values - 64 * (blocks - 1))};
  for_offsets(args.reduced, args.count, [&](int64_t offset) {
    for (int b = 0; b < blocks; ++b) sums[b].add(input + offset + 64 * b);
  });
  for (int b = 0; b < blocks; ++b) {
    sums[b].store(args.count, args.in_zero_point, args.factor, args.range, output + 64 * b);
  }
}
template <>
void means<1>(const ReduceI8Args& args, const int8_t* input, int64_t values, int8_t* output) {
  Sum64 sum(values);
  for_offsets(args.reduced, args.count, [&](int64_t offset) { sum.add(input + offset); });
  sum.store(args.count, args.in_zero_point, args.factor, args.range, output);
}

void run(const ReduceI8Args& args, int64_t begin, int64_t end) {
  const int32_t last = args.kept.rank - 1;
  const bool side_by_side = last >= 0 && args.kept.strides[last] == 1;
  for (int64_t i = begin; i < end;) {
    const int8_t* input = args.input + offset_of(args.kept, i);
    const int64_t row = side_by_side ? args.kept.dims[last] - i % args.kept.dims[last] : 1;
    int64_t values = row < end - i ? row : end - i;
    if (values > 64) {
      values = values < 128 ? values : 128;
      means<2>(args, input, values, args.output + i);
    } else {
      means<1>(args, input, values, args.output + i);
    }
    i += values;
  }
}

}  // namespace

extern const ReduceI8Row reduce_i8_avx512vnni = {"reduce_i8_avx512vnni", Isa::avx512vnni, run};

}  // namespace octet
