// Float pooling for any vector of vector_f32_*.h, which is included before this. The values of a window are taken in
// the order of the reference, so that the results have its bytes.
#pragma once

#include "kernels/pool.h"
#include "kernels/x86/window.h"

namespace octet {
namespace {

struct Maximum {
  static Vector::Value start() { return Vector::broadcast(-__builtin_inff()); }
  static Vector::Value fold(Vector::Value best, Vector::Value x) { return Vector::max(x, best); }
  static Vector::Value result(Vector::Value best, Vector::Value) { return best; }
};

struct Average {
  static Vector::Value start() { return Vector::broadcast(0); }
  static Vector::Value fold(Vector::Value sum, Vector::Value x) { return Vector::add(sum, x); }
  static Vector::Value result(Vector::Value sum, Vector::Value count) { return Vector::divide(sum, count); }
};

int32_t size_of(Span span) { return span.end - span.begin; }

// Elements of the window that an average is taken of.
int32_t window_count(const PoolGeometry& g, int64_t start_y, int64_t start_x, Span ys, Span xs) {
  if (!g.count_include_pad) return size_of(ys) * size_of(xs);
  const int64_t padded_h = (int64_t)g.in_h + g.pad_top + g.pad_bottom;
  const int64_t padded_w = (int64_t)g.in_w + g.pad_left + g.pad_right;
  return size_of(inside(start_y + g.pad_top, g.kernel_h, g.dilation_h, padded_h)) *
         size_of(inside(start_x + g.pad_left, g.kernel_w, g.dilation_w, padded_w));
}

// The window's values of some channels: rows x columns vectors from `input` on.
struct PoolWindow {
  int32_t rows, columns;
  int64_t row_step, column_step;
};

template <class Fold>
Vector::Value fold_window(const PoolWindow& window, const float* input, Vector::Lanes lanes) {
  Vector::Value value = Fold::start();
  for (int32_t row = 0; row < window.rows; ++row) {
    const float* at = input + row * window.row_step;
    for (int32_t column = 0; column < window.columns; ++column) {
      value = Fold::fold(value, Vector::load(at, lanes));
      at += window.column_step;
    }
  }
  return value;
}

template <class Fold>
void pool_pixel(const PoolGeometry& g, const float* image, int64_t start_y, int64_t start_x, float* output) {
  const Span ys = inside(start_y, g.kernel_h, g.dilation_h, g.in_h);
  const Span xs = inside(start_x, g.kernel_w, g.dilation_w, g.in_w);
  PoolWindow window{size_of(ys), size_of(xs), (int64_t)g.dilation_h * g.in_w * g.in_pixel_stride,
                    g.dilation_w * g.in_pixel_stride};
  const float* input = image;
  if (window.rows > 0 && window.columns > 0) {
    const int64_t y = start_y + (int64_t)ys.begin * g.dilation_h;
    const int64_t x = start_x + (int64_t)xs.begin * g.dilation_w;
    input += (y * g.in_w + x) * g.in_pixel_stride;
  } else {
    window.rows = 0;
  }
  const Vector::Value count = Vector::broadcast((float)window_count(g, start_y, start_x, ys, xs));
  for (int32_t c = 0; c < g.channels; c += Vector::kLanes) {
    const Vector::Lanes lanes = Vector::first_lanes(g.channels - c);
    Vector::store(output + c, Fold::result(fold_window<Fold>(window, input + c, lanes), count), lanes);
  }
}

template <class Fold>
void pool(const PoolF32Args& args, int64_t tile_begin, int64_t tile_end) {
  const PoolGeometry& g = args.geometry;
  for (int64_t tile = tile_begin; tile < tile_end; ++tile) {
    const float* image = args.input + tile / g.out_h * g.in_h * g.in_w * g.in_pixel_stride;
    const int64_t start_y = tile % g.out_h * g.stride_h - g.pad_top;
    float* output = args.output + tile * g.out_w * g.out_pixel_stride;
    for (int32_t x = 0; x < g.out_w; ++x) {
      pool_pixel<Fold>(g, image, start_y, (int64_t)x * g.stride_w - g.pad_left, output + x * g.out_pixel_stride);
    }
  }
}

bool supports(const PoolGeometry&) { return true; }

}  // namespace
}  // namespace octet
