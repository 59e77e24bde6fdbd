// Depthwise convolution, reference: channel c of the output sees channel c of the input alone. A tile is one row of
// the output. Packed weights: [kernel_h][kernel_w][channels].
#include "kernels/ref/conv_ref.h"

namespace octet {
namespace ref {
namespace {

template <class T>
void pack_depthwise(const ConvGeometry& g, const typename T::Constants& constants, void* packed) {
  auto* out = (typename T::Packed*)packed;
  const int64_t taps = (int64_t)g.kernel_h * g.kernel_w;
  for (int64_t c = 0; c < g.out_c; ++c) {
    for (int64_t tap = 0; tap < taps; ++tap) {
      out[tap * g.out_c + c] = centred(constants, constants.weight[c * taps + tap], c);
    }
  }
}

template <class T>
void depthwise_block(const typename T::Args& args, int32_t n, int32_t y, int32_t x, int32_t first, int32_t block) {
  const ConvGeometry& g = args.geometry;
  const auto* packed = (const typename T::Packed*)args.packed;
  typename T::Sum sums[kBlock];
  for (int32_t c = 0; c < block; ++c) sums[c] = args.bias ? args.bias[first + c] : 0;
  for (int32_t ky = 0; ky < g.kernel_h; ++ky) {
    const int32_t in_y = y * g.stride_h - g.pad_top + ky * g.dilation_h;
    if (in_y < 0 || in_y >= g.in_h) continue;
    for (int32_t kx = 0; kx < g.kernel_w; ++kx) {
      const int32_t in_x = x * g.stride_w - g.pad_left + kx * g.dilation_w;
      if (in_x < 0 || in_x >= g.in_w) continue;
      const auto* pixel = args.input + (((int64_t)n * g.in_h + in_y) * g.in_w + in_x) * g.in_pixel_stride + first;
      const auto* w = packed + ((int64_t)ky * g.kernel_w + kx) * g.out_c + first;
      for (int32_t c = 0; c < block; ++c) sums[c] += (typename T::Sum)T::value(args, pixel[c]) * (typename T::Sum)w[c];
    }
  }
  auto* out = args.output + (((int64_t)n * g.out_h + y) * g.out_w + x) * g.out_pixel_stride + first;
  for (int32_t c = 0; c < block; ++c) out[c] = T::result(args, sums[c], first + c);
}

template <class T>
void depthwise(const typename T::Args& args, int64_t tile_begin, int64_t tile_end) {
  const ConvGeometry& g = args.geometry;
  for (int64_t tile = tile_begin; tile < tile_end; ++tile) {
    const int32_t n = (int32_t)(tile / g.out_h);
    const int32_t y = (int32_t)(tile % g.out_h);
    for (int32_t x = 0; x < g.out_w; ++x) {
      for (int32_t first = 0; first < g.out_c; first += kBlock) {
        depthwise_block<T>(args, n, y, x, first, g.out_c - first < kBlock ? g.out_c - first : kBlock);
      }
    }
  }
}

}  // namespace
}  // namespace ref

using namespace ref;

extern const ConvF32Row depthwise_f32_ref = {"depthwise_f32_ref", Isa::ref, supports_all, packed_bytes<F32>,
                                             pack_depthwise<F32>, no_bytes, output_rows,  depthwise<F32>};
extern const ConvI8Row depthwise_i8_ref = {"depthwise_i8_ref", Isa::ref, supports_all, packed_bytes<I8>,
                                           pack_depthwise<I8>, no_bytes, output_rows,  depthwise<I8>};

}  // namespace octet
