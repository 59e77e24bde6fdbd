#include "micro/conv_shapes.h"

#include <vector>

namespace octet::bench {
namespace {

struct Shape {
  int in_h, in_w, in_c, out_c, kernel, stride, pad;
  int groups = 1, dilation = 1;
};

constexpr Shape kGeneral[] = {
    // first layers
    {224, 224, 3, 32, 3, 2, 1},  // MobileNetV2
    {227, 227, 3, 64, 3, 2, 0},  // SqueezeNet 1.1
    {240, 320, 3, 16, 3, 2, 1},  // RFB-320
    {224, 224, 3, 64, 7, 2, 3},  // ResNet
    {96, 96, 1, 8, 3, 2, 1},     // one channel
    {224, 224, 4, 32, 3, 2, 1},  // four
    // 1x1 of MobileNetV2
    {112, 112, 32, 16, 1, 1, 0},
    {112, 112, 16, 96, 1, 1, 0},
    {56, 56, 144, 24, 1, 1, 0},
    {28, 28, 192, 32, 1, 1, 0},
    {14, 14, 64, 384, 1, 1, 0},
    {14, 14, 96, 576, 1, 1, 0},
    {14, 14, 576, 96, 1, 1, 0},
    {7, 7, 960, 320, 1, 1, 0},
    {7, 7, 320, 1280, 1, 1, 0},
    // of SqueezeNet 1.1
    {56, 56, 128, 16, 1, 1, 0},
    {56, 56, 16, 64, 1, 1, 0},
    {14, 14, 512, 1000, 1, 1, 0},
    // of ResNet-50
    {56, 56, 64, 256, 1, 1, 0},
    {56, 56, 256, 64, 1, 1, 0},
    {56, 56, 256, 512, 1, 2, 0},
    {28, 28, 512, 128, 1, 1, 0},
    {14, 14, 1024, 256, 1, 1, 0},
    {7, 7, 2048, 512, 1, 1, 0},
    // of RFB-320
    {120, 160, 16, 32, 1, 1, 0},
    {30, 40, 64, 8, 1, 1, 0},
    {15, 20, 128, 128, 1, 1, 0},
    {15, 20, 128, 4, 1, 1, 0},
    // fully connected
    {1, 1, 512, 1000, 1, 1, 0},
    {1, 1, 1280, 1001, 1, 1, 0},
    {1, 1, 2048, 1000, 1, 1, 0},
    // 3x3 of ResNet
    {56, 56, 64, 64, 3, 1, 1},
    {56, 56, 128, 128, 3, 2, 1},
    {28, 28, 128, 128, 3, 1, 1},
    {14, 14, 256, 256, 3, 1, 1},
    {7, 7, 512, 512, 3, 1, 1},
    // of SqueezeNet 1.1
    {56, 56, 16, 64, 3, 1, 1},
    {28, 28, 32, 128, 3, 1, 1},
    {14, 14, 64, 256, 3, 1, 1},
    // of RFB-320, the dilated ones with it
    {30, 40, 8, 16, 3, 1, 1},
    {30, 40, 16, 16, 3, 1, 2, 1, 2},
    {30, 40, 16, 16, 3, 1, 5, 1, 5},
    {4, 5, 256, 6, 3, 1, 1},
    // large kernels
    {28, 28, 32, 64, 5, 1, 2},
    {14, 14, 48, 128, 5, 1, 2},
    {14, 14, 64, 64, 7, 1, 3},
    // grouped
    {56, 56, 128, 128, 3, 1, 1, 32},
    {28, 28, 256, 256, 3, 1, 1, 2},
    {28, 28, 240, 60, 1, 1, 0, 3},
    // remainders
    {13, 13, 17, 33, 3, 1, 1},
    {9, 11, 67, 129, 1, 1, 0},
    {19, 19, 100, 90, 3, 2, 1},
};

// Channels are groups; out_c follows.
constexpr Shape kDepthwise[] = {
    // MobileNetV2
    {112, 112, 32, 0, 3, 1, 1},
    {112, 112, 96, 0, 3, 2, 1},
    {56, 56, 144, 0, 3, 1, 1},
    {56, 56, 144, 0, 3, 2, 1},
    {28, 28, 192, 0, 3, 1, 1},
    {28, 28, 192, 0, 3, 2, 1},
    {14, 14, 384, 0, 3, 1, 1},
    {14, 14, 576, 0, 3, 1, 1},
    {14, 14, 576, 0, 3, 2, 1},
    {7, 7, 960, 0, 3, 1, 1},
    // RFB-320
    {120, 160, 16, 0, 3, 1, 1},
    {120, 160, 32, 0, 3, 2, 1},
    {60, 80, 32, 0, 3, 1, 1},
    {30, 40, 64, 0, 3, 1, 1},
    {15, 20, 128, 0, 3, 1, 1},
    {8, 10, 256, 0, 3, 1, 1},
    // large kernels, as in MobileNetV3 and ConvNeXt
    {28, 28, 120, 0, 5, 1, 2},
    {56, 56, 72, 0, 5, 2, 2},
    {14, 14, 480, 0, 5, 1, 2},
    {7, 7, 960, 0, 5, 1, 2},
    {56, 56, 96, 0, 7, 1, 3},
    // dilated; remainders
    {14, 14, 384, 0, 3, 1, 2, 1, 2},
    {13, 13, 37, 0, 3, 1, 1},
    {5, 5, 8, 0, 3, 1, 1},
};

constexpr Shape kTransposed[] = {
    {28, 28, 64, 32, 2, 2, 0},   // U-Net
    {14, 14, 128, 64, 4, 2, 1},  // segmentation heads
    {16, 16, 32, 32, 3, 2, 1},
};

ConvGeometry geometry_of(const Shape& shape, ConvKind kind) {
  const bool depthwise = kind == ConvKind::depthwise;
  ConvGeometry g{};
  g.batch = 1;
  g.in_h = shape.in_h, g.in_w = shape.in_w, g.in_c = shape.in_c;
  g.out_c = depthwise ? shape.in_c : shape.out_c;
  g.kernel_h = g.kernel_w = shape.kernel;
  g.stride_h = g.stride_w = shape.stride;
  g.dilation_h = g.dilation_w = shape.dilation;
  g.pad_top = g.pad_left = shape.pad;
  g.groups = depthwise ? shape.in_c : shape.groups;
  g.in_pixel_stride = g.in_c, g.out_pixel_stride = g.out_c;
  const int extent = (shape.kernel - 1) * shape.dilation + 1;
  const auto out = [&](int in) {
    return kind == ConvKind::transposed ? (in - 1) * shape.stride + extent - 2 * shape.pad
                                        : (in + 2 * shape.pad - extent) / shape.stride + 1;
  };
  g.out_h = out(shape.in_h), g.out_w = out(shape.in_w);
  return g;
}

// Each shape, then each with weight zero points.
std::vector<ConvGeometry> geometries_of(std::span<const Shape> shapes, ConvKind kind) {
  std::vector<ConvGeometry> list;
  for (const std::int32_t extra_weights : {0, 1}) {
    for (const Shape& shape : shapes) {
      list.push_back(geometry_of(shape, kind));
      list.back().extra_weights = extra_weights;
    }
  }
  return list;
}

}  // namespace

std::span<const ConvGeometry> conv_shapes(ConvKind kind) {
  static const auto general = geometries_of(kGeneral, ConvKind::general);
  static const auto depthwise = geometries_of(kDepthwise, ConvKind::depthwise);
  static const auto transposed = geometries_of(kTransposed, ConvKind::transposed);
  if (kind == ConvKind::depthwise) return depthwise;
  return kind == ConvKind::transposed ? transposed : general;
}

std::string name_of(const ConvGeometry& g) {
  const auto number = [](std::int32_t value) { return std::to_string(value); };
  std::string name = number(g.kernel_h) + "x" + number(g.kernel_w) + "_" + number(g.in_h) + "x" + number(g.in_w) + "x" +
                     number(g.in_c) + "-" + number(g.out_c);
  if (g.stride_h != 1) name += "_s" + number(g.stride_h);
  if (g.dilation_h != 1) name += "_d" + number(g.dilation_h);
  if (g.groups != 1 && g.groups != g.in_c) name += "_g" + number(g.groups);
  return g.extra_weights > 0 ? name + "_zp" : name;
}

}  // namespace octet::bench
