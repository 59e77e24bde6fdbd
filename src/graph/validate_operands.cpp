#include "graph/validate_operands.h"

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <limits>
#include <string>

#include "base/checked.h"
#include "base/text.h"

namespace octet {

namespace {

Status node_error(const Node& node, const std::string& message) {
  return fail(Code::format, describe(node) + ": " + message);
}

bool given(const Node& node, std::size_t index) { return node.input(index) != kNoTensor; }

// A constant operand of a type and, where `dims` is not empty, a shape. Floats are finite.
Status check_constant(const Graph& graph, ConstantFacts& facts, const Node& node, std::size_t index, DType dtype,
                      const Dims& dims = {}) {
  if (!given(node, index)) return node_error(node, "operand " + std::to_string(index) + " is missing");
  const Tensor& tensor = graph.at(node.inputs[index]);
  const std::string name = "operand '" + printable(tensor.name) + "'";
  if (!tensor.constant) return fail(Code::unsupported, describe(node) + ": " + name + " must be a constant");
  if (tensor.dtype != dtype || (!dims.empty() && tensor.dims != dims)) {
    return node_error(node, name + " is " + shape_text(tensor.dims) + " of " + name_of(tensor.dtype) + "; it must be " +
                                (dims.empty() ? "" : shape_text(dims) + " of ") + name_of(dtype));
  }
  if (dtype == DType::f32 && !facts.of(node.inputs[index]).finite) {
    return node_error(node, name + " contains values that are not numbers, or infinite");
  }
  return {};
}

Status check_operand_count(const Node& node, std::size_t count) {
  if (node.inputs.size() <= count) return {};
  return node_error(node, "has " + std::to_string(node.inputs.size()) + " operands; at this point it may have " +
                              std::to_string(count));
}

// Activation `index` is float32 or, where the operator has an int8 form, int8. A constant may stand for one.
Status check_activation(const Graph& graph, ConstantFacts& facts, const Node& node, std::size_t index, bool int8_form) {
  const Tensor& tensor = graph.at(node.inputs[index]);
  if (tensor.dtype != DType::f32 && !(int8_form && tensor.dtype == DType::i8)) {
    return fail(Code::unsupported, describe(node) + ": works on float32" + (int8_form ? " or int8" : "") + ", but '" +
                                       printable(tensor.name) + "' is " + name_of(tensor.dtype));
  }
  if (tensor.constant && tensor.dtype == DType::f32) return check_constant(graph, facts, node, index, DType::f32);
  return validate_activation(tensor).within(describe(node));
}

// Every operand is an activation, all of one type.
Status check_activations(const Graph& graph, ConstantFacts& facts, const Node& node, std::size_t most, bool int8_form) {
  OCTET_TRY(check_operand_count(node, most));
  for (std::size_t i = 0; i < node.inputs.size(); ++i) {
    OCTET_TRY(check_activation(graph, facts, node, i, int8_form));
    if (graph.at(node.inputs[i]).dtype != graph.at(node.inputs[0]).dtype) {
      return node_error(node, "its inputs are of different types");
    }
  }
  return {};
}

// int32 sums of `count` products with weights (or, factor 1, of centred values) and a bias cannot overflow.
Status check_sum(const Node& node, std::int64_t count, std::int64_t factor, std::int64_t largest_bias) {
  std::int64_t bound = 0;
  if (checked_mul(count, 255 * factor, &bound) && checked_add(bound, largest_bias, &bound) &&
      bound <= std::numeric_limits<std::int32_t>::max()) {
    return {};
  }
  return fail(Code::unsupported, describe(node) + ": sums " + std::to_string(count) +
                                     " int8 values, more than 32 bits hold for sure; keep this operator in float");
}

// The largest magnitude of a weight less a weight zero point.
std::int64_t largest_weight(const ConstantFact& weight, const ConstantFact& zero_point) {
  return std::max(weight.most - zero_point.least, zero_point.most - weight.least);
}

Status check_int8_parameters(const Graph& graph, ConstantFacts& facts, const Node& node, std::int64_t outputs,
                             std::int64_t depth) {
  OCTET_TRY(check_constant(graph, facts, node, 1, DType::i8));
  OCTET_TRY(check_constant(graph, facts, node, 2, DType::i32, {outputs}));
  OCTET_TRY(check_constant(graph, facts, node, 3, DType::f32, {outputs}));
  if (facts.of(node.inputs[3]).negative) return node_error(node, "a factor of the requantization is negative");
  const ConstantFact& bias = facts.of(node.inputs[2]);
  const std::int64_t largest_bias = std::max(std::abs(bias.least), std::abs(bias.most));
  const ConstantFact& weight = facts.of(node.inputs[1]);
  if (!given(node, 4)) return check_sum(node, depth, weight.least == -128 ? 128 : 127, largest_bias);
  OCTET_TRY(check_constant(graph, facts, node, 4, DType::i32, {outputs}));
  const ConstantFact& zero_point = facts.of(node.inputs[4]);
  if (zero_point.least < -255 || zero_point.most > 255) {
    return node_error(node, "a weight zero point is " +
                                std::to_string(zero_point.least < -255 ? zero_point.least : zero_point.most) +
                                "; it must lie in -255..255");
  }
  return check_sum(node, depth, largest_weight(weight, zero_point), largest_bias);
}

Status check_linear(const Graph& graph, ConstantFacts& facts, const Node& node) {
  OCTET_TRY(check_activation(graph, facts, node, 0, true));
  const Dims& weight = graph.at(node.inputs[1]).dims;
  if (graph.at(node.inputs[0]).dtype == DType::f32) {
    OCTET_TRY(check_operand_count(node, 3));
    OCTET_TRY(check_constant(graph, facts, node, 1, DType::f32));
    return given(node, 2) ? check_constant(graph, facts, node, 2, DType::f32) : Status();
  }
  const std::int64_t groups = node.attrs.groups;
  switch (node.op) {
    case Op::conv:
      return check_int8_parameters(graph, facts, node, weight[0], weight[1] * weight[2] * weight[3]);
    case Op::conv_transpose:
      return check_int8_parameters(graph, facts, node, weight[1] * groups, weight[0] / groups * weight[2] * weight[3]);
    default:
      return check_int8_parameters(graph, facts, node, weight[0], weight[1]);
  }
}

Status check_binary(const Graph& graph, ConstantFacts& facts, const Node& node) {
  OCTET_TRY(check_activations(graph, facts, node, 2, true));
  const BinaryKind kind = node.attrs.binary;
  if (static_cast<int>(kind) > static_cast<int>(BinaryKind::pow)) return node_error(node, "unknown function");
  const bool int8_form = kind == BinaryKind::add || kind == BinaryKind::sub || kind == BinaryKind::mul;
  if (graph.at(node.inputs[0]).dtype == DType::i8 && !int8_form) {
    return fail(Code::unsupported, describe(node) + ": " + name_of(kind) + " has no int8 form");
  }
  return {};
}

Status check_unary(const Graph& graph, ConstantFacts& facts, const Node& node) {
  OCTET_TRY(check_activation(graph, facts, node, 0, true));
  if (static_cast<int>(node.attrs.unary) >= static_cast<int>(UnaryKind::logical_not)) {
    return fail(Code::unsupported, describe(node) + ": " + name_of(node.attrs.unary) + " cannot be executed");
  }
  const bool finite = std::isfinite(node.attrs.alpha) && std::isfinite(node.attrs.beta);
  if (!finite && node.attrs.unary != UnaryKind::clip) return node_error(node, "a parameter is infinite");
  if (graph.at(node.inputs[0]).dtype == DType::f32) return check_operand_count(node, 1);
  return check_constant(graph, facts, node, 1, DType::i8, {256});
}

Status check_prelu(const Graph& graph, ConstantFacts& facts, const Node& node) {
  OCTET_TRY(check_activation(graph, facts, node, 0, true));
  const Tensor& x = graph.at(node.inputs[0]);
  if (x.dtype == DType::f32) return check_constant(graph, facts, node, 1, DType::f32);
  if (x.dims.size() < 2) return node_error(node, "the int8 form needs a dimension of channels");
  return check_constant(graph, facts, node, 1, DType::i8, {x.dims[1], 256});
}

Status check_softmax(const Graph& graph, ConstantFacts& facts, const Node& node) {
  OCTET_TRY(check_activation(graph, facts, node, 0, true));
  if (graph.at(node.inputs[0]).dtype == DType::f32) return check_operand_count(node, 1);
  if (node.attrs.log) return fail(Code::unsupported, describe(node) + ": log-softmax has no int8 form");
  OCTET_TRY(check_constant(graph, facts, node, 1, DType::u32, {256}));
  // The largest element's entry is in every sum, so that no sum is zero.
  if (graph.at(node.inputs[1]).data.as<std::uint32_t>()[0] == 0) return node_error(node, "its table begins with 0");
  return {};
}

Status check_average_pool(const Graph& graph, ConstantFacts& facts, const Node& node) {
  OCTET_TRY(check_activations(graph, facts, node, 1, true));
  const Window& window = node.attrs.window;
  if (graph.at(node.inputs[0]).dtype == DType::f32) return {};
  return check_sum(node, window.kernel[0] * window.kernel[1], 1, 0);
}

Status check_reduce(const Graph& graph, ConstantFacts& facts, const Node& node) {
  OCTET_TRY(check_activations(graph, facts, node, 1, true));
  if (static_cast<int>(node.attrs.reduce) > static_cast<int>(ReduceKind::log_sum_exp)) {
    return node_error(node, "unknown function");
  }
  const Tensor& x = graph.at(node.inputs[0]);
  if (x.dtype == DType::f32) return {};
  if (node.attrs.reduce != ReduceKind::mean) {
    return fail(Code::unsupported, describe(node) + ": only the mean has an int8 form");
  }
  std::int64_t count = 1;
  for (const std::int64_t axis : node.attrs.axes) count *= x.dims[static_cast<std::size_t>(axis)];
  return check_sum(node, count, 1, 0);
}

Status check_gather(const Graph& graph, ConstantFacts& facts, const Node& node) {
  OCTET_TRY(check_activation(graph, facts, node, 0, true));
  OCTET_TRY(check_constant(graph, facts, node, 1, DType::i64));
  const std::int64_t dim = graph.at(node.inputs[0]).dims[static_cast<std::size_t>(node.attrs.axis)];
  const ConstantFact& indices = facts.of(node.inputs[1]);
  if (indices.least >= 0 && indices.most < dim) return {};
  return node_error(node, "index " + std::to_string(indices.least < 0 ? indices.least : indices.most) +
                              " is outside a dimension of " + std::to_string(dim));
}

Status check_conversion(const Graph& graph, ConstantFacts& facts, const Node& node) {
  const DType expected = node.op == Op::quantize ? DType::f32 : DType::i8;
  const Tensor& x = graph.at(node.inputs[0]);
  if (x.dtype != expected) {
    return node_error(node,
                      std::string("converts from ") + name_of(expected) + ", but its input is " + name_of(x.dtype));
  }
  return check_activation(graph, facts, node, 0, true);
}

Status check_batch_norm(const Graph& graph, ConstantFacts& facts, const Node& node) {
  OCTET_TRY(check_activation(graph, facts, node, 0, false));
  for (std::size_t i = 1; i < 5; ++i) OCTET_TRY(check_constant(graph, facts, node, i, DType::f32));
  return {};
}

Status check_kinds(const Node& node) {
  const Attributes& attrs = node.attrs;
  const bool known = static_cast<int>(attrs.pad) <= static_cast<int>(PadKind::edge) &&
                     static_cast<int>(attrs.resize) <= static_cast<int>(ResizeKind::cubic) &&
                     static_cast<int>(attrs.coordinate) <= static_cast<int>(CoordinateKind::pytorch_half_pixel) &&
                     static_cast<int>(attrs.nearest) <= static_cast<int>(NearestKind::ceil);
  if (!known) return node_error(node, "has an attribute that this version does not know");
  if (!(attrs.clamp.low <= attrs.clamp.high)) return node_error(node, "its fused limits are in the wrong order");
  if (!std::isfinite(attrs.cubic_a)) return node_error(node, "its cubic coefficient is infinite");
  if (node.op != Op::pad) return {};
  const bool crops = std::any_of(attrs.sizes.begin(), attrs.sizes.end(), [](std::int64_t pad) { return pad < 0; });
  return crops ? node_error(node, "a pad is negative") : Status();
}

Status check_operands(const Graph& graph, ConstantFacts& facts, const Node& node) {
  switch (node.op) {
    case Op::conv:
    case Op::conv_transpose:
    case Op::gemm:
      return check_linear(graph, facts, node);
    case Op::mat_mul:
      return check_activations(graph, facts, node, 2, false);
    case Op::average_pool:
      return check_average_pool(graph, facts, node);
    case Op::reduce:
      return check_reduce(graph, facts, node);
    case Op::unary:
      return check_unary(graph, facts, node);
    case Op::prelu:
      return check_prelu(graph, facts, node);
    case Op::binary:
      return check_binary(graph, facts, node);
    case Op::concat:
      return check_activations(graph, facts, node, node.inputs.size(), true);
    case Op::softmax:
      return check_softmax(graph, facts, node);
    case Op::gather:
      return check_gather(graph, facts, node);
    case Op::quantize:
    case Op::dequantize:
    case Op::requantize:
      return check_conversion(graph, facts, node);
    case Op::batch_norm:
      return check_batch_norm(graph, facts, node);
    default:  // max_pool and what moves values: one activation, everything else in the attributes
      return check_activations(graph, facts, node, 1, true);
  }
}

}  // namespace

Status validate_activation(const Tensor& tensor) {
  if (tensor.dtype != DType::i8) return {};
  const Quant& quant = tensor.quant;
  const bool scale_fits = quant.scale >= std::ldexp(1.0F, -64) && quant.scale <= std::ldexp(1.0F, 64);
  if (scale_fits && quant.zero_point >= -128 && quant.zero_point <= 127) return {};
  return fail(Code::format, "the int8 tensor '" + printable(tensor.name) + "' has the scale " +
                                std::to_string(quant.scale) + " and the zero point " +
                                std::to_string(quant.zero_point) +
                                "; scales lie within 2^-64..2^64, zero points in -128..127");
}

Status validate_operands(const Graph& graph, ConstantFacts& facts, const Node& node) {
  OCTET_TRY(check_kinds(node));
  OCTET_TRY(check_operands(graph, facts, node));
  for (const TensorId id : node.outputs) OCTET_TRY(validate_activation(graph.at(id)).within(describe(node)));
  return {};
}

}  // namespace octet
