// What the int8 convolutions on x86 share: arithmetic of tiles and the head of packed weights. Internal linkage, as in
// the files that include it.
#pragma once

#include "kernels/conv.h"

namespace octet {
namespace {

constexpr int64_t kHeaderBytes = 64;
constexpr float kSmallMultiplier = 0.25f;  // with one below it, no result exceeds int32

// What packing learns of the constants, in front of the packed weights.
struct PackedHeader {
  int32_t clamp_float;  // a result may exceed int32 when it is rounded: clamp before
};

inline int64_t ceil_div(int64_t a, int64_t b) { return (a + b - 1) / b; }
inline int64_t least(int64_t a, int64_t b) { return a < b ? a : b; }
inline int64_t most(int64_t a, int64_t b) { return a > b ? a : b; }

inline int64_t span(int64_t count, int64_t stride, int64_t kernel, int64_t dilation) {
  return (count - 1) * stride + (kernel - 1) * dilation + 1;
}

// Bias plus what the conversion of the inputs owes to it, modulo 2^32 as the sums are.
inline int32_t corrected_bias(const int32_t* bias, int64_t channel, int32_t correction, int32_t weight_sum) {
  return (int32_t)((uint32_t)(bias ? bias[channel] : 0) + (uint32_t)correction * (uint32_t)weight_sum);
}

// Whether the copy of the input that 48 output pixels side by side need, `rows` high and `channels` wide, is of a size
// that a layer may have. Windows that reach further, as a damaged file may ask for, are left to the reference.
inline bool is_moderate(const ConvGeometry& g, int64_t rows, int64_t channels) {
  constexpr double kMostElements = 1 << 24;
  const int64_t columns = span(least(g.out_w, 48), g.stride_w, g.kernel_w, g.dilation_w);
  const int64_t all_columns = span(g.out_w, g.stride_w, g.kernel_w, g.dilation_w);
  return (double)rows * (double)columns * (double)channels <= kMostElements &&
         (double)rows * (double)all_columns * (double)channels <= kMostElements * kMostElements;
}

}  // namespace
}  // namespace octet
