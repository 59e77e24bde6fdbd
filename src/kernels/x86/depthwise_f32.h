// Float depthwise convolution for any vector of vector_f32_*.h, which is included before this. Weights are packed
// [vector of channels][ky][kx][lanes]. Some neighbouring pixels of a row are made side by side, for one vector of
// channels after the other, so that the input is read in the order in which it lies. A tile is one row of the output.
//
// A sum is made in the order ky, kx, one fused multiply-add after the other, whatever the number of pixels.
#pragma once

#include <string.h>

#include "kernels/conv.h"
#include "kernels/x86/unrolled.h"
#include "kernels/x86/window.h"

namespace octet {
namespace {

constexpr int kPixels = 6;  // side by side

// Neighbouring pixels of one row whose windows lie inside the image, apart from the rows and columns that are left out.
struct DepthwiseRun {
  const float* input;    // first element of the first window that counts
  const float* weights;  // its weight
  const float* bias;     // or null
  float* output;
  int64_t pixel_step, row_step, column_step, output_step;
  int64_t weights_row_step, weights_vector_step;
  int32_t rows, columns;
  int32_t channels;
  float low, high;
};
using RunDepthwise = void (*)(const DepthwiseRun& run);

// Adds one row of the window: neighbouring columns that several pixels see are loaded once.
template <int pixels, int columns, int stride, class Lanes>
[[gnu::always_inline]] inline void add_row(const DepthwiseRun& r, const float* input, const float* weights, Lanes lanes,
                                           Vector::Value (&sums)[pixels]) {
  Vector::Value w[columns];
  unrolled<columns>([&](auto k) __attribute__((always_inline)) { w[k] = Vector::load(weights + k * Vector::kLanes); });
  unrolled<(pixels - 1) * stride + columns>([&](auto at) __attribute__((always_inline)) {
    const Vector::Value x = Vector::load_once(input + at * r.column_step, lanes);
    unrolled<pixels>([&](auto p) __attribute__((always_inline)) {
      constexpr int k = at - p * stride;
      if constexpr (k >= 0 && k < columns) sums[p] = Vector::multiply_add(x, w[k], sums[p]);
    });
  });
}

// The same for any number of columns, dilation and stride.
template <int pixels, class Lanes>
[[gnu::always_inline]] inline void add_any_row(const DepthwiseRun& r, const float* input, const float* weights,
                                               Lanes lanes, Vector::Value (&sums)[pixels]) {
  for (int32_t k = 0; k < r.columns; ++k) {
    const Vector::Value w = Vector::load(weights);
    unrolled<pixels>([&](auto p) __attribute__((always_inline)) {
      sums[p] = Vector::multiply_add(Vector::load(input + p * r.pixel_step, lanes), w, sums[p]);
    });
    input += r.column_step;
    weights += Vector::kLanes;
  }
}

// One vector of channels, from channel c on.
template <int pixels, int columns, int stride, class Lanes>
[[gnu::always_inline]] inline void run_vector(const DepthwiseRun& r, int32_t c, const float* weights, Lanes lanes,
                                              Vector::Value low, Vector::Value high) {
  const Vector::Value start = r.bias == nullptr ? Vector::broadcast(0) : Vector::load(r.bias + c, lanes);
  Vector::Value sums[pixels];
  unrolled<pixels>([&](auto p) __attribute__((always_inline)) { sums[p] = start; });
  const float* input = r.input + c;
  for (int32_t row = 0; row < r.rows; ++row) {
    if constexpr (columns == 0) {
      add_any_row<pixels>(r, input, weights, lanes, sums);
    } else {
      add_row<pixels, columns, stride>(r, input, weights, lanes, sums);
    }
    input += r.row_step;
    weights += r.weights_row_step;
  }
  float* output = r.output + c;
  unrolled<pixels>([&](auto p) __attribute__((always_inline)) {
    Vector::store(output + p * r.output_step, Vector::min(high, Vector::max(low, sums[p])), lanes);
  });
}

// columns and stride: of a window without dilation; 0 for any.
template <int pixels, int columns, int stride>
void run_depthwise(const DepthwiseRun& r) {
  const Vector::Value low = Vector::broadcast(r.low);
  const Vector::Value high = Vector::broadcast(r.high);
  const float* weights = r.weights;
  int32_t c = 0;
  for (; c + Vector::kLanes <= r.channels; c += Vector::kLanes) {
    run_vector<pixels, columns, stride>(r, c, weights, Vector::AllLanes(), low, high);
    weights += r.weights_vector_step;
  }
  if (c == r.channels) return;
  run_vector<pixels, columns, stride>(r, c, weights, Vector::first_lanes(r.channels - c), low, high);
}

template <int columns, int stride, int pixels = kPixels>
RunDepthwise depthwise_of(int32_t count) {
  if constexpr (pixels > 1) {
    if (count < pixels) return depthwise_of<columns, stride, pixels - 1>(count);
  }
  return run_depthwise<pixels, columns, stride>;
}

// For `count` (1 to kPixels) pixels with complete window rows.
RunDepthwise depthwise_of(const ConvGeometry& g, int32_t count) {
  const bool dense = g.dilation_w == 1 && g.stride_w <= 2;
  if (dense && g.kernel_w == 3) return g.stride_w == 1 ? depthwise_of<3, 1>(count) : depthwise_of<3, 2>(count);
  if (dense && g.kernel_w == 5) return g.stride_w == 1 ? depthwise_of<5, 1>(count) : depthwise_of<5, 2>(count);
  return depthwise_of<0, 0>(count);
}

int64_t vectors_of(const ConvGeometry& g) { return ((int64_t)g.out_c + Vector::kLanes - 1) / Vector::kLanes; }

size_t packed_bytes(const ConvGeometry& g) {
  return (size_t)(vectors_of(g) * Vector::kLanes * g.kernel_h * g.kernel_w) * sizeof(float);
}

void pack(const ConvGeometry& g, const ConvF32Constants& constants, void* packed) {
  memset(packed, 0, packed_bytes(g));
  const int64_t taps = (int64_t)g.kernel_h * g.kernel_w;
  for (int64_t c = 0; c < g.out_c; ++c) {
    float* out = (float*)packed + c / Vector::kLanes * Vector::kLanes * taps + c % Vector::kLanes;
    for (int64_t tap = 0; tap < taps; ++tap) out[tap * Vector::kLanes] = constants.weight[c * taps + tap];
  }
}

bool supports(const ConvGeometry&) { return true; }
size_t scratch_bytes(const ConvGeometry&) { return 0; }
int64_t tiles(const ConvGeometry& g) { return (int64_t)g.batch * g.out_h; }

// What the pixels of one row of the output have in common. The input begins at the row's first window that counts.
DepthwiseRun row_of(const ConvF32Args& args, int64_t tile) {
  const ConvGeometry& g = args.geometry;
  const int64_t top = tile % g.out_h * g.stride_h - g.pad_top;
  const Span rows = inside(top, g.kernel_h, g.dilation_h, g.in_h);
  const int64_t first_row = rows.begin < rows.end ? top + (int64_t)rows.begin * g.dilation_h : 0;
  DepthwiseRun r{};
  r.input = args.input + (tile / g.out_h * g.in_h + first_row) * g.in_w * g.in_pixel_stride;
  r.weights = (const float*)args.packed + (int64_t)rows.begin * g.kernel_w * Vector::kLanes;
  r.bias = args.bias;
  r.output = args.output + tile * g.out_w * g.out_pixel_stride;
  r.pixel_step = g.stride_w * g.in_pixel_stride;
  r.row_step = (int64_t)g.dilation_h * g.in_w * g.in_pixel_stride;
  r.column_step = g.dilation_w * g.in_pixel_stride;
  r.output_step = g.out_pixel_stride;
  r.weights_row_step = (int64_t)g.kernel_w * Vector::kLanes;
  r.weights_vector_step = r.weights_row_step * g.kernel_h;
  r.rows = rows.end - rows.begin;
  r.channels = g.out_c;
  r.low = args.low;
  r.high = args.high;
  return r;
}

// Pixels from x on, of whose windows the columns `columns` count.
void run_pixels(const ConvGeometry& g, DepthwiseRun r, int32_t x, Span columns, RunDepthwise function) {
  r.columns = columns.end - columns.begin;
  if (r.columns == 0) r.rows = 0;
  const int64_t first = (int64_t)x * g.stride_w - g.pad_left + (int64_t)columns.begin * g.dilation_w;
  if (r.rows > 0) r.input += first * g.in_pixel_stride;
  r.weights += (int64_t)columns.begin * Vector::kLanes;
  r.output += x * g.out_pixel_stride;
  function(r);
}

// Pixels [begin, end), one by one, whose windows may reach over an edge.
void run_edge(const ConvGeometry& g, const DepthwiseRun& r, int32_t begin, int32_t end) {
  for (int32_t x = begin; x < end; ++x) {
    const Span columns = inside((int64_t)x * g.stride_w - g.pad_left, g.kernel_w, g.dilation_w, g.in_w);
    run_pixels(g, r, x, columns, run_depthwise<1, 0, 0>);
  }
}

// Outputs whose windows lie between the left and the right edge of the image.
Span whole_windows(const ConvGeometry& g) {
  const int64_t begin = ((int64_t)g.pad_left + g.stride_w - 1) / g.stride_w;
  const int64_t room = (int64_t)g.in_w - 1 - (int64_t)(g.kernel_w - 1) * g.dilation_w + g.pad_left;
  const int64_t end = room < 0 ? 0 : room / g.stride_w + 1;
  const auto first = (int32_t)(begin < g.out_w ? begin : g.out_w);
  const auto last = (int32_t)(end < g.out_w ? end : g.out_w);
  return {first, last > first ? last : first};
}

void run(const ConvF32Args& args, int64_t tile_begin, int64_t tile_end) {
  const ConvGeometry& g = args.geometry;
  const Span whole = whole_windows(g);
  const int32_t parts = (whole.end - whole.begin + kPixels - 1) / kPixels;
  for (int64_t tile = tile_begin; tile < tile_end; ++tile) {
    const DepthwiseRun row = row_of(args, tile);
    run_edge(g, row, 0, whole.begin);
    int32_t x = whole.begin;
    for (int32_t part = parts; part > 0; --part) {  // of about the same size
      const int32_t pixels = (whole.end - x + part - 1) / part;
      run_pixels(g, row, x, {0, g.kernel_w}, depthwise_of(g, pixels));
      x += pixels;
    }
    run_edge(g, row, whole.end, g.out_w);
  }
}

}  // namespace
}  // namespace octet
