#include <algorithm>

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

// A node that reads the result of the same kind of node reads that one's input instead.
void skip_first(Rewriter& rewriter, Node& node) {
  const Node* first = rewriter.producer(node.inputs[0], node.op);
  if (first == nullptr || rewriter.graph().at(node.inputs[0]).dtype != DType::f32) return;  // int8: may requantize
  if (node.op == Op::transpose) {
    for (std::int64_t& axis : node.attrs.axes) axis = first->attrs.axes[static_cast<std::size_t>(axis)];
  }
  node.attrs.starts = {};  // the pattern of a reshape is that of its own input
  rewriter.set_input(node, 0, first->inputs[0]);
}

bool same_limits(const Node& node) {
  const auto clamp = clamp_of(node);
  return clamp && !clamp->active();
}

// Nodes whose first output equals their first input, whatever its values are.
bool does_nothing(const Graph& graph, const Node& node) {
  const Tensor& x = graph.at(node.inputs[0]);
  const Tensor& out = graph.at(node.outputs[0]);
  if (x.dims != out.dims || x.dtype != out.dtype || !(x.quant == out.quant)) return false;
  const auto all = [](const std::vector<std::int64_t>& values, std::int64_t expected) {
    return std::all_of(values.begin(), values.end(), [&](std::int64_t value) { return value == expected; });
  };
  switch (node.op) {
    case Op::reshape:
    case Op::expand:
      return true;
    case Op::transpose:
      return keeps_order(x.dims, node.attrs.axes);
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
  return rewrite(graph, [&](Rewriter& rewriter, Node& node) -> Status {
    if (node.op == Op::transpose) {
      skip_first(rewriter, node);
      if (keeps_order(graph.at(node.inputs[0]).dims, node.attrs.axes)) {
        node.op = Op::reshape;
        node.attrs = {};
        node.attrs.sizes = graph.at(node.outputs[0]).dims;
      }
    }
    if (node.op == Op::reshape) skip_first(rewriter, node);
    if (does_nothing(graph, node)) {
      rewriter.forward(node, node.inputs[0]);
      return {};
    }
    rewriter.emit(std::move(node));
    return {};
  });
}

}  // namespace octet
