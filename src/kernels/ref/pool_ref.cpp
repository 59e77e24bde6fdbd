// Pooling, reference. A tile is one row of the output.
#include "kernels/pool.h"

namespace octet {
namespace {

// The taps of one window that lie inside the image, along one axis: first, last (exclusive) as tap numbers.
struct Span {
  int32_t begin, end;
};

// Number of taps k >= 0, at most `kernel`, with start + k * dilation < limit.
int32_t taps_before(int32_t limit, int32_t start, int32_t kernel, int32_t dilation) {
  if (start >= limit) return 0;
  const int32_t taps = (limit - start - 1) / dilation + 1;
  return taps < kernel ? taps : kernel;
}

Span inside(int32_t start, int32_t kernel, int32_t dilation, int32_t size) {
  return {taps_before(0, start, kernel, dilation), taps_before(size, start, kernel, dilation)};
}

// Elements of the window that an average is taken of.
int32_t window_count(const PoolGeometry& g, int32_t start_y, int32_t start_x, Span ys, Span xs) {
  if (!g.count_include_pad) return (ys.end - ys.begin) * (xs.end - xs.begin);
  const Span padded_y = inside(start_y + g.pad_top, g.kernel_h, g.dilation_h, g.in_h + g.pad_top + g.pad_bottom);
  const Span padded_x = inside(start_x + g.pad_left, g.kernel_w, g.dilation_w, g.in_w + g.pad_left + g.pad_right);
  return (padded_y.end - padded_y.begin) * (padded_x.end - padded_x.begin);
}

// Calls window(input pixel of the first channel..., output pixel, ys, xs, count) for each output of the rows.
template <class Args, class Window>
void for_windows(const Args& args, int64_t tile_begin, int64_t tile_end, Window window) {
  const PoolGeometry& g = args.geometry;
  for (int64_t tile = tile_begin; tile < tile_end; ++tile) {
    const int32_t n = (int32_t)(tile / g.out_h);
    const int32_t y = (int32_t)(tile % g.out_h);
    const int32_t start_y = y * g.stride_h - g.pad_top;
    const Span ys = inside(start_y, g.kernel_h, g.dilation_h, g.in_h);
    for (int32_t x = 0; x < g.out_w; ++x) {
      const int32_t start_x = x * g.stride_w - g.pad_left;
      const Span xs = inside(start_x, g.kernel_w, g.dilation_w, g.in_w);
      const auto* image = args.input + (int64_t)n * g.in_h * g.in_w * g.in_pixel_stride;
      auto* out = args.output + (tile * g.out_w + x) * g.out_pixel_stride;
      window(image, out, start_y, start_x, ys, xs);
    }
  }
}

// Folds the channel c of a window's elements into `value`.
template <class T, class V, class Fold>
V fold(const PoolGeometry& g, const T* image, int32_t start_y, int32_t start_x, Span ys, Span xs, int32_t c, V value,
       Fold combine) {
  for (int32_t ky = ys.begin; ky < ys.end; ++ky) {
    for (int32_t kx = xs.begin; kx < xs.end; ++kx) {
      const int64_t pixel = (int64_t)(start_y + ky * g.dilation_h) * g.in_w + start_x + kx * g.dilation_w;
      value = combine(value, image[pixel * g.in_pixel_stride + c]);
    }
  }
  return value;
}

template <class Args, class T>
void max_pool(const Args& args, int64_t tile_begin, int64_t tile_end, T least) {
  const PoolGeometry& g = args.geometry;
  for_windows(
      args, tile_begin, tile_end, [&](const T* image, T* out, int32_t start_y, int32_t start_x, Span ys, Span xs) {
        for (int32_t c = 0; c < g.channels; ++c) {
          out[c] = fold(g, image, start_y, start_x, ys, xs, c, least, [](T best, T x) { return best < x ? x : best; });
        }
      });
}

void max_pool_f32(const PoolF32Args& args, int64_t begin, int64_t end) {
  max_pool<PoolF32Args, float>(args, begin, end, -__builtin_inff());
}

void max_pool_i8(const PoolI8Args& args, int64_t begin, int64_t end) {
  max_pool<PoolI8Args, int8_t>(args, begin, end, -128);
}

void average_pool_f32(const PoolF32Args& args, int64_t begin, int64_t end) {
  const PoolGeometry& g = args.geometry;
  for_windows(
      args, begin, end, [&](const float* image, float* out, int32_t start_y, int32_t start_x, Span ys, Span xs) {
        const auto count = (float)window_count(g, start_y, start_x, ys, xs);
        for (int32_t c = 0; c < g.channels; ++c) {
          const float sum = fold(g, image, start_y, start_x, ys, xs, c, 0.0f, [](float s, float x) { return s + x; });
          out[c] = sum / count;
        }
      });
}

void average_pool_i8(const PoolI8Args& args, int64_t begin, int64_t end) {
  const PoolGeometry& g = args.geometry;
  const int32_t zero = args.in_zero_point;
  for_windows(args, begin, end,
              [&](const int8_t* image, int8_t* out, int32_t start_y, int32_t start_x, Span ys, Span xs) {
                const auto count = (float)window_count(g, start_y, start_x, ys, xs);
                const float factor = args.in_scale / (args.out_scale * count);
                for (int32_t c = 0; c < g.channels; ++c) {
                  const int32_t sum = fold(g, image, start_y, start_x, ys, xs, c, (int32_t)0,
                                           [zero](int32_t s, int8_t q) { return s + q - zero; });
                  out[c] = requantize(sum, factor, args.range);
                }
              });
}

bool supports_all(const PoolGeometry&) { return true; }

}  // namespace

extern const PoolF32Row max_pool_f32_ref = {"max_pool_f32_ref", Isa::ref, supports_all, max_pool_f32};
extern const PoolI8Row max_pool_i8_ref = {"max_pool_i8_ref", Isa::ref, supports_all, max_pool_i8};
extern const PoolF32Row average_pool_f32_ref = {"average_pool_f32_ref", Isa::ref, supports_all, average_pool_f32};
extern const PoolI8Row average_pool_i8_ref = {"average_pool_i8_ref", Isa::ref, supports_all, average_pool_i8};

}  // namespace octet
