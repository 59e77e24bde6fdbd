// Softmax, reference.
#include <math.h>

#include "kernels/reduce.h"

namespace octet {
namespace {

// As exp_of in x86/exp_avx2.h, to the last bit.
float exp_of(float x) {
  constexpr float kSeries[] = {1.0F, 1.0F, 1.0F / 2, 1.0F / 6, 1.0F / 24, 1.0F / 120, 1.0F / 720, 1.0F / 5040};
  if (x != x) return x;
  x = x < -105.0F ? -105.0F : x > 90.0F ? 90.0F : x;
  const float n = __builtin_rintf(x * 1.44269504F);
  float r = __builtin_fmaf(-n, 0.693359375F, x);
  r = __builtin_fmaf(-n, -2.12194440e-4F, r);
  float y = kSeries[7];
  for (int i = 6; i >= 0; --i) y = __builtin_fmaf(y, r, kSeries[i]);
  const auto power = [](int32_t exponent) {
    const int32_t bits = (exponent + 127) * (1 << 23);
    float result;
    __builtin_memcpy(&result, &bits, sizeof result);
    return result;
  };
  const auto whole = (int32_t)n;
  const int32_t half = whole >> 1;
  return y * power(half) * power(whole - half);
}

// Of e^(x - most), in the order that kernels/reduce.h gives.
double sum_of_powers(const SoftmaxArgs& args, const float* in, float most) {
  const auto power = [&](int64_t i) { return i < args.count ? exp_of(in[i * args.stride] - most) : 0.0F; };
  if (args.count == 2) return power(0) + power(1);
  double sum[4] = {};
  if (args.stride != 1 || args.count < kSoftmaxInLanes) {
    for (int64_t i = 0; i < args.count; ++i) sum[0] += (double)power(i);
    return sum[0];
  }
  for (int64_t i = 0; i < args.count; i += 8) {
    for (int64_t lane = 0; lane < 4; ++lane) sum[lane] += (double)power(i + lane) + (double)power(i + lane + 4);
  }
  return (sum[0] + sum[2]) + (sum[1] + sum[3]);
}

void softmax_f32(const SoftmaxArgs& args, int64_t begin, int64_t end) {
  for (int64_t v = begin; v < end; ++v) {
    const int64_t offset = offset_of(args.vectors, v);
    const float* in = (const float*)args.input + offset;
    float* out = (float*)args.output + offset;
    float most = in[0];
    for (int64_t i = 1; i < args.count; ++i) most = most < in[i * args.stride] ? in[i * args.stride] : most;
    const double sum = sum_of_powers(args, in, most);
    const float shift = args.log ? most + (float)log(sum) : 0;
    for (int64_t i = 0; i < args.count; ++i) {
      const float x = in[i * args.stride];
      out[i * args.stride] = args.log ? x - shift : exp_of(x - most) / (float)sum;
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
