// Rounding of the integer contract: from an int32 accumulator or a float32 value to int8.
// The clamp comes before the rounding, since conversions of out-of-range floats differ between CPUs.
#pragma once

#include <stdint.h>

namespace octet {

// Bounds of a result before the zero point is added: [lo - zero_point, hi - zero_point] as float32.
struct OutputRange {
  float low;
  float high;
  int32_t zero_point;
};

inline int8_t round_to_int8(float y, const OutputRange& range) {
  y = y < range.low ? range.low : y;  // a NaN stays NaN here and is the caller's business
  y = y > range.high ? range.high : y;
  return (int8_t)((int32_t)__builtin_lrintf(y) + range.zero_point);
}

inline int8_t requantize(int32_t accumulator, float factor, const OutputRange& range) {
  return round_to_int8((float)accumulator * factor, range);
}

}  // namespace octet
