// What rounding has taken from the weights of a layer.
#pragma once

#include <span>

#include "graph/graph.h"

namespace octet {

struct WeightError {
  double share = 0;            // error energy over energy
  std::size_t channels = 0;    // output channels
  std::size_t few_levels = 0;  // those of which no weight reaches `enough_levels`: their bias asks for a large scale
};

struct LayerOf {
  const Graph& graph;
  const Node& node;
};

// What the values of the int8 network's channels are beside those of the float one (quantize/channel_factors.h), 0: not
// known; empty: the same.
struct ChannelScaling {
  std::span<const float> input, output;
};

// The layers are of one operator, the second with int8 weights and a multiplier for each output channel. Factors were
// found from values, which have the errors of all layers before in them: the weights show them better and are fitted,
// input channels, then output channels. Nothing where weights cannot be compared: all 0.
WeightError compare_weights(const LayerOf& reference, const LayerOf& int8, const ChannelScaling& scaling,
                            int enough_levels);

}  // namespace octet
