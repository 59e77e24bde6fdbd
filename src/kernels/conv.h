// Family: convolution (general, grouped, depthwise, transposed) and, as a 1x1 convolution, matrix times weights.
//
// Activations are channels-last: element (n, y, x, c) lies at ((n * height + y) * width + x) * pixel_stride + c.
// Pixel strides may exceed the channel counts: a concat's inputs are written in place that way. Weights come in the
// canonical order of the model file and are packed once by the row that will use them. Every pointer that is written
// may not alias one that is read. Nothing outside the tensors is read or written.
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "kernels/requantize.h"
#include "kernels/rows.h"

namespace octet {

// Packed weights are the same for every height and number of images where the output is at least this wide: a layer may
// then run on some rows at a time.
inline constexpr int32_t kSteadyPackingWidth = 16;

struct ConvGeometry {
  int32_t batch;
  int32_t in_h, in_w, in_c;
  int32_t out_h, out_w, out_c;
  int32_t kernel_h, kernel_w;
  int32_t stride_h, stride_w;
  int32_t dilation_h, dilation_w;
  int32_t pad_top, pad_left;  // bottom and right follow from the sizes
  int32_t groups;
  int64_t in_pixel_stride, out_pixel_stride;  // elements
  // int8 with weight zero points: a centred weight, q_w - weight zero point, is a sum of 1 + extra_weights int8 values.
  // 0: centred weights are int8.
  int32_t extra_weights;
};

// What packing may look at: constants of the layer. Float layers have no multiplier and zero points of 0.
template <class Weight, class Bias>
struct ConvConstants {
  const Weight* weight;     // conv: [out_c][in_c / groups][kernel_h][kernel_w]; transposed: [in_c][out_c /
                            // groups][kernel_h][kernel_w]
  const Bias* bias;         // [out_c] or null
  const float* multiplier;  // [out_c], int8 only
  int32_t in_zero_point;
  const int32_t* weight_zero_point = nullptr;  // [out_c] or null: 0; int8 only
};
using ConvF32Constants = ConvConstants<float, float>;
using ConvI8Constants = ConvConstants<int8_t, int32_t>;

struct ConvF32Args {
  ConvGeometry geometry;
  const float* input;
  const void* packed;
  const float* bias;  // or null
  float* output;
  void* scratch;    // scratch_bytes of the row, one for each thread
  float low, high;  // fused clamp
};

// y = requantize(sum of (q_x - in_zero_point) * (q_w - weight zero point of the channel) + bias, multiplier of the
// channel); padding contributes 0. Weights may have any value of int8, weight zero points lie in -255..255.
struct ConvI8Args {
  ConvGeometry geometry;
  const int8_t* input;
  const void* packed;
  const int32_t* bias;  // or null
  const float* multiplier;
  int8_t* output;
  void* scratch;
  int32_t in_zero_point;
  OutputRange range;
};

// Work is split into tiles that may run in any order and on any thread; each writes its own part of the output.
template <class Args, class Constants>
struct ConvRow {
  const char* name;
  Isa isa;
  bool (*supports)(const ConvGeometry& geometry);
  size_t (*packed_bytes)(const ConvGeometry& geometry);
  void (*pack)(const ConvGeometry& geometry, const Constants& constants, void* packed);
  size_t (*scratch_bytes)(const ConvGeometry& geometry);
  int64_t (*tiles)(const ConvGeometry& geometry);
  void (*run)(const Args& args, int64_t tile_begin, int64_t tile_end);
};
using ConvF32Row = ConvRow<ConvF32Args, ConvF32Constants>;
using ConvI8Row = ConvRow<ConvI8Args, ConvI8Constants>;

}  // namespace octet
