// Operators whose operands and results are integers with their scales beside them (the QOperator form): each becomes
// the float operator between dequantize and quantize. Those of the domain com.microsoft are ONNX Runtime's own.
#include "base/text.h"
#include "import/onnx/operators.h"
#include "import/onnx/quantized_operands.h"

namespace octet::onnx {
namespace {

// A bias is in units of the input's scale times the weight's.
Result<TensorId> bias_of(NodeContext& node, std::size_t bias, std::size_t x_scale, std::size_t w_scale,
                         std::size_t w_zero_point, float factor) {
  OCTET_ASSIGN(const Scaling x, read_tensor_scaling(node, x_scale, node.input_count()));
  OCTET_ASSIGN(const Scaling w, read_scaling(node, w_scale, w_zero_point));
  return read_bias(node, bias, w.scales, x.scales[0] * factor);
}

// x, x_scale, x_zero_point, w, w_scale, w_zero_point, y_scale, y_zero_point, [bias]
Status convert_conv(NodeContext& node) {
  OCTET_ASSIGN(const TensorId x, read_real(node, 0, 1, 2));
  OCTET_ASSIGN(const TensorId w, read_real(node, 3, 4, 5, 0));
  std::vector<TensorId> operands{x, w};
  if (node.input(8) != kNoTensor) {
    OCTET_ASSIGN(const TensorId bias, bias_of(node, 8, 1, 4, 5, 1));
    operands.push_back(bias);
  }
  OCTET_ASSIGN(const int group, result_group(node, 6, 7));
  node.set_inputs(std::move(operands));
  node.quantize_result(group);
  return convert_as(node, "Conv");
}

// a, a_scale, a_zero_point, b, b_scale, b_zero_point, y_scale, y_zero_point; the scales of b may be one a column.
Status convert_mat_mul(NodeContext& node) {
  OCTET_ASSIGN(const TensorId a, read_real(node, 0, 1, 2));
  OCTET_ASSIGN(const TensorId b, read_real(node, 3, 4, 5, -1));
  OCTET_ASSIGN(const int group, result_group(node, 6, 7));
  node.set_inputs({a, b});
  node.quantize_result(group);
  return convert_as(node, "MatMul");
}

// a, a_scale, a_zero_point, b, b_scale, b_zero_point, [c], [y_scale, y_zero_point]; float32 without y_scale. c is in
// units of alpha times both scales.
Status convert_gemm(NodeContext& node) {
  const float alpha = node.float_attr("alpha", 1.0f);
  const std::int64_t column_axis = node.flag_attr("transB") ? 0 : 1;
  OCTET_ASSIGN(const TensorId a, read_real(node, 0, 1, 2));
  OCTET_ASSIGN(const TensorId b, read_real(node, 3, 4, 5, column_axis));
  std::vector<TensorId> operands{a, b};
  if (node.input(6) != kNoTensor) {
    OCTET_ASSIGN(const TensorId c, bias_of(node, 6, 1, 4, 5, alpha));
    operands.push_back(c);
  }
  if (node.input(7) != kNoTensor) {
    OCTET_ASSIGN(const int group, result_group(node, 7, 8));
    node.quantize_result(group);
  }
  node.set_inputs(std::move(operands));
  return convert_as(node, "Gemm");
}

// a, a_scale, a_zero_point, b, b_scale, b_zero_point, y_scale, y_zero_point
Status convert_binary(NodeContext& node, std::string_view float_operator) {
  OCTET_ASSIGN(const TensorId a, read_real(node, 0, 1, 2));
  OCTET_ASSIGN(const TensorId b, read_real(node, 3, 4, 5));
  OCTET_ASSIGN(const int group, result_group(node, 6, 7));
  node.set_inputs({a, b});
  node.quantize_result(group);
  return convert_as(node, float_operator);
}

Status convert_add(NodeContext& node) { return convert_binary(node, "Add"); }
Status convert_mul(NodeContext& node) { return convert_binary(node, "Mul"); }

// y_scale, y_zero_point, then x, x_scale, x_zero_point for each input.
Status convert_concat(NodeContext& node) {
  if (node.input_count() % 3 != 2) {
    return NodeContext::invalid("it has " + std::to_string(node.input_count()) +
                                " operands: two for the result and three for each input are needed");
  }
  std::vector<TensorId> operands;
  for (std::size_t i = 2; i < node.input_count(); i += 3) {
    OCTET_ASSIGN(const TensorId x, read_real(node, i, i + 1, i + 2));
    operands.push_back(x);
  }
  OCTET_ASSIGN(const int group, result_group(node, 0, 1));
  node.set_inputs(std::move(operands));
  node.quantize_result(group);
  return convert_as(node, "Concat");
}

// x, x_scale, x_zero_point, y_scale, y_zero_point
Status convert_one_input(NodeContext& node, std::string_view float_operator) {
  if (node.int_attr("channels_last", 0) != 0) {
    return NodeContext::unsupported("channels_last = 1 is not supported; export the model with channels first");
  }
  OCTET_ASSIGN(const TensorId x, read_real(node, 0, 1, 2));
  OCTET_ASSIGN(const int group, result_group(node, 3, 4));
  node.set_inputs({x});
  node.quantize_result(group);
  return convert_as(node, float_operator);
}

Status convert_average_pool(NodeContext& node) { return convert_one_input(node, "AveragePool"); }
Status convert_global_average_pool(NodeContext& node) { return convert_one_input(node, "GlobalAveragePool"); }
Status convert_leaky_relu(NodeContext& node) { return convert_one_input(node, "LeakyRelu"); }
Status convert_sigmoid(NodeContext& node) { return convert_one_input(node, "Sigmoid"); }

Status convert_softmax(NodeContext& node) {
  // The opset whose Softmax is meant, where it is not the model's.
  const std::int64_t opset = node.int_attr("opset", node.opset());
  if ((opset >= 13) != (node.opset() >= 13)) {
    return NodeContext::unsupported("its attribute 'opset' is " + std::to_string(opset) + ", of another Softmax");
  }
  return convert_one_input(node, "Softmax");
}

// a * b + bias in float32, where b is a constant matrix.
Status float_mat_mul(NodeContext& node, TensorId a, TensorId b, TensorId bias) {
  if (!node.builder().graph().is_constant(b) || node.builder().tensor(b).dims.size() != 2) {
    return NodeContext::unsupported("its second operand is not a constant matrix");
  }
  std::vector<TensorId> operands{a, node.builder().transposed(b)};
  if (bias != kNoTensor) operands.push_back(bias);
  return node.result(Op::gemm, std::move(operands));
}

// a of float32, b, b_scale, [b_zero_point], [bias]. The rounding of a to 8 bits is left out: see DynamicScales.
Status convert_dynamic_mat_mul(NodeContext& node) {
  OCTET_ASSIGN(const TensorId b, read_real(node, 1, 2, 3, -1));
  return float_mat_mul(node, node.input(0), b, node.input(4));
}

// a, b, a_scale, b_scale, [a_zero_point], [b_zero_point], [bias]; a may come from DynamicQuantizeLinear.
Status convert_mat_mul_to_float(NodeContext& node) {
  OCTET_ASSIGN(const TensorId b, read_real(node, 1, 3, 5, -1));
  TensorId a = node.input(0);
  if (const int dynamic = node.builder().dynamic_scales().zero_point_of(node.input(4)); dynamic < 0) {
    OCTET_ASSIGN(a, read_real(node, 0, 2, 4));
  }
  return float_mat_mul(node, a, b, node.input(6));
}

constexpr Operator kOperators[] = {
    {"QLinearConv", 10, kNewestOpset, 8, 9, convert_conv},
    {"QLinearMatMul", 10, kNewestOpset, 8, 8, convert_mat_mul},
    {"com.microsoft.DynamicQuantizeMatMul", 1, kNewestOpset, 3, 5, convert_dynamic_mat_mul},
    {"com.microsoft.MatMulIntegerToFloat", 1, kNewestOpset, 4, 7, convert_mat_mul_to_float},
    {"com.microsoft.QGemm", 1, kNewestOpset, 6, 9, convert_gemm},
    {"com.microsoft.QLinearAdd", 1, kNewestOpset, 2, 8, convert_add},
    {"com.microsoft.QLinearAveragePool", 1, kNewestOpset, 2, 5, convert_average_pool},
    {"com.microsoft.QLinearConcat", 1, kNewestOpset, 1, kAnyCount, convert_concat},
    {"com.microsoft.QLinearGlobalAveragePool", 1, kNewestOpset, 5, 5, convert_global_average_pool},
    {"com.microsoft.QLinearLeakyRelu", 1, kNewestOpset, 2, 5, convert_leaky_relu},
    {"com.microsoft.QLinearMul", 1, kNewestOpset, 2, 8, convert_mul},
    {"com.microsoft.QLinearSigmoid", 1, kNewestOpset, 2, 5, convert_sigmoid},
    {"com.microsoft.QLinearSoftmax", 1, kNewestOpset, 2, 5, convert_softmax},
};

}  // namespace

std::span<const Operator> qlinear_operators() { return kOperators; }

}  // namespace octet::onnx
