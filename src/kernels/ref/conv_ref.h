// What the reference convolutions of both element types share. The types differ in the accumulator, in what a value
// contributes and in how an accumulator becomes a result; these are the members of a traits class.
#pragma once

#include "kernels/conv.h"

namespace octet::ref {

inline constexpr int32_t kBlock = 64;  // output channels that are summed side by side

struct F32 {
  using Args = ConvF32Args;
  using Constants = ConvF32Constants;
  using Value = float;
  using Packed = float;
  using Sum = float;
  static Sum value(const Args&, float x) { return x; }
  static float result(const Args& args, float sum, int32_t) {
    sum = sum < args.low ? args.low : sum;
    return sum > args.high ? args.high : sum;
  }
};

struct I8 {
  using Args = ConvI8Args;
  using Constants = ConvI8Constants;
  using Value = int8_t;
  using Packed = int16_t;  // int16 x int16 products are what baseline vectors have
  using Sum = int32_t;
  static int16_t value(const Args& args, int8_t q) { return (int16_t)(q - args.in_zero_point); }
  static int8_t result(const Args& args, int32_t sum, int32_t channel) {
    return requantize(sum, args.multiplier[channel], args.range);
  }
};

// A weight as it is packed: of int8, less the weight zero point of its output channel.
inline float centred(const ConvF32Constants&, float weight, int64_t) { return weight; }
inline int16_t centred(const ConvI8Constants& constants, int8_t weight, int64_t channel) {
  return (int16_t)(constants.weight_zero_point ? weight - constants.weight_zero_point[channel] : weight);
}

inline bool supports_all(const ConvGeometry&) { return true; }
inline size_t no_bytes(const ConvGeometry&) { return 0; }
inline int64_t output_rows(const ConvGeometry& g) { return (int64_t)g.batch * g.out_h; }

// Weight of (group, ky, kx, input channel i) for all output channels of the group.
template <class T>
size_t packed_bytes(const ConvGeometry& g) {
  return (size_t)g.out_c * (g.in_c / g.groups) * g.kernel_h * g.kernel_w * sizeof(typename T::Packed);
}
inline int64_t packed_index(const ConvGeometry& g, int64_t group, int64_t ky, int64_t kx, int64_t i) {
  return (((group * g.kernel_h + ky) * g.kernel_w + kx) * (g.in_c / g.groups) + i) * (g.out_c / g.groups);
}

// One output position (ky, kx summed): sums[o] += value(input) * weight, for a block of output channels.
template <class T>
void accumulate(const typename T::Args& args, const typename T::Value* pixel, const typename T::Packed* weights,
                int32_t in_channels, int32_t row_stride, int32_t block, typename T::Sum* sums) {
  for (int32_t i = 0; i < in_channels; ++i) {
    const auto x = T::value(args, pixel[i]);
    const typename T::Packed* w = weights + (int64_t)i * row_stride;
    for (int32_t o = 0; o < block; ++o) sums[o] += (typename T::Sum)x * (typename T::Sum)w[o];
  }
}

}  // namespace octet::ref
