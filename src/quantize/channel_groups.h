// Which channels of a network have to be scaled together.
//
// Dividing channel c of a convolution's output by s > 0 and multiplying the weights that read it by s changes nothing
// as long as what lies between lets a factor through: max(0, x), pooling, resizing, moving, adding what carries the
// same factor. A group holds the channels of all tensors that such operators tie to each other: those of the inputs of
// an addition, those that a concat joins and takes on. A group is free where convolutions and fully connected layers
// with constant weights make all of it and read all of it.
#pragma once

#include "graph/graph.h"

namespace octet {

inline constexpr int kFixedChannel = -1;

struct ChannelGroups {
  // [tensor][channel]: the group, or kFixedChannel. Empty: a constant, or a tensor without dimension 1. Channels are
  // dimension 1.
  std::vector<std::vector<int>> group;
  int count = 0;
  // By group: groups that appear in one tensor, or in tensors tied by other groups, are of one part. What matters for a
  // tensor's quantization is how the groups of its part compare.
  std::vector<int> part;
  int part_count = 0;
  // By tensor: the magnitude to which an activation limits it; infinity: to none. A factor moves the limit of a
  // channel.
  std::vector<float> bound;
};

// The graph's shapes are inferred.
ChannelGroups find_channel_groups(const Graph& graph);

// Whether the node multiplies by constant weights, and so can take up a factor for each channel of its input and its
// output.
bool takes_channel_factors(const Graph& graph, const Node& node);

}  // namespace octet
