// Which tensors need no memory of their own because they are channels of a wider tensor: inputs of a concat that their
// makers write where they belong, and parts of a split that their readers read where they are.
#pragma once

#include <map>
#include <vector>

#include "graph/graph.h"

namespace octet {

// Who makes and who reads each tensor, by TensorId.
struct Neighbours {
  explicit Neighbours(const Graph& graph);

  // Whether every reader is an operator that can step over the channels of others.
  bool read_with_strides(const Graph& graph, TensorId id) const;

  std::vector<int> uses;       // readings, and one for each time that it is an output of the graph
  std::vector<int> producers;  // node, or -1
  std::vector<std::vector<int>> readers;
};

// Channels of a wider tensor, from `channel` on.
struct ChannelView {
  TensorId whole;
  std::int64_t channel;
};

// Of tensors that only one concat over channels reads and that an operator with strides makes.
std::map<TensorId, ChannelView> concat_views(const Graph& graph, const Neighbours& neighbours);

// The outputs of a split or of a slice over channels alone; empty for other nodes.
struct ChannelRange {
  TensorId tensor;
  std::int64_t first;
};
std::vector<ChannelRange> channel_ranges(const Graph& graph, const Node& node);

}  // namespace octet
