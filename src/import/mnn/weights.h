// The weights and biases of an operator, from wherever the file keeps them: plain, packed, or in the file beside it.
#pragma once

#include <cstdint>
#include <vector>

#include "base/status.h"
#include "import/mnn/emitter.h"

namespace octet::mnn {

struct Weights {
  std::vector<float> weight;
  std::vector<float> bias;  // may be empty
  // Where the file has integers symmetric to zero: weight = scale * integer, one scale for each run of equal length.
  std::vector<std::int8_t> integers;
  std::vector<float> scales;
};

Result<Weights> read_weights(Emitter& e, const fb::Convolution2D& convolution);
Result<Weights> read_weights(const fb::InnerProduct& product);

}  // namespace octet::mnn
