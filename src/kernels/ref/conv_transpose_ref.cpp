// Transposed convolution, reference, in gathering form: an output pixel sums the input pixels whose window covers it,
// y_out + pad_top = y_in * stride + ky * dilation. A tile is one row of the output.
#include "kernels/ref/conv_ref.h"

namespace octet {
namespace ref {
namespace {

template <class T>
void pack_transpose(const ConvGeometry& g, const typename T::Constants& constants, void* packed) {
  auto* out = (typename T::Packed*)packed;
  const int64_t in_channels = g.in_c / g.groups;
  const int64_t out_channels = g.out_c / g.groups;
  const auto* weight = constants.weight;
  for (int64_t i = 0; i < g.in_c; ++i) {
    for (int64_t o = 0; o < out_channels; ++o) {
      for (int64_t ky = 0; ky < g.kernel_h; ++ky) {
        for (int64_t kx = 0; kx < g.kernel_w; ++kx) {
          out[packed_index(g, i / in_channels, ky, kx, i % in_channels) + o] =
              centred(constants, *weight++, i / in_channels * out_channels + o);
        }
      }
    }
  }
}

// The input index that reaches `position` (output index + pad) through tap k, or -1.
int32_t source(int32_t position, int32_t tap, int32_t dilation, int32_t stride, int32_t size) {
  const int32_t offset = position - tap * dilation;
  if (offset < 0 || offset % stride != 0) return -1;
  return offset / stride < size ? offset / stride : -1;
}

template <class T>
void transpose_block(const typename T::Args& args, int32_t n, int32_t y, int32_t x, int32_t group, int32_t first,
                     int32_t block) {
  const ConvGeometry& g = args.geometry;
  const int32_t in_channels = g.in_c / g.groups;
  const int32_t out_channels = g.out_c / g.groups;
  const int32_t channel = group * out_channels + first;
  const auto* packed = (const typename T::Packed*)args.packed;
  typename T::Sum sums[kBlock];
  for (int32_t o = 0; o < block; ++o) sums[o] = args.bias ? args.bias[channel + o] : 0;
  for (int32_t ky = 0; ky < g.kernel_h; ++ky) {
    const int32_t in_y = source(y + g.pad_top, ky, g.dilation_h, g.stride_h, g.in_h);
    if (in_y < 0) continue;
    for (int32_t kx = 0; kx < g.kernel_w; ++kx) {
      const int32_t in_x = source(x + g.pad_left, kx, g.dilation_w, g.stride_w, g.in_w);
      if (in_x < 0) continue;
      const int64_t pixel = ((int64_t)n * g.in_h + in_y) * g.in_w + in_x;
      accumulate<T>(args, args.input + pixel * g.in_pixel_stride + (int64_t)group * in_channels,
                    packed + packed_index(g, group, ky, kx, 0) + first, in_channels, out_channels, block, sums);
    }
  }
  auto* out = args.output + (((int64_t)n * g.out_h + y) * g.out_w + x) * g.out_pixel_stride + channel;
  for (int32_t o = 0; o < block; ++o) out[o] = T::result(args, sums[o], channel + o);
}

template <class T>
void conv_transpose(const typename T::Args& args, int64_t tile_begin, int64_t tile_end) {
  const ConvGeometry& g = args.geometry;
  const int32_t out_channels = g.out_c / g.groups;
  for (int64_t tile = tile_begin; tile < tile_end; ++tile) {
    const int32_t n = (int32_t)(tile / g.out_h);
    const int32_t y = (int32_t)(tile % g.out_h);
    for (int32_t x = 0; x < g.out_w; ++x) {
      for (int32_t group = 0; group < g.groups; ++group) {
        for (int32_t first = 0; first < out_channels; first += kBlock) {
          const int32_t block = out_channels - first < kBlock ? out_channels - first : kBlock;
          transpose_block<T>(args, n, y, x, group, first, block);
        }
      }
    }
  }
}

}  // namespace
}  // namespace ref

using namespace ref;

extern const ConvF32Row conv_transpose_f32_ref = {
    "conv_transpose_f32_ref", Isa::ref, supports_all, packed_bytes<F32>,
    pack_transpose<F32>,      no_bytes, output_rows,  conv_transpose<F32>};
extern const ConvI8Row conv_transpose_i8_ref = {"conv_transpose_i8_ref", Isa::ref, supports_all, packed_bytes<I8>,
                                                pack_transpose<I8>,      no_bytes, output_rows,  conv_transpose<I8>};

}  // namespace octet
