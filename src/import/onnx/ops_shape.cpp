// Operators that change the shape and leave the values in their order, and transposition.
#include "import/onnx/operators.h"

namespace octet::onnx {
namespace {

Status convert_reshape(NodeContext& node) {
  Attributes attrs;
  attrs.allow_zero = node.flag_attr("allowzero");
  return node.result(Op::reshape, {node.input(0), node.builder().as_i64(node.input(1))}, attrs);
}

Status convert_flatten(NodeContext& node) {
  Attributes attrs;
  attrs.axis = node.int_attr("axis", 1);
  return node.result(Op::flatten, {node.input(0)}, attrs);
}

// Squeeze and Unsqueeze: axes are an attribute before opset 13, then an input.
Status convert_axes(NodeContext& node, Op op, bool required) {
  if (node.opset() >= 13) {
    if (node.input(1) != kNoTensor) return node.result(op, {node.input(0), node.builder().as_i64(node.input(1))});
    return required ? NodeContext::invalid("its input 'axes' is missing") : node.result(op, {node.input(0)});
  }
  Attributes attrs;
  attrs.axes = node.ints_attr("axes");
  if (required && attrs.axes.empty()) return NodeContext::invalid("its attribute 'axes' is missing");
  return node.result(op, {node.input(0)}, attrs);
}

Status convert_squeeze(NodeContext& node) { return convert_axes(node, Op::squeeze, false); }
Status convert_unsqueeze(NodeContext& node) { return convert_axes(node, Op::unsqueeze, true); }

Status convert_transpose(NodeContext& node) {
  Attributes attrs;
  attrs.axes = node.ints_attr("perm");
  const Tensor* constant = node.constant(0);
  const bool matrix = constant != nullptr && constant->dims.size() == 2;
  const bool swaps = attrs.axes.empty() || attrs.axes == std::vector<std::int64_t>{1, 0};
  // A weight that the exporter left transposed: MatMul and Gemm want to see the constant.
  if (matrix && swaps && !node.first_output_is_graph_output()) {
    return node.result_alias(node.builder().transposed(node.input(0)));
  }
  return node.result(Op::transpose, {node.input(0)}, attrs);
}

Status convert_block(NodeContext& node, Op op) {
  Attributes attrs;
  attrs.block = node.int_attr("blocksize", 0);
  if (attrs.block < 1 || attrs.block > 65536) {
    return NodeContext::invalid("blocksize is " + std::to_string(attrs.block));
  }
  if (op == Op::depth_to_space) {
    const auto mode = node.string_attr("mode", "DCR");
    if (mode != "DCR" && mode != "CRD") return NodeContext::invalid("attribute 'mode' is neither 'DCR' nor 'CRD'");
    attrs.crd = mode == "CRD";
  }
  return node.result(op, {node.input(0)}, attrs);
}

Status convert_depth_to_space(NodeContext& node) { return convert_block(node, Op::depth_to_space); }
Status convert_space_to_depth(NodeContext& node) { return convert_block(node, Op::space_to_depth); }

constexpr Operator kOperators[] = {
    {"DepthToSpace", 1, kNewestOpset, 1, 1, convert_depth_to_space},
    {"Flatten", 1, kNewestOpset, 1, 1, convert_flatten},
    {"Reshape", 5, kNewestOpset, 2, 2, convert_reshape},
    {"SpaceToDepth", 1, kNewestOpset, 1, 1, convert_space_to_depth},
    {"Squeeze", 1, kNewestOpset, 1, 2, convert_squeeze},
    {"Transpose", 1, kNewestOpset, 1, 1, convert_transpose},
    {"Unsqueeze", 1, kNewestOpset, 1, 2, convert_unsqueeze},
};

}  // namespace

std::span<const Operator> shape_operators() { return kOperators; }

}  // namespace octet::onnx
