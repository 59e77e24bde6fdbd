// Family: pooling over windows of H and W, channels-last.
#pragma once

#include <stdint.h>

#include "kernels/requantize.h"
#include "kernels/rows.h"

namespace octet {

struct PoolGeometry {
  int32_t batch;
  int32_t in_h, in_w, channels;
  int32_t out_h, out_w;
  int32_t kernel_h, kernel_w;
  int32_t stride_h, stride_w;
  int32_t dilation_h, dilation_w;
  int32_t pad_top, pad_left, pad_bottom, pad_right;
  int32_t count_include_pad;                  // average: padding inside the padded image counts
  int64_t in_pixel_stride, out_pixel_stride;  // elements
};

// Maximum of the values inside the image; average: their sum divided by the window's count.
struct PoolF32Args {
  PoolGeometry geometry;
  const float* input;
  float* output;
};

// Maximum of bytes; average: requantize(sum of (q - in_zero_point), fl(in_scale / fl(out_scale * count))).
struct PoolI8Args {
  PoolGeometry geometry;
  const int8_t* input;
  int8_t* output;
  int32_t in_zero_point;
  float in_scale, out_scale;
  OutputRange range;
};

// A tile is one row of the output: batch * out_h of them.
template <class Args>
struct PoolRow {
  const char* name;
  Isa isa;
  bool (*supports)(const PoolGeometry& geometry);
  void (*run)(const Args& args, int64_t tile_begin, int64_t tile_end);
};
using PoolF32Row = PoolRow<PoolF32Args>;
using PoolI8Row = PoolRow<PoolI8Args>;

}  // namespace octet
