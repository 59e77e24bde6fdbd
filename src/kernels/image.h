// Pictures on their way into a network: rows of 8-bit pixels resized along the row and split into planes, and two such
// rows blended and normalised. float32 without fused operations: every row of the family gives the same bytes.
#pragma once

#include <stdint.h>

#include "cpu/cpu.h"

namespace octet {

// For each i < count and plane c: a + (b - a) * weight[i], where a is the byte from[c] of the pixel at row + first[i]
// and b that of the pixel after it. Where weight[i] is 0 the value is a, and there need be no pixel after it.
struct ResizeRowArgs {
  const uint8_t* row;
  int64_t row_bytes;
  const int32_t* first;  // bytes, not decreasing
  const float* weight;   // [0, 1)
  int64_t count;
  int32_t pixel_bytes;  // 1, 3 or 4
  int32_t planes;       // 1 to 4
  int8_t from[4];       // of a plane: the byte of the pixel, or -1: the plane is left alone
  float* output;        // plane c at c * count
};

// output[i] = ((top[i] + (bottom[i] - top[i]) * weight) - mean) * normal
struct BlendRowsArgs {
  const float* top;
  const float* bottom;
  float weight;
  float mean;
  float normal;
  int64_t count;
  float* output;
};

struct ImageRow {
  const char* name;
  Isa isa;
  void (*resize)(const ResizeRowArgs& args);
  void (*blend)(const BlendRowsArgs& args);
};

}  // namespace octet
