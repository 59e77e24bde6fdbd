// Softmax from int8 to float32 of two classes, as detectors have it for thousands of boxes. Other counts are the
// reference's.
#include "kernels/reduce.h"

namespace octet {

extern const SoftmaxRow softmax_i8_f32_ref;

namespace {

constexpr int64_t kWorthATable = 256;  // vectors

struct Pair {
  float first, second;
};

// The results depend on the difference of the two values alone: pairs[255 + first - second].
void make_pairs(const uint32_t* table, Pair* pairs) {
  for (int d = 0; d < 256; ++d) {
    const float sum = (float)((uint64_t)table[0] + table[d]);
    const float larger = (float)table[0] / sum, smaller = (float)table[d] / sum;
    pairs[255 + d] = {larger, smaller};
    pairs[255 - d] = {smaller, larger};
  }
}

void softmax_i8_f32(const SoftmaxArgs& args, int64_t begin, int64_t end) {
  const bool side_by_side = args.vectors.rank == 1 && args.vectors.strides[0] == 2 && args.stride == 1;
  if (args.count != 2 || !side_by_side || end - begin < kWorthATable) return softmax_i8_f32_ref.run(args, begin, end);
  Pair pairs[511];
  make_pairs(args.table, pairs);
  const auto* in = (const int8_t*)args.input;
  auto* out = (Pair*)args.output;
  for (int64_t v = begin; v < end; ++v) out[v] = pairs[255 + in[2 * v] - in[2 * v + 1]];
}

}  // namespace

extern const SoftmaxRow softmax_i8_f32_avx2 = {"softmax_i8_f32_avx2", Isa::avx2, softmax_i8_f32};

}  // namespace octet
