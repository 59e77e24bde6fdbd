#include "runtime/views.h"

#include <algorithm>

#include "ops/op.h"

namespace octet {

Neighbours::Neighbours(const Graph& graph)
    : uses(count_uses(graph)), producers(find_producers(graph)), readers(graph.tensors.size()) {
  for (std::size_t n = 0; n < graph.nodes.size(); ++n) {
    for (const TensorId id : graph.nodes[n].inputs) {
      if (id != kNoTensor) readers[static_cast<std::size_t>(id)].push_back(static_cast<int>(n));
    }
  }
}

bool Neighbours::read_with_strides(const Graph& graph, TensorId id) const {
  const auto& nodes = readers[static_cast<std::size_t>(id)];
  if (static_cast<int>(nodes.size()) != uses[static_cast<std::size_t>(id)]) return false;  // an output of the graph
  return std::ranges::all_of(nodes, [&](int n) {
    const Node& node = graph.nodes[static_cast<std::size_t>(n)];
    const Operator* op = find_operator(node.op);
    return node.op == Op::concat || (op != nullptr && op->strided && std::ranges::count(node.inputs, id) == 1);
  });
}

std::map<TensorId, ChannelView> concat_views(const Graph& graph, const Neighbours& neighbours) {
  std::map<TensorId, ChannelView> views;
  const auto maker = [&](TensorId id) -> const Operator* {
    const int producer = neighbours.producers[static_cast<std::size_t>(id)];
    return producer < 0 ? nullptr : find_operator(graph.nodes[static_cast<std::size_t>(producer)].op);
  };
  for (const Node& node : graph.nodes) {
    if (node.op != Op::concat || node.attrs.axis != 1 || graph.at(node.outputs[0]).dims.size() != 4) continue;
    // The output has the layout of the first input that is no constant.
    const auto first = std::ranges::find_if(node.inputs, [&](TensorId id) { return !graph.is_constant(id); });
    const Operator* op = first == node.inputs.end() ? nullptr : maker(*first);
    if (op == nullptr || op->layout != LayoutRule::channels_last) continue;
    std::int64_t channel = 0;
    for (const TensorId id : node.inputs) {
      const Operator* writer = maker(id);
      if (writer != nullptr && writer->strided && neighbours.uses[static_cast<std::size_t>(id)] == 1) {
        views[id] = {node.outputs[0], channel};
      }
      channel += graph.at(id).dims[1];
    }
  }
  return views;
}

std::vector<ChannelRange> channel_ranges(const Graph& graph, const Node& node) {
  std::vector<ChannelRange> ranges;
  if ((node.op != Op::split && node.op != Op::slice) || graph.at(node.outputs[0]).dims.size() != 4) return ranges;
  const Attributes& attrs = node.attrs;
  if (node.op == Op::split && attrs.axis == 1) {
    std::int64_t first = 0;
    for (const TensorId id : node.outputs) {
      ranges.push_back({id, first});
      first += graph.at(id).dims[1];
    }
  } else if (node.op == Op::slice && attrs.axes == std::vector<std::int64_t>{1} &&
             (attrs.steps.empty() || attrs.steps[0] == 1)) {
    ranges.push_back({node.outputs[0], attrs.starts[0]});
  }
  return ranges;
}

}  // namespace octet
