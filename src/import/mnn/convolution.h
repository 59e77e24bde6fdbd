// What the float and the int8 convolutions of a .mnn file share.
#pragma once

#include <cstdint>
#include <vector>

#include "base/status.h"
#include "import/mnn/emitter.h"

namespace octet::mnn {

struct Convolution {
  const fb::Convolution2D* parameters = nullptr;
  const fb::Convolution2DCommon* common = nullptr;
  Attributes attrs;
  std::int64_t outputs = 0;  // channels
};

Result<Convolution> read_convolution(Emitter& e, bool depthwise);
Status check_channels(const Convolution& c);
// The dimension of `count` weights that the file does not state reliably: their number over the known dimensions.
Result<std::int64_t> remaining_dimension(std::size_t count, std::int64_t first, const Window& window);
Status add_bias(Emitter& e, const std::vector<float>& bias, std::int64_t channels, std::vector<TensorId>* inputs);
void finish_spatial(Emitter& e, octet::Op kind, std::vector<TensorId> inputs, const Attributes& attrs);

}  // namespace octet::mnn
