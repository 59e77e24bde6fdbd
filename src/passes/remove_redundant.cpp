#include <algorithm>

#include "graph/open_sizes.h"
#include "passes/passes.h"
#include "passes/rewrite.h"

namespace octet {

namespace {

// Whether the order of the elements in memory is the same before and after: dimensions of 1 alone change places.
bool keeps_order(const Dims& dims, const std::vector<std::int64_t>& permutation) {
  std::int64_t last = -1;
  for (const std::int64_t axis : permutation) {
    if (dims[static_cast<std::size_t>(axis)] == 1) continue;
    if (axis < last) return false;
    last = axis;
  }
  return true;
}

// The shapes of the network at other open sizes: what does nothing only because a size is 1 here, or no larger, stays.
class OtherShapes {
 public:
  explicit OtherShapes(const Graph& graph) {
    if (!has_open_sizes(graph)) return;
    if (const auto larger = enlarged_graph(graph); larger.ok()) {
      for (const Tensor& tensor : larger->tensors) dims_.push_back(tensor.dims);
    }
  }
  // Of a tensor that the network had before.
  const Dims& of(const Graph& graph, TensorId id) const {
    const auto index = static_cast<std::size_t>(id);
    return index < dims_.size() ? dims_[index] : graph.at(id).dims;
  }

 private:
  std::vector<Dims> dims_;
};

// A transpose that keeps the order of elements as a reshape, whose sizes that keep their place follow the input;
// nothing changes where others would have to.
void become_reshape(const Graph& graph, const OtherShapes& others, Node& node) {
  const Dims &out = graph.at(node.outputs[0]).dims, &other = others.of(graph, node.outputs[0]);
  std::vector<std::int64_t> pattern = out;
  for (std::size_t i = 0; i < out.size(); ++i) {
    const bool in_place = node.attrs.axes[i] == static_cast<std::int64_t>(i);
    if (!in_place && out[i] != other[i]) return;
    if (in_place) pattern[i] = 0;
  }
  node.op = Op::reshape;
  node.attrs = {};
  node.attrs.sizes = out;
  node.attrs.starts = std::move(pattern);
}

// One reshape for two. Sizes that the second takes from the result of the first come from where the first has them
// from; nothing where that cannot be said, or a size is not said by any of them.
std::vector<std::int64_t> joined_pattern(const Node& first, const Node& second) {
  if (first.attrs.allow_zero || second.attrs.allow_zero || second.attrs.starts.empty()) return {};
  const auto& before = first.attrs.starts.empty() ? first.attrs.sizes : first.attrs.starts;
  std::vector<std::int64_t> pattern = second.attrs.starts;
  for (std::size_t i = 0; i < pattern.size(); ++i) {
    if (pattern[i] == 0) pattern[i] = before[i];
  }
  return std::count(pattern.begin(), pattern.end(), -1) > 1 ? std::vector<std::int64_t>() : pattern;
}

// A node that reads the result of the same kind of node reads that one's input instead.
void skip_first(Rewriter& rewriter, Node& node) {
  const Node* first = rewriter.producer(node.inputs[0], node.op);
  if (first == nullptr || rewriter.graph().at(node.inputs[0]).dtype != DType::f32) return;  // int8: may requantize
  if (node.op == Op::transpose) {
    for (std::int64_t& axis : node.attrs.axes) axis = first->attrs.axes[static_cast<std::size_t>(axis)];
  }
  // The pattern of a reshape is that of its own input.
  if (node.op == Op::reshape) node.attrs.starts = joined_pattern(*first, node);
  rewriter.set_input(node, 0, first->inputs[0]);
}

bool same_limits(const Node& node) {
  const auto clamp = clamp_of(node);
  return clamp && !clamp->active();
}

// Nodes whose first output equals their first input, whatever its values are.
bool does_nothing(const Graph& graph, const OtherShapes& others, const Node& node) {
  const Tensor& x = graph.at(node.inputs[0]);
  const Tensor& out = graph.at(node.outputs[0]);
  if (others.of(graph, node.inputs[0]) != others.of(graph, node.outputs[0])) return false;
  if (x.dims != out.dims || x.dtype != out.dtype || !(x.quant == out.quant)) return false;
  const auto all = [](const std::vector<std::int64_t>& values, std::int64_t expected) {
    return std::all_of(values.begin(), values.end(), [&](std::int64_t value) { return value == expected; });
  };
  switch (node.op) {
    case Op::reshape:
    case Op::expand:
      return true;
    case Op::transpose:
      return keeps_order(x.dims, node.attrs.axes) && keeps_order(others.of(graph, node.inputs[0]), node.attrs.axes);
    case Op::concat:
    case Op::split:
      return node.inputs.size() == 1 && node.outputs.size() == 1;
    case Op::slice:
      return std::all_of(node.attrs.steps.begin(), node.attrs.steps.end(), [](std::int64_t step) { return step > 0; });
    case Op::pad:
      return all(node.attrs.sizes, 0);
    case Op::resize:
      return node.attrs.scales.empty() ||
             std::all_of(node.attrs.scales.begin(), node.attrs.scales.end(), [](float scale) { return scale == 1; });
    case Op::depth_to_space:
    case Op::space_to_depth:
      return node.attrs.block == 1;
    case Op::unary:
      return same_limits(node);
    default:
      return false;
  }
}

}  // namespace

Status remove_redundant(Graph& graph) {
  const OtherShapes others(graph);
  return rewrite(graph, [&](Rewriter& rewriter, Node& node) -> Status {
    if (node.op == Op::transpose) {
      skip_first(rewriter, node);
      if (keeps_order(graph.at(node.inputs[0]).dims, node.attrs.axes) &&
          keeps_order(others.of(graph, node.inputs[0]), node.attrs.axes)) {
        become_reshape(graph, others, node);
      }
    }
    if (node.op == Op::reshape) skip_first(rewriter, node);
    if (does_nothing(graph, others, node)) {
      rewriter.forward(node, node.inputs[0]);
      return {};
    }
    rewriter.emit(std::move(node));
    return {};
  });
}

}  // namespace octet
