// The convolutions of a network, as layers.py lists them.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace octet::bench {

enum class Activation : std::uint8_t { none, relu, relu6 };

struct ConvLayer {
  std::string name;
  std::int64_t in_c, in_h, in_w, out_c, out_h, out_w;
  std::int64_t kernel_h, kernel_w, stride_h, stride_w, dilation_h, dilation_w;
  std::int64_t pad_top, pad_left, pad_bottom, pad_right;
  std::int64_t groups;
  Activation activation;

  std::int64_t macs() const { return out_c * out_h * out_w * (in_c / groups) * kernel_h * kernel_w; }
};

std::vector<ConvLayer> read_layers(const std::string& path);

}  // namespace octet::bench
