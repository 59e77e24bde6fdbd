// Layers of the convolution families: random and edge geometries, and their data.
#pragma once

#include <algorithm>
#include <cstdint>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "kernels/row_checks.h"

namespace octet::test {

enum class ConvKind { general, depthwise, transposed };

inline std::string text_of(const ConvGeometry& g) {
  auto pair = [](std::int32_t a, std::int32_t b) { return std::to_string(a) + "x" + std::to_string(b); };
  return "batch " + std::to_string(g.batch) + ", in " + pair(g.in_h, g.in_w) + "x" + std::to_string(g.in_c) + ", out " +
         pair(g.out_h, g.out_w) + "x" + std::to_string(g.out_c) + ", kernel " + pair(g.kernel_h, g.kernel_w) +
         ", stride " + pair(g.stride_h, g.stride_w) + ", dilation " + pair(g.dilation_h, g.dilation_w) + ", pad " +
         pair(g.pad_top, g.pad_left) + ", groups " + std::to_string(g.groups) + ", pixel strides " +
         pair(static_cast<std::int32_t>(g.in_pixel_stride), static_cast<std::int32_t>(g.out_pixel_stride));
}

// The output size for pads at the end, which the geometry itself does not hold.
inline void set_output_size(ConvGeometry& g, ConvKind kind, std::int32_t pad_bottom, std::int32_t pad_right) {
  const std::int32_t extent_h = (g.kernel_h - 1) * g.dilation_h + 1;
  const std::int32_t extent_w = (g.kernel_w - 1) * g.dilation_w + 1;
  if (kind == ConvKind::transposed) {
    g.out_h = (g.in_h - 1) * g.stride_h + extent_h - g.pad_top - pad_bottom;
    g.out_w = (g.in_w - 1) * g.stride_w + extent_w - g.pad_left - pad_right;
  } else {
    g.out_h = (g.in_h + g.pad_top + pad_bottom - extent_h) / g.stride_h + 1;
    g.out_w = (g.in_w + g.pad_left + pad_right - extent_w) / g.stride_w + 1;
  }
}

inline ConvGeometry make_geometry(ConvKind kind, std::int32_t in_h, std::int32_t in_w, std::int32_t in_c,
                                  std::int32_t out_c, std::int32_t kernel, std::int32_t stride, std::int32_t pad,
                                  std::int32_t groups = 1, std::int32_t dilation = 1) {
  ConvGeometry g{};
  g.batch = 1;
  g.in_h = in_h, g.in_w = in_w, g.in_c = in_c, g.out_c = out_c;
  g.kernel_h = g.kernel_w = kernel;
  g.stride_h = g.stride_w = stride;
  g.dilation_h = g.dilation_w = dilation;
  g.pad_top = g.pad_left = pad;
  g.groups = groups;
  g.in_pixel_stride = in_c, g.out_pixel_stride = out_c;
  set_output_size(g, kind, pad, pad);
  return g;
}

inline ConvGeometry random_geometry(ConvKind kind, Random& random) {
  for (;;) {
    ConvGeometry g{};
    g.batch = random.between(1, 2);
    g.in_h = random.between(1, 9), g.in_w = random.between(1, 17);
    g.kernel_h = random.between(1, 5), g.kernel_w = random.between(1, 5);
    g.stride_h = random.between(1, 3), g.stride_w = random.between(1, 3);
    g.dilation_h = random.chance(3) ? 2 : 1, g.dilation_w = random.chance(3) ? 3 : 1;
    g.pad_top = random.between(0, 4), g.pad_left = random.between(0, 4);
    g.groups = kind == ConvKind::depthwise ? random.between(2, 70) : random.chance(3) ? random.between(2, 3) : 1;
    g.in_c = g.groups * (kind == ConvKind::depthwise ? 1 : random.between(1, 20));
    g.out_c = g.groups * (kind == ConvKind::depthwise ? 1 : random.between(1, 70));
    g.in_pixel_stride = g.in_c + (random.chance(3) ? random.between(1, 9) : 0);
    g.out_pixel_stride = g.out_c + (random.chance(3) ? random.between(1, 9) : 0);
    if ((g.kernel_h - 1) * g.dilation_h >= g.in_h + g.pad_top + 2 && kind != ConvKind::transposed) continue;
    if ((g.kernel_w - 1) * g.dilation_w >= g.in_w + g.pad_left + 2 && kind != ConvKind::transposed) continue;
    set_output_size(g, kind, random.between(0, 2), random.between(0, 2));
    if (g.out_h >= 1 && g.out_w >= 1) return g;
  }
}

// Shapes at which tiles and vectors of fast kernels begin and end.
inline std::vector<ConvGeometry> edge_geometries(ConvKind kind) {
  std::vector<ConvGeometry> list;
  if (kind == ConvKind::depthwise) {
    for (const std::int32_t c : {2, 15, 16, 17, 31, 32, 33, 63, 64, 65, 130}) {
      list.push_back(make_geometry(kind, 5, 6, c, c, 3, 1, 1, c));
    }
    list.push_back(make_geometry(kind, 7, 7, 8, 8, 3, 2, 1, 8));
    list.push_back(make_geometry(kind, 1, 1, 8, 8, 3, 1, 1, 8));
    list.push_back(make_geometry(kind, 9, 9, 8, 8, 7, 1, 3, 8));
    for (const std::int32_t c : {4, 9, 24, 40, 144}) {  // rests of a block, with room for several rows of the output
      list.push_back(make_geometry(kind, 9, 11, c, c, 3, 1, 1, c));
      list.push_back(make_geometry(kind, 9, 11, c, c, 3, 2, 1, c));
    }
    return list;
  }
  for (const std::int32_t c : {1, 3, 4, 7, 8, 15, 16, 17, 32, 33, 64, 65}) {
    list.push_back(make_geometry(kind, 4, 5, c, 16, 1, 1, 0));
    list.push_back(make_geometry(kind, 3, 3, 16, c, 3, 1, 1));
  }
  list.push_back(make_geometry(kind, 1, 1, 300, 10, 1, 1, 0));  // a fully connected layer
  list.push_back(make_geometry(kind, 40, 1, 5, 129, 1, 1, 0));
  list.push_back(make_geometry(kind, 8, 8, 3, 32, 3, 2, 1));
  list.push_back(make_geometry(kind, 6, 6, 12, 6, 3, 1, 1, 3));
  list.push_back(make_geometry(kind, 9, 9, 2, 4, 3, 1, 2, 1, 2));
  list.push_back(make_geometry(kind, 2, 2, 4, 4, 2, 2, 0));
  list.push_back(make_geometry(kind, 6, 30, 8, 20, 4, 2, 1));
  list.push_back(make_geometry(kind, 7, 7, 8, 8, 2, 3, 0));  // transposed: some outputs meet no tap
  return list;
}

// Constants and input of a layer of either element type.
template <class Weight, class Bias>
struct ConvData {
  std::vector<Weight> weight;
  std::vector<Bias> bias;
  std::vector<float> multiplier;
  GuardedArray<Weight> input;
  std::int32_t zero_point = 0;
  OutputRange range{};
  float low = 0, high = 0;
  bool has_bias = true;
  std::vector<std::int32_t> weight_zero_point{};  // int8 only; empty: none
};
using ConvDataF32 = ConvData<float, float>;
using ConvDataI8 = ConvData<std::int8_t, std::int32_t>;

inline std::size_t input_size(const ConvGeometry& g) {
  return static_cast<std::size_t>(((std::int64_t{g.batch} * g.in_h * g.in_w) - 1) * g.in_pixel_stride + g.in_c);
}
inline std::size_t output_size(const ConvGeometry& g) {
  return static_cast<std::size_t>(((std::int64_t{g.batch} * g.out_h * g.out_w) - 1) * g.out_pixel_stride + g.out_c);
}
inline std::size_t weight_size(const ConvGeometry& g, ConvKind kind) {
  const std::int64_t outer = kind == ConvKind::transposed ? g.in_c : g.out_c;
  const std::int64_t inner = (kind == ConvKind::transposed ? g.out_c : g.in_c) / g.groups;
  return static_cast<std::size_t>(outer * inner * g.kernel_h * g.kernel_w);
}

// The output channel of weight number `index` in the order of the file.
inline std::size_t channel_of_weight(const ConvGeometry& g, ConvKind kind, std::size_t index) {
  const auto taps = static_cast<std::size_t>(g.kernel_h) * static_cast<std::size_t>(g.kernel_w);
  const auto inputs = static_cast<std::size_t>(g.in_c / g.groups),
             outputs = static_cast<std::size_t>(g.out_c / g.groups);
  if (kind != ConvKind::transposed) return index / taps / inputs;
  return index / taps / outputs / inputs * outputs + index / taps % outputs;
}

// How far weight zero points of a layer go.
enum class Centring { none, some_channels, int8, any };

// Gives the layer weight zero points; ConvGeometry::extra_weights follows from the weights.
inline void add_zero_points(ConvGeometry& g, ConvKind kind, Centring centring, Random& random, ConvDataI8& data) {
  if (centring == Centring::none) return;
  const std::int32_t most = centring == Centring::any ? 255 : centring == Centring::int8 ? 127 : 70;
  for (std::int32_t o = 0; o < g.out_c; ++o) {
    const bool zero = centring == Centring::some_channels && !(o / 40 % 2 == 1 && random.chance(2));
    data.weight_zero_point.push_back(zero ? 0 : random.between(-most, most));
  }
  std::int32_t least = 0, largest = 0;
  for (std::size_t i = 0; i < data.weight.size(); ++i) {
    const std::int32_t centred = data.weight[i] - data.weight_zero_point[channel_of_weight(g, kind, i)];
    least = std::min(least, centred), largest = std::max(largest, centred);
  }
  while (least < -128 * (1 + g.extra_weights) || largest > 127 * (1 + g.extra_weights)) ++g.extra_weights;
}

inline ConvDataF32 random_f32(const ConvGeometry& g, ConvKind kind, Random& random) {
  ConvDataF32 data{random.reals(weight_size(g, kind), -1, 1),
                   random.reals(static_cast<std::size_t>(g.out_c)),
                   {},
                   GuardedArray<float>(random.reals(input_size(g)))};
  const bool relu = random.chance(2);
  data.low = relu ? 0 : -__builtin_inff();
  data.high = relu ? 6 : __builtin_inff();
  data.has_bias = !random.chance(4);
  return data;
}

// Extreme: all values at the ends of int8, where sums and intermediate products are largest.
inline ConvDataI8 random_i8(const ConvGeometry& g, ConvKind kind, Random& random, bool extreme) {
  ConvDataI8 data{random.bytes(weight_size(g, kind)), {}, {}, GuardedArray<std::int8_t>(random.bytes(input_size(g)))};
  data.zero_point = random.between(-128, 127);
  if (extreme) {
    data.zero_point = random.chance(2) ? -128 : 127;
    for (auto& w : data.weight) w = random.chance(2) ? 127 : -128;
    for (std::size_t i = 0; i < data.input.size(); ++i) data.input[i] = random.chance(2) ? 127 : -128;
  }
  const double depth = static_cast<double>(weight_size(g, kind)) / g.out_c;
  for (std::int32_t o = 0; o < g.out_c; ++o) {
    data.bias.push_back(random.between(-20000, 20000));
    data.multiplier.push_back(random.real(0.2F, 2.0F) / static_cast<float>(60.0 * std::sqrt(depth * 70.0)));
  }
  data.range = random_range(random);
  data.has_bias = !random.chance(4);
  return data;
}

}  // namespace octet::test
