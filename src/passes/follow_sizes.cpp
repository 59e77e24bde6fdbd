#include "passes/follow_sizes.h"

#include <algorithm>
#include <cstring>
#include <optional>
#include <span>

#include "graph/open_sizes.h"
#include "graph/rebind.h"
#include "passes/passes.h"

namespace octet {
namespace {

std::vector<Dims> output_shapes(const Graph& graph) {
  std::vector<Dims> shapes;
  for (const TensorId id : graph.outputs) shapes.push_back(graph.at(id).dims);
  return shapes;
}

// The folded network with the open sizes of these names doubled; nothing where it cannot be.
std::optional<Graph> folded_larger(const Graph& source, std::span<const std::string> names) {
  Graph larger = source;  // shares the weights
  const std::vector<Dims> shapes = enlarged(source, names);
  for (std::size_t i = 0; i < shapes.size(); ++i) larger.at(larger.inputs[i]).dims = shapes[i];
  if (!fold_constants(larger).ok()) return std::nullopt;
  return larger;
}

// The shape as a pattern of the input's: 0 where it is the input's size in the same place and differs, -1 for one that
// differs otherwise.
std::optional<std::vector<std::int64_t>> pattern_of(const Dims& x, const Dims& x_larger, const Dims& out,
                                                    const Dims& out_larger) {
  std::vector<std::int64_t> pattern = out;
  bool open = false;
  for (std::size_t i = 0; i < out.size(); ++i) {
    if (out[i] == out_larger[i]) continue;
    if (i < x.size() && x[i] == out[i] && x_larger[i] == out_larger[i]) {
      pattern[i] = 0;
    } else if (!open) {
      pattern[i] = -1;
      open = true;
    } else {
      return std::nullopt;
    }
  }
  return pattern;
}

void take_pattern(const Graph& graph, const Graph& larger, Node& node, const Node& other) {
  const Dims &x = graph.at(node.inputs[0]).dims, &x_larger = larger.at(other.inputs[0]).dims;
  const Dims &out = graph.at(node.outputs[0]).dims, &out_larger = larger.at(other.outputs[0]).dims;
  const bool empty = std::find(out.begin(), out.end(), 0) != out.end();
  if (empty || x.size() != x_larger.size() || out.size() != out_larger.size() || out == out_larger) return;
  if (auto pattern = pattern_of(x, x_larger, out, out_larger)) {
    node.attrs.starts = *std::move(pattern);
    node.attrs.allow_zero = false;
  }
}

bool same_constant(const Tensor& a, const Tensor& b) {
  if (a.dims != b.dims || a.dtype != b.dtype || a.data.size() != b.data.size()) return false;
  return a.data.data() == b.data.data() || std::memcmp(a.data.data(), b.data.data(), a.data.size()) == 0;
}

// The same nodes, reading the same constants: what differs is shapes alone.
bool alike(const Graph& graph, const Graph& larger) {
  if (graph.nodes.size() != larger.nodes.size()) return false;
  for (std::size_t n = 0; n < graph.nodes.size(); ++n) {
    const Node &a = graph.nodes[n], &b = larger.nodes[n];
    if (a.op != b.op || a.inputs.size() != b.inputs.size() || a.outputs.size() != b.outputs.size()) return false;
    for (std::size_t i = 0; i < a.inputs.size(); ++i) {
      if (graph.is_constant(a.inputs[i]) != larger.is_constant(b.inputs[i])) return false;
      if (graph.is_constant(a.inputs[i]) && !same_constant(graph.at(a.inputs[i]), larger.at(b.inputs[i]))) return false;
    }
  }
  return true;
}

// Whether rebinding gives the shapes that the network itself has at these sizes.
bool follows(const Graph& graph, std::span<const std::string> names, const std::vector<Dims>& outputs) {
  Graph larger = graph;
  return follow_inputs(larger, enlarged(graph, names)).ok() && output_shapes(larger) == outputs;
}

// Takes patterns for these names; false where the network does not follow them.
bool follow_names(const Graph& source, Graph& graph, std::span<const std::string> names, FollowedSizes* sizes) {
  const std::optional<Graph> larger = folded_larger(source, names);
  if (!larger || !alike(graph, *larger)) return false;
  Graph patterned = graph;
  for (std::size_t n = 0; n < graph.nodes.size(); ++n) {
    if (graph.nodes[n].op == Op::reshape) take_pattern(graph, *larger, patterned.nodes[n], larger->nodes[n]);
  }
  if (!follows(patterned, names, output_shapes(*larger))) return false;
  graph = std::move(patterned);
  sizes->outputs = output_shapes(*larger);
  return true;
}

}  // namespace

Status fold_following(Graph& graph, FollowedSizes* sizes) {
  const std::vector<std::string> names = open_names(graph);
  const Graph source = graph;
  OCTET_TRY(fold_constants(graph));
  if (follow_names(source, graph, names, sizes)) return {};
  std::vector<std::string> kept, closed;
  for (const std::string& name : names) {
    Graph trial = graph;
    const bool alone = follow_names(source, trial, {&name, 1}, sizes);
    (alone ? kept : closed).push_back(name);
  }
  if (!kept.empty() && !follow_names(source, graph, kept, sizes)) {
    closed.insert(closed.end(), kept.begin(), kept.end());
  }
  close_sizes(graph, closed);
  return {};
}

void check_following(Graph& graph, const FollowedSizes& sizes) {
  const std::vector<std::string> names = open_names(graph);
  if (!names.empty() && !follows(graph, names, sizes.outputs)) close_sizes(graph, names);
}

}  // namespace octet
