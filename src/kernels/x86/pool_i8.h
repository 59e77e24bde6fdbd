// Pooling int8: the walk over windows that maximum and average share. Internal linkage, as in the files that
// include it.
#pragma once

#include "kernels/pool.h"

namespace octet {
namespace {

// The part of a window that lies inside the image.
struct PoolWindow {
  const int8_t* first;  // its first element's first channel
  int32_t rows, columns;
  int64_t row_step, column_step;  // elements
};

// Number of taps k >= 0, at most `kernel`, with start + k * dilation < limit.
inline int32_t taps_before(int32_t limit, int32_t start, int32_t kernel, int32_t dilation) {
  if (start >= limit) return 0;
  const int32_t taps = (limit - start - 1) / dilation + 1;
  return taps < kernel ? taps : kernel;
}

// Taps of an axis of `size` elements, of which the first is number `skipped`.
struct PoolTaps {
  int32_t skipped, count;
};

inline PoolTaps taps_inside(int32_t start, int32_t kernel, int32_t dilation, int32_t size) {
  const int32_t begin = taps_before(0, start, kernel, dilation);
  return {begin, taps_before(size, start, kernel, dilation) - begin};
}

// Calls window(PoolWindow, output of its first channel, y, x of the window's first tap) for each output pixel.
template <class Window>
void for_windows(const PoolI8Args& args, int64_t tile_begin, int64_t tile_end, Window window) {
  const PoolGeometry& g = args.geometry;
  for (int64_t tile = tile_begin; tile < tile_end; ++tile) {
    const int64_t image = tile / g.out_h;
    const int32_t start_y = (int32_t)(tile % g.out_h) * g.stride_h - g.pad_top;
    const PoolTaps ys = taps_inside(start_y, g.kernel_h, g.dilation_h, g.in_h);
    int8_t* output = args.output + tile * g.out_w * g.out_pixel_stride;
    for (int32_t x = 0; x < g.out_w; ++x, output += g.out_pixel_stride) {
      const int32_t start_x = x * g.stride_w - g.pad_left;
      const PoolTaps xs = taps_inside(start_x, g.kernel_w, g.dilation_w, g.in_w);
      const int64_t row = image * g.in_h + start_y + (int64_t)ys.skipped * g.dilation_h;
      const int64_t pixel = row * g.in_w + start_x + (int64_t)xs.skipped * g.dilation_w;
      const PoolWindow part{args.input + pixel * g.in_pixel_stride, ys.count, xs.count,
                            (int64_t)g.dilation_h * g.in_w * g.in_pixel_stride,
                            (int64_t)g.dilation_w * g.in_pixel_stride};
      window(part, output, start_y, start_x);
    }
  }
}

// Elements of the window that the average is taken of.
inline int32_t window_count(const PoolGeometry& g, int32_t start_y, int32_t start_x, const PoolWindow& w) {
  if (!g.count_include_pad) return w.rows * w.columns;
  const PoolTaps ys = taps_inside(start_y + g.pad_top, g.kernel_h, g.dilation_h, g.in_h + g.pad_top + g.pad_bottom);
  const PoolTaps xs = taps_inside(start_x + g.pad_left, g.kernel_w, g.dilation_w, g.in_w + g.pad_left + g.pad_right);
  return ys.count * xs.count;
}

// Calls wide(c) for runs of `width` channels that cover all of them, the last run overlapping the one before; where
// there are fewer channels, narrow(c) for each.
template <class Wide, class Narrow>
void for_channels(int32_t channels, int32_t width, Wide wide, Narrow narrow) {
  if (channels < width) {
    for (int32_t c = 0; c < channels; ++c) narrow(c);
    return;
  }
  int32_t c = 0;
  for (; c + width <= channels; c += width) wide(c);
  if (c < channels) wide(channels - width);
}

inline bool supports_all(const PoolGeometry&) { return true; }

}  // namespace
}  // namespace octet
