// Softmax, reference.
#include <math.h>

#include "kernels/reduce.h"

namespace octet {
namespace {

void softmax_f32(const SoftmaxArgs& args, int64_t begin, int64_t end) {
  for (int64_t v = begin; v < end; ++v) {
    const int64_t offset = offset_of(args.vectors, v);
    const float* in = (const float*)args.input + offset;
    float* out = (float*)args.output + offset;
    float most = in[0];
    for (int64_t i = 1; i < args.count; ++i) most = most < in[i * args.stride] ? in[i * args.stride] : most;
    double sum = 0;
    for (int64_t i = 0; i < args.count; ++i) {
      const float e = expf(in[i * args.stride] - most);
      sum += e;
      if (!args.log) out[i * args.stride] = e;
    }
    if (args.log) {
      const float shift = most + (float)log(sum);
      for (int64_t i = 0; i < args.count; ++i) out[i * args.stride] = in[i * args.stride] - shift;
    } else {
      const float total = (float)sum;
      for (int64_t i = 0; i < args.count; ++i) out[i * args.stride] /= total;
    }
  }
}

// Calls result(i, e, sum) for each element of each vector.
template <class Result>
void softmax_table(const SoftmaxArgs& args, int64_t begin, int64_t end, Result result) {
  for (int64_t v = begin; v < end; ++v) {
    const int64_t offset = offset_of(args.vectors, v);
    const int8_t* in = (const int8_t*)args.input + offset;
    int32_t most = -128;
    for (int64_t i = 0; i < args.count; ++i) most = most < in[i * args.stride] ? in[i * args.stride] : most;
    uint64_t sum = 0;
    for (int64_t i = 0; i < args.count; ++i) sum += args.table[most - in[i * args.stride]];
    for (int64_t i = 0; i < args.count; ++i) {
      result(offset + i * args.stride, (uint64_t)args.table[most - in[i * args.stride]], sum);
    }
  }
}

void softmax_i8(const SoftmaxArgs& args, int64_t begin, int64_t end) {
  softmax_table(args, begin, end, [&](int64_t index, uint64_t e, uint64_t sum) {
    const uint64_t q = (256 * e + sum / 2) / sum;
    ((int8_t*)args.output)[index] = (int8_t)((int32_t)(q < 255 ? q : 255) - 128);
  });
}

void softmax_i8_f32(const SoftmaxArgs& args, int64_t begin, int64_t end) {
  softmax_table(args, begin, end,
                [&](int64_t index, uint64_t e, uint64_t sum) { ((float*)args.output)[index] = (float)e / (float)sum; });
}

}  // namespace

extern const SoftmaxRow softmax_f32_ref = {"softmax_f32_ref", Isa::ref, softmax_f32};
extern const SoftmaxRow softmax_i8_ref = {"softmax_i8_ref", Isa::ref, softmax_i8};
extern const SoftmaxRow softmax_i8_f32_ref = {"softmax_i8_f32_ref", Isa::ref, softmax_i8_f32};

}  // namespace octet
