#include "peers/layers.h"

#include <fstream>
#include <sstream>

#include "peers/fail.h"

namespace octet::bench {

std::vector<ConvLayer> read_layers(const std::string& path) {
  std::ifstream file(path);
  if (!file) fail("'" + path + "' cannot be read");
  std::vector<ConvLayer> layers;
  for (std::string line; std::getline(file, line);) {
    std::istringstream words(line);
    ConvLayer l{};
    std::string activation;
    words >> l.name >> l.in_c >> l.in_h >> l.in_w >> l.out_c >> l.out_h >> l.out_w >> l.kernel_h >> l.kernel_w >>
        l.stride_h >> l.stride_w >> l.dilation_h >> l.dilation_w >> l.pad_top >> l.pad_left >> l.pad_bottom >>
        l.pad_right >> l.groups >> activation;
    if (!words) fail("'" + path + "': not a layer: " + line);
    l.activation = activation == "relu"    ? Activation::relu
                   : activation == "relu6" ? Activation::relu6
                                           : Activation::none;
    layers.push_back(l);
  }
  return layers;
}

}  // namespace octet::bench
