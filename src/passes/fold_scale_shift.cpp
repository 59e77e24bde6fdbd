#include <algorithm>
#include <functional>

#include "passes/linear.h"
#include "passes/passes.h"
#include "passes/rewrite.h"

namespace octet {

namespace {

// Takes `node`, whose operand 1 - `side` is a constant, into the linear operator that makes operand `side`.
bool fold(Rewriter& rewriter, Node& node, std::size_t side) {
  Graph& graph = rewriter.graph();
  const TensorId x = node.inputs[side];
  Node* linear = rewriter.producer(x);
  if (linear == nullptr || !rewriter.used_once(x) || !is_foldable(graph, *linear)) return false;
  const Dims& dims = graph.at(x).dims;
  if (graph.at(node.outputs[0]).dims != dims) return false;
  const auto constant = channel_values(graph, node.inputs[1 - side], dims, channel_axis(graph, *linear));
  if (!constant) return false;

  std::vector<double> scale(constant->size(), 1.0);
  std::vector<double> shift(constant->size(), 0.0);
  switch (node.attrs.binary) {
    case BinaryKind::add:
      shift = *constant;
      break;
    case BinaryKind::sub:  // x - c, or c - x
      shift = *constant;
      if (side == 0) std::transform(shift.begin(), shift.end(), shift.begin(), std::negate<>());
      if (side == 1) std::fill(scale.begin(), scale.end(), -1.0);
      break;
    case BinaryKind::mul:
      scale = *constant;
      break;
    case BinaryKind::div:
      if (side == 1 || std::find(constant->begin(), constant->end(), 0.0) != constant->end()) return false;
      std::transform(constant->begin(), constant->end(), scale.begin(), [](double value) { return 1.0 / value; });
      break;
    default:
      return false;
  }
  if (!fold_into(graph, *linear, scale, shift)) return false;
  linear->attrs.clamp = node.attrs.clamp;
  rewriter.absorb(*linear, node);
  return true;
}

}  // namespace

Status fold_scale_shift(Graph& graph) {
  return rewrite(graph, [&](Rewriter& rewriter, Node& node) -> Status {
    if (node.op == Op::binary && (fold(rewriter, node, 0) || fold(rewriter, node, 1))) return {};
    rewriter.emit(std::move(node));
    return {};
  });
}

}  // namespace octet
