// The Reduce operators. Axes are an attribute at first, then an input: since opset 13 of ReduceSum, 18 of the others.
#include "import/onnx/operators.h"

namespace octet::onnx {
namespace {

// What reducing over no axis at all leaves as it is.
bool keeps_single_values(ReduceKind kind) {
  return kind == ReduceKind::mean || kind == ReduceKind::sum || kind == ReduceKind::max || kind == ReduceKind::min ||
         kind == ReduceKind::prod || kind == ReduceKind::log_sum_exp;
}

template <ReduceKind kind>
Status convert_reduce(NodeContext& node) {
  Attributes attrs;
  attrs.reduce = kind;
  attrs.keep_dims = node.flag_attr("keepdims", true);
  const int input_since = kind == ReduceKind::sum ? 13 : 18;
  if (node.opset() < input_since) {
    attrs.axes = node.ints_attr("axes");
    if (node.input_count() > 1) return NodeContext::invalid("axes are an attribute in this opset, not an input");
    return node.result(Op::reduce, {node.input(0)}, attrs);
  }
  const bool nothing_where_empty = node.flag_attr("noop_with_empty_axes");
  const TensorId axes = node.builder().as_i64(node.input(1));
  const auto known = axes == kNoTensor ? std::nullopt : node.builder().ints_of(axes);
  const bool empty = axes == kNoTensor || (known.has_value() && known->empty());
  if (empty && nothing_where_empty) {
    if (keeps_single_values(kind)) return node.result(Op::identity, {node.input(0)});
    return NodeContext::unsupported("noop_with_empty_axes without axes is not supported");
  }
  if (empty) return node.result(Op::reduce, {node.input(0)}, attrs);
  if (nothing_where_empty && !known.has_value()) {
    return NodeContext::unsupported("noop_with_empty_axes with computed axes is not supported");
  }
  return node.result(Op::reduce, {node.input(0), axes}, attrs);
}

constexpr Operator kOperators[] = {
    {"ReduceL1", 1, kNewestOpset, 1, 2, convert_reduce<ReduceKind::l1>},
    {"ReduceL2", 1, kNewestOpset, 1, 2, convert_reduce<ReduceKind::l2>},
    {"ReduceLogSum", 1, kNewestOpset, 1, 2, convert_reduce<ReduceKind::log_sum>},
    {"ReduceLogSumExp", 1, kNewestOpset, 1, 2, convert_reduce<ReduceKind::log_sum_exp>},
    {"ReduceMax", 1, kNewestOpset, 1, 2, convert_reduce<ReduceKind::max>},
    {"ReduceMean", 1, kNewestOpset, 1, 2, convert_reduce<ReduceKind::mean>},
    {"ReduceMin", 1, kNewestOpset, 1, 2, convert_reduce<ReduceKind::min>},
    {"ReduceProd", 1, kNewestOpset, 1, 2, convert_reduce<ReduceKind::prod>},
    {"ReduceSum", 1, kNewestOpset, 1, 2, convert_reduce<ReduceKind::sum>},
    {"ReduceSumSquare", 1, kNewestOpset, 1, 2, convert_reduce<ReduceKind::sum_square>},
};

}  // namespace

std::span<const Operator> reduction_operators() { return kOperators; }

}  // namespace octet::onnx
