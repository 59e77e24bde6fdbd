// Normalization. BatchNormalization is an operator of the engine; the others are composed of what they compute.
#include "base/text.h"
#include "import/onnx/operators.h"

namespace octet::onnx {
namespace {

Status convert_batch_norm(NodeContext& node) {
  node.ignore({"momentum"});  // of training
  if (!node.flag_attr("spatial", true)) return NodeContext::unsupported("spatial = 0 is not supported");
  if (node.flag_attr("training_mode")) {
    return NodeContext::unsupported("training_mode = 1; export the model for inference");
  }
  Attributes attrs;
  attrs.alpha = node.float_attr("epsilon", 1e-5f);
  return node.result(Op::batch_norm, node.inputs(), attrs);
}

TensorId emit_mean(NodeContext& node, TensorId x, const std::vector<std::int64_t>& axes) {
  Attributes attrs;
  attrs.reduce = ReduceKind::mean;
  attrs.axes = axes;
  return node.emit(Op::reduce, {x}, attrs);
}

struct Standardized {
  TensorId values;         // (x - mean) / sqrt(variance + epsilon)
  TensorId mean, inverse;  // mean, 1 / sqrt(variance + epsilon)
};

// Over the axes.
Standardized emit_standardized(NodeContext& node, TensorId x, const std::vector<std::int64_t>& axes, float epsilon) {
  Standardized result{};
  result.mean = emit_mean(node, x, axes);
  const TensorId centered = node.emit_binary(BinaryKind::sub, x, result.mean);
  const TensorId variance = emit_mean(node, node.emit_unary(UnaryKind::square, centered), axes);
  const TensorId shifted = node.emit_binary(BinaryKind::add, variance, node.scalar(epsilon));
  result.inverse = node.emit_unary(UnaryKind::rsqrt, shifted);
  result.values = node.emit_binary(BinaryKind::mul, centered, result.inverse);
  return result;
}

// [C] -> [C, 1, ..., 1] so that it meets dimension 1 of `rank` dimensions.
TensorId per_channel(NodeContext& node, TensorId vector, int rank) {
  Attributes attrs;
  for (int axis = 1; axis + 1 < rank; ++axis) attrs.axes.push_back(axis);
  return attrs.axes.empty() ? vector : node.emit(Op::unsqueeze, {vector}, attrs);
}

Status convert_instance_norm(NodeContext& node) {
  const int rank = node.rank(0) == kUnknownRank ? 4 : node.rank(0);
  if (rank < 3) return NodeContext::invalid("its input has " + std::to_string(rank) + " dimensions");
  std::vector<std::int64_t> axes;
  for (int axis = 2; axis < rank; ++axis) axes.push_back(axis);
  const TensorId normal = emit_standardized(node, node.input(0), axes, node.float_attr("epsilon", 1e-5f)).values;
  const TensorId scaled = node.emit_binary(BinaryKind::mul, normal, per_channel(node, node.input(1), rank));
  return node.result_binary(BinaryKind::add, scaled, per_channel(node, node.input(2), rank));
}

// Over the dimensions from `axis` on; scale and bias have their shape.
Status convert_layer_norm(NodeContext& node) {
  node.ignore({"stash_type"});  // everything is computed in float32
  const std::int64_t axis = node.int_attr("axis", -1);
  const int rank = node.rank(0);
  if (axis >= 0 && rank == kUnknownRank) {
    return NodeContext::unsupported("the rank of its input is not known; export with a negative axis");
  }
  const std::int64_t first = axis < 0 ? axis : axis - rank;
  if (first >= 0 || first < -(rank == kUnknownRank ? 8 : rank)) {
    return NodeContext::invalid("axis " + std::to_string(axis) + " is out of range");
  }
  std::vector<std::int64_t> axes;
  for (std::int64_t i = first; i < 0; ++i) axes.push_back(i);
  const Standardized standardized = emit_standardized(node, node.input(0), axes, node.float_attr("epsilon", 1e-5f));
  OCTET_TRY(node.further_output(1, standardized.mean));
  OCTET_TRY(node.further_output(2, standardized.inverse));
  const TensorId normal = standardized.values;
  if (node.input(2) == kNoTensor) return node.result_binary(BinaryKind::mul, normal, node.input(1));
  const TensorId scaled = node.emit_binary(BinaryKind::mul, normal, node.input(1));
  return node.result_binary(BinaryKind::add, scaled, node.input(2));
}

// [N, C, ...] as [N, groups, -1]. Scale and bias are one a group in opset 18, one a channel since 21.
Status convert_group_norm(NodeContext& node) {
  node.ignore({"stash_type"});
  const std::int64_t groups = node.int_attr("num_groups", 0);
  const int rank = node.rank(0) == kUnknownRank ? 4 : node.rank(0);
  if (groups < 1) return NodeContext::invalid("num_groups is " + std::to_string(groups));
  Attributes grouped;
  grouped.sizes = {0, groups, -1};
  const TensorId x = node.emit(Op::reshape, {node.input(0)}, grouped);
  TensorId normal = emit_standardized(node, x, {2}, node.float_attr("epsilon", 1e-5f)).values;
  const TensorId shape = node.emit(Op::shape, {node.input(0)});
  if (node.opset() >= 21) normal = node.emit(Op::reshape, {normal, shape});
  const int affine_rank = node.opset() >= 21 ? rank : 3;
  const TensorId scaled = node.emit_binary(BinaryKind::mul, normal, per_channel(node, node.input(1), affine_rank));
  const TensorId bias = per_channel(node, node.input(2), affine_rank);
  if (node.opset() >= 21) return node.result_binary(BinaryKind::add, scaled, bias);
  return node.result(Op::reshape, {node.emit_binary(BinaryKind::add, scaled, bias), shape});
}

Status convert_mean_variance_norm(NodeContext& node) {
  std::vector<std::int64_t> axes = node.ints_attr("axes");
  if (axes.empty()) axes = {0, 2, 3};
  const TensorId centered = node.emit_binary(BinaryKind::sub, node.input(0), emit_mean(node, node.input(0), axes));
  const TensorId variance = emit_mean(node, node.emit_unary(UnaryKind::square, centered), axes);
  const TensorId deviation = node.emit_unary(UnaryKind::sqrt, variance);
  return node.result_binary(BinaryKind::div, centered,
                            node.emit_binary(BinaryKind::add, deviation, node.scalar(1e-9f)));
}

Status convert_lp_norm(NodeContext& node) {
  const std::int64_t p = node.int_attr("p", 2);
  if (p != 1 && p != 2) return NodeContext::invalid("p is " + std::to_string(p));
  Attributes norm;
  norm.reduce = p == 1 ? ReduceKind::l1 : ReduceKind::l2;
  norm.axes = {node.int_attr("axis", -1)};
  return node.result_binary(BinaryKind::div, node.input(0), node.emit(Op::reduce, {node.input(0)}, norm));
}

// x / (bias + alpha * mean of x^2 over `size` neighbouring channels, zeros outside) ^ beta. The mean is an average
// pool along the channels, which for the purpose take the place of the height.
Status convert_lrn(NodeContext& node) {
  const std::int64_t size = node.int_attr("size", 0);
  if (size < 1 || size > 4096) return NodeContext::invalid("size is " + std::to_string(size));
  if (node.rank(0) != 4 && node.rank(0) != kUnknownRank) {
    return NodeContext::unsupported("its input has " + std::to_string(node.rank(0)) + " dimensions, not 4");
  }
  const TensorId x = node.input(0);
  Attributes swap;
  swap.axes = {0, 2, 1, 3};
  Attributes pool;
  pool.window.kernel = {size, 1};
  pool.window.pads = {(size - 1) / 2, 0, size / 2, 0};
  pool.count_include_pad = true;
  const TensorId squares = node.emit(Op::transpose, {node.emit_unary(UnaryKind::square, x)}, swap);
  const TensorId means = node.emit(Op::transpose, {node.emit(Op::average_pool, {squares}, pool)}, swap);
  const TensorId scaled = node.emit_binary(BinaryKind::mul, means, node.scalar(node.float_attr("alpha", 1e-4f)));
  const TensorId base = node.emit_binary(BinaryKind::add, scaled, node.scalar(node.float_attr("bias", 1.0f)));
  const TensorId divisor = node.emit_binary(BinaryKind::pow, base, node.scalar(node.float_attr("beta", 0.75f)));
  return node.result_binary(BinaryKind::div, x, divisor);
}

constexpr Operator kOperators[] = {
    {"BatchNormalization", 7, kNewestOpset, 5, 5, convert_batch_norm},
    {"GroupNormalization", 18, kNewestOpset, 3, 3, convert_group_norm},
    {"InstanceNormalization", 6, kNewestOpset, 3, 3, convert_instance_norm},
    {"LRN", 1, kNewestOpset, 1, 1, convert_lrn},
    {"LayerNormalization", 17, kNewestOpset, 2, 3, convert_layer_norm},
    {"LpNormalization", 1, kNewestOpset, 1, 1, convert_lp_norm},
    {"MeanVarianceNormalization", 9, kNewestOpset, 1, 1, convert_mean_variance_norm},
};

}  // namespace

std::span<const Operator> normalization_operators() { return kOperators; }

}  // namespace octet::onnx
