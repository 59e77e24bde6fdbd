// Gemm and MatMul. A constant right-hand matrix becomes the weight [N, K] of Op::gemm; the rest is Op::mat_mul.
#include "import/onnx/operators.h"

namespace octet::onnx {
namespace {

bool is_constant_matrix(const NodeContext& node, std::size_t i) {
  const Tensor* constant = node.constant(i);
  return constant != nullptr && constant->dtype == DType::f32 && constant->dims.size() == 2;
}

TensorId swap_last_two(NodeContext& node, TensorId matrix) {
  Attributes attrs;
  attrs.axes = {1, 0};
  return node.emit(Op::transpose, {matrix}, attrs);
}

// The bias [N] of Op::gemm where C is one value a column; kNoTensor where it must be added separately.
TensorId as_bias(NodeContext& node, std::int64_t columns) {
  const Tensor* constant = node.constant(2);
  if (constant == nullptr || constant->dtype != DType::f32) return kNoTensor;
  const Dims& dims = constant->dims;
  if (dims == Dims{columns}) return node.input(2);
  if (dims == Dims{1, columns}) return node.builder().reshaped(node.input(2), {columns});
  return kNoTensor;
}

// alpha * A' * B' + beta * C. Factors other than 1 become multiplications, which a pass folds into the weights.
Status convert_gemm(NodeContext& node) {
  const float alpha = node.float_attr("alpha", 1.0f);
  const float beta = node.float_attr("beta", 1.0f);
  const bool transposed_a = node.flag_attr("transA");
  const bool transposed_b = node.flag_attr("transB");
  const TensorId c = beta == 0 ? kNoTensor : node.input(2);

  const TensorId a = transposed_a ? swap_last_two(node, node.input(0)) : node.input(0);
  Op op = Op::gemm;
  std::vector<TensorId> operands{a, node.input(1)};
  TensorId bias = kNoTensor;
  if (is_constant_matrix(node, 1)) {
    if (!transposed_b) operands[1] = node.builder().transposed(node.input(1));
    const std::int64_t columns = node.builder().tensor(operands[1]).dims[0];
    if (c != kNoTensor && alpha == 1 && beta == 1) bias = as_bias(node, columns);
    if (bias != kNoTensor) operands.push_back(bias);
  } else {
    op = Op::mat_mul;
    if (transposed_b) operands[1] = swap_last_two(node, operands[1]);
  }

  const bool adds = c != kNoTensor && bias == kNoTensor;
  if (!adds && alpha == 1) return node.result(op, operands);
  TensorId product = node.emit(op, operands);
  if (alpha != 1) {
    if (!adds) return node.result_binary(BinaryKind::mul, product, node.scalar(alpha));
    product = node.emit_binary(BinaryKind::mul, product, node.scalar(alpha));
  }
  const TensorId scaled = beta == 1 ? c : node.emit_binary(BinaryKind::mul, c, node.scalar(beta));
  return node.result_binary(BinaryKind::add, product, scaled);
}

// A vector on the left is a row, on the right a column; the dimension that this adds is taken away behind.
Status convert_mat_mul(NodeContext& node) {
  if (is_constant_matrix(node, 1)) {
    return node.result(Op::gemm, {node.input(0), node.builder().transposed(node.input(1))});
  }
  const bool row = node.rank(0) == 1;
  const bool column = node.rank(1) == 1;
  if (!row && !column) return node.result(Op::mat_mul, {node.input(0), node.input(1)});

  Attributes added, removed;
  std::vector<TensorId> operands = node.inputs();
  if (row) {
    added.axes = {0};
    operands[0] = node.emit(Op::unsqueeze, {operands[0]}, added);
    removed.axes.push_back(-2);
  }
  if (column) {
    added.axes = {1};
    operands[1] = node.emit(Op::unsqueeze, {operands[1]}, added);
    removed.axes.push_back(-1);
  }
  return node.result(Op::squeeze, {node.emit(Op::mat_mul, operands)}, removed);
}

constexpr Operator kOperators[] = {
    {"Gemm", 7, kNewestOpset, 2, 3, convert_gemm},
    {"MatMul", 1, kNewestOpset, 2, 2, convert_mat_mul},
};

}  // namespace

std::span<const Operator> matrix_operators() { return kOperators; }

}  // namespace octet::onnx
