// Families over runs of elements: functions of one value, of two values, tables, and the changes between float32 and
// int8. `count` elements are read from each input and written; a step of 0 repeats one value, otherwise the step is in
// elements. Output may equal an input of the same element size and step 1 (in place); it may not overlap in part.
#pragma once

#include <stdint.h>

#include "base/kinds.h"
#include "kernels/requantize.h"
#include "kernels/rows.h"

namespace octet {

struct UnaryF32Row {
  const char* name;
  Isa isa;
  bool (*supports)(UnaryKind kind);
  void (*run)(UnaryKind kind, float alpha, float beta, const float* input, float* output, int64_t count);
};

struct BinaryF32Args {
  const float* a;
  const float* b;
  float* output;
  int64_t a_step, b_step;  // 0, 1 or any
  int64_t count;
  BinaryKind kind;
  float low, high;  // fused clamp
};
struct BinaryF32Row {
  const char* name;
  Isa isa;
  void (*run)(const BinaryF32Args& args);
};

// The family prelu_f32 shares the shape: x >= 0 ? x : x * slope, a being x and b the slope; no kind, no clamp.

// Add: round(clamp(fl(fl((a - a_zero) * a_factor) + fl((b - b_zero) * b_factor)))); subtraction has -b_factor.
// Multiply: requantize((a - a_zero) * (b - b_zero), a_factor).
struct BinaryI8Args {
  const int8_t* a;
  const int8_t* b;
  int8_t* output;
  int64_t a_step, b_step;
  int64_t count;
  int32_t a_zero_point, b_zero_point;
  float a_factor, b_factor;
  OutputRange range;
};
struct BinaryI8Row {
  const char* name;
  Isa isa;
  void (*run)(const BinaryI8Args& args);
};

// output[i] = table[input[i] + 128].
struct TableI8Row {
  const char* name;
  Isa isa;
  void (*run)(const int8_t* table, const int8_t* input, int8_t* output, int64_t count);
};

// fl(x * inverse_scale), clamped, rounded to even, plus the zero point; NaN gives the zero point.
struct QuantizeRow {
  const char* name;
  Isa isa;
  void (*run)(const float* input, int64_t input_step, int8_t* output, int64_t output_step, int64_t count,
              float inverse_scale, OutputRange range);
};

// The same from planes to pixels: value i of channel c is input[c * plane_step + i], and goes to
// output[i * channels + c]. `channels` is at most kMostPlanes.
inline constexpr int32_t kMostPlanes = 4;
struct QuantizePlanesRow {
  const char* name;
  Isa isa;
  void (*run)(const float* input, int64_t plane_step, int32_t channels, int8_t* output, int64_t count,
              float inverse_scale, OutputRange range);
};

// Float32 planes as pixels, as above.
struct PixelsF32Row {
  const char* name;
  Isa isa;
  void (*run)(const float* input, int64_t plane_step, int32_t channels, float* output, int64_t count);
};

// fl(scale * float32(q - zero_point)).
struct DequantizeRow {
  const char* name;
  Isa isa;
  void (*run)(const int8_t* input, int64_t input_step, float* output, int64_t output_step, int64_t count, float scale,
              int32_t zero_point);
};

}  // namespace octet
