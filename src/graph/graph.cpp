#include "graph/graph.h"

#include <algorithm>
#include <functional>
#include <limits>
#include <queue>

#include "base/checked.h"
#include "base/text.h"

namespace octet {

namespace {

std::size_t index_of(TensorId id) { return static_cast<std::size_t>(id); }

// A cycle runs through the nodes that a topological sort could not place, but so may paths that leave it. Walking
// from any of them against the edges, for as many steps as there are nodes, ends on the cycle.
std::size_t find_cycle(const Graph& graph, const std::vector<int>& producers, const std::vector<bool>& placed) {
  std::size_t at = static_cast<std::size_t>(std::find(placed.begin(), placed.end(), false) - placed.begin());
  for (std::size_t step = 0; step < graph.nodes.size(); ++step) {
    for (const TensorId id : graph.nodes[at].inputs) {
      const int producer = id == kNoTensor ? -1 : producers[index_of(id)];
      if (producer >= 0 && !placed[static_cast<std::size_t>(producer)]) {
        at = static_cast<std::size_t>(producer);
        break;
      }
    }
  }
  return at;
}

}  // namespace

TensorId Graph::add_tensor(std::string tensor_name, DType dtype, Dims dims) {
  Tensor& tensor = tensors.emplace_back();
  tensor.name = std::move(tensor_name);
  tensor.dtype = dtype;
  tensor.dims = std::move(dims);
  return static_cast<TensorId>(tensors.size() - 1);
}

TensorId Graph::add_constant(std::string tensor_name, DType dtype, Dims dims, Bytes data) {
  const TensorId id = add_tensor(std::move(tensor_name), dtype, std::move(dims));
  at(id).constant = true;
  at(id).data = std::move(data);
  return id;
}

std::vector<int> count_uses(const Graph& graph) {
  std::vector<int> uses(graph.tensors.size(), 0);
  for (const Node& node : graph.nodes) {
    for (const TensorId id : node.inputs) {
      if (id != kNoTensor) ++uses[index_of(id)];
    }
  }
  for (const TensorId id : graph.outputs) ++uses[index_of(id)];
  return uses;
}

std::vector<int> find_producers(const Graph& graph) {
  std::vector<int> producers(graph.tensors.size(), -1);
  for (std::size_t i = 0; i < graph.nodes.size(); ++i) {
    for (const TensorId id : graph.nodes[i].outputs) {
      if (id != kNoTensor) producers[index_of(id)] = static_cast<int>(i);
    }
  }
  return producers;
}

void remove_dead(Graph& graph) {
  const std::vector<int> producers = find_producers(graph);
  std::vector<bool> needed_node(graph.nodes.size(), false);
  std::vector<bool> named(graph.tensors.size(), false);
  std::vector<TensorId> pending(graph.outputs.begin(), graph.outputs.end());
  for (const TensorId id : graph.inputs) named[index_of(id)] = true;
  while (!pending.empty()) {
    const TensorId id = pending.back();
    pending.pop_back();
    if (id == kNoTensor) continue;
    named[index_of(id)] = true;
    const int producer = producers[index_of(id)];
    if (producer < 0 || needed_node[static_cast<std::size_t>(producer)]) continue;
    needed_node[static_cast<std::size_t>(producer)] = true;
    const Node& node = graph.nodes[static_cast<std::size_t>(producer)];
    pending.insert(pending.end(), node.inputs.begin(), node.inputs.end());
    for (const TensorId output : node.outputs) {
      if (output != kNoTensor) named[index_of(output)] = true;
    }
  }

  std::vector<TensorId> renumbered(graph.tensors.size(), kNoTensor);
  std::size_t kept_tensors = 0;
  for (std::size_t i = 0; i < graph.tensors.size(); ++i) {
    if (!named[i]) continue;
    renumbered[i] = static_cast<TensorId>(kept_tensors);
    if (kept_tensors != i) graph.tensors[kept_tensors] = std::move(graph.tensors[i]);
    ++kept_tensors;
  }
  graph.tensors.resize(kept_tensors);

  std::size_t kept_nodes = 0;
  for (std::size_t i = 0; i < graph.nodes.size(); ++i) {
    if (!needed_node[i]) continue;
    if (kept_nodes != i) graph.nodes[kept_nodes] = std::move(graph.nodes[i]);
    ++kept_nodes;
  }
  graph.nodes.resize(kept_nodes);

  const auto renumber = [&](std::vector<TensorId>& ids) {
    for (TensorId& id : ids) {
      if (id != kNoTensor) id = renumbered[index_of(id)];
    }
  };
  for (Node& node : graph.nodes) {
    renumber(node.inputs);
    renumber(node.outputs);
  }
  renumber(graph.inputs);
  renumber(graph.outputs);
}

Status sort_nodes(Graph& graph) {
  const std::size_t count = graph.nodes.size();
  const std::vector<int> producers = find_producers(graph);
  std::vector<std::size_t> waiting_for(count, 0);  // operands of the node that are not made yet
  std::vector<std::vector<std::size_t>> readers(count);
  for (std::size_t i = 0; i < count; ++i) {
    for (const TensorId id : graph.nodes[i].inputs) {
      const int producer = id == kNoTensor ? -1 : producers[index_of(id)];
      if (producer < 0) continue;
      readers[static_cast<std::size_t>(producer)].push_back(i);
      ++waiting_for[i];
    }
  }

  // The ready node that came first goes first: an order that was right already stays as it was.
  std::priority_queue<std::size_t, std::vector<std::size_t>, std::greater<>> ready;
  for (std::size_t i = 0; i < count; ++i) {
    if (waiting_for[i] == 0) ready.push(i);
  }
  std::vector<std::size_t> order;
  std::vector<bool> placed(count, false);
  order.reserve(count);
  while (!ready.empty()) {
    const std::size_t i = ready.top();
    ready.pop();
    order.push_back(i);
    placed[i] = true;
    for (const std::size_t reader : readers[i]) {
      if (--waiting_for[reader] == 0) ready.push(reader);
    }
  }
  if (order.size() != count) {
    const Node& node = graph.nodes[find_cycle(graph, producers, placed)];
    return fail(Code::format, describe(node) + " needs its own result: the network has a cycle");
  }

  std::vector<Node> sorted;
  sorted.reserve(count);
  for (const std::size_t i : order) sorted.push_back(std::move(graph.nodes[i]));
  graph.nodes = std::move(sorted);
  return {};
}

const char* kind_of(const Graph& graph, const Node& node) {
  switch (node.op) {
    case Op::unary:
      return name_of(node.attrs.unary);
    case Op::binary:
      return name_of(node.attrs.binary);
    case Op::conv: {
      const Dims& weight = graph.at(node.inputs[1]).dims;
      if (node.attrs.groups == 1) return "conv";
      return weight[1] == 1 && weight[0] == node.attrs.groups ? "depthwise conv" : "grouped conv";
    }
    default:
      return name_of(node.op);
  }
}

std::string describe(const Node& node) { return "node '" + printable(node.name) + "' (" + name_of(node.op) + ")"; }

std::int64_t count_macs(const Graph& graph, const Node& node) {
  std::int64_t results = 0;  // elements that are each summed over `depth` products
  std::int64_t depth = 1;
  switch (node.op) {
    case Op::conv: {
      const Dims& weight = graph.at(node.inputs[1]).dims;
      results = element_count(graph.at(node.outputs[0]).dims);
      depth = element_count({weight[1], weight[2], weight[3]});
      break;
    }
    case Op::conv_transpose: {
      const Dims& weight = graph.at(node.inputs[1]).dims;
      results = element_count(graph.at(node.inputs[0]).dims);
      depth = element_count({weight[1], weight[2], weight[3]});
      break;
    }
    case Op::gemm:
    case Op::mat_mul:
      results = element_count(graph.at(node.outputs[0]).dims);
      depth = graph.at(node.inputs[0]).dims.back();
      break;
    default:
      return 0;
  }
  std::int64_t macs = 0;
  return checked_mul(results, depth, &macs) ? macs : std::numeric_limits<std::int64_t>::max();
}

bool is_int8(const Graph& graph) {
  return std::any_of(graph.nodes.begin(), graph.nodes.end(), [&](const Node& node) {
    return std::any_of(node.outputs.begin(), node.outputs.end(),
                       [&](TensorId id) { return graph.at(id).dtype == DType::i8; });
  });
}

std::int64_t weight_bytes(const Graph& graph) {
  std::int64_t bytes = 0;
  for (const Tensor& tensor : graph.tensors) {
    if (tensor.constant) bytes += static_cast<std::int64_t>(tensor.data.size());
  }
  return bytes;
}

MacCount count_macs(const Graph& graph) {
  MacCount count;
  for (const Node& node : graph.nodes) {
    const std::int64_t macs = count_macs(graph, node);
    count.all += macs;
    if (graph.at(node.inputs[0]).dtype == DType::i8) count.int8 += macs;
  }
  return count;
}

}  // namespace octet
