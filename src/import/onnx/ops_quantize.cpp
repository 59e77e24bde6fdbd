// QuantizeLinear and DequantizeLinear, and their kin that work out the scale or leave it to others:
// DynamicQuantizeLinear, ConvInteger, MatMulInteger.
#include <algorithm>
#include <cmath>

#include "base/text.h"
#include "import/onnx/operators.h"
#include "import/onnx/quantized_operands.h"

namespace octet::onnx {
namespace {

Status check_blocks(NodeContext& node) {
  if (node.int_attr("block_size", 0) == 0) return {};
  return NodeContext::unsupported("scales for blocks (block_size) are not supported, only for a tensor or an axis");
}

struct Range {
  float low, high;
};

Result<Range> range_of(DType dtype) {
  if (dtype == DType::u8) return Range{0, 255};
  if (dtype == DType::i8) return Range{-128, 127};
  return NodeContext::unsupported(std::string("it makes integers of type ") + name_of(dtype) +
                                  "; only int8 and uint8 are supported");
}

// A float constant becomes the constant of its integers: divided, rounded to even, limited.
Status quantize_constant(NodeContext& node, const Tensor& x, const Scaling& scaling, DType dtype, std::int64_t axis) {
  OCTET_ASSIGN(const Range range, range_of(dtype));
  const auto rank = static_cast<std::int64_t>(x.dims.size());
  const std::int64_t resolved = axis < 0 ? axis + rank : axis;
  const std::size_t channels = scaling.scales.size();
  std::size_t inner = 1;
  if (channels != 1) {
    if (resolved < 0 || resolved >= rank ||
        x.dims[static_cast<std::size_t>(resolved)] != static_cast<std::int64_t>(channels)) {
      return NodeContext::invalid("it has " + std::to_string(channels) + " scales for axis " + std::to_string(axis) +
                                  " of a tensor of shape " + shape_text(x.dims));
    }
    for (auto d = static_cast<std::size_t>(resolved) + 1; d < x.dims.size(); ++d) {
      inner *= static_cast<std::size_t>(x.dims[d]);
    }
  }
  const auto values = x.data.as<float>();
  OCTET_TRY(node.builder().spend(values.size()));
  std::vector<std::uint8_t> integers(values.size());
  for (std::size_t i = 0; i < values.size(); ++i) {
    const float scale = scaling.scales[i / inner % channels];
    const std::int64_t zero_point = scaling.zero_points[i / inner % scaling.zero_points.size()];
    if (std::isnan(values[i])) return NodeContext::invalid("it quantizes a constant that is not a number");
    const float q = std::nearbyint(values[i] / scale) + static_cast<float>(zero_point);
    integers[i] = static_cast<std::uint8_t>(static_cast<std::int32_t>(std::clamp(q, range.low, range.high)));
  }
  return node.result_constant({dtype, x.dims, Bytes::from(integers)});
}

Status convert_quantize(NodeContext& node) {
  node.ignore({"saturate", "precision"});  // of 8-bit floats; of the division
  OCTET_TRY(check_blocks(node));
  const std::int64_t axis = node.int_attr("axis", 1);
  OCTET_ASSIGN(const Scaling scaling, read_scaling(node, 1, 2));
  DType dtype = scaling.dtype.value_or(DType::u8);
  if (const auto type = node.int_attr("output_dtype", 0); type != 0) {
    OCTET_ASSIGN(const DType asked, storage_type(static_cast<ElementType>(type)));
    if (scaling.dtype.value_or(asked) != asked) {
      return NodeContext::invalid("output_dtype and its zero point are of different types");
    }
    dtype = asked;
  }
  OCTET_ASSIGN(const Range range, range_of(dtype));
  const Tensor* x = node.constant(0);
  if (x != nullptr && x->dtype == DType::f32) return quantize_constant(node, *x, scaling, dtype, axis);
  if (node.builder().tensor(node.input(0)).dtype != DType::f32) {
    return NodeContext::unsupported(std::string("it quantizes values of type ") +
                                    name_of(node.builder().tensor(node.input(0)).dtype));
  }
  if (scaling.per_tensor()) {
    OCTET_ASSIGN(const int group,
                 node.quantization().add_group(dtype == DType::u8, scaling.scales[0], scaling.zero_points[0]));
    const TensorId id = node.quantization().quantize(node.input(0), group, node.output_name(), node.label());
    return node.builder().define(node.output_name(), id);
  }
  // An activation with a scale for each channel: its integers, held as float32.
  const int rank = node.rank(0);
  const std::vector<float> zero_points(scaling.zero_points.begin(), scaling.zero_points.end());
  OCTET_ASSIGN(const TensorId quotient,
               emit_per_axis(node, BinaryKind::div, node.input(0), scaling.scales, axis, rank));
  const TensorId rounded = node.emit_unary(UnaryKind::round, quotient);
  OCTET_ASSIGN(const TensorId shifted, emit_per_axis(node, BinaryKind::add, rounded, zero_points, axis, rank));
  Attributes clip;
  clip.unary = UnaryKind::clip;
  clip.alpha = range.low;
  clip.beta = range.high;
  return node.result(Op::unary, {shifted}, clip);
}

Status convert_dequantize(NodeContext& node) {
  OCTET_TRY(check_blocks(node));
  const std::int64_t axis = node.int_attr("axis", 1);
  if (const auto type = node.int_attr("output_dtype", 0); type != 0) {
    OCTET_ASSIGN(const DType asked, storage_type(static_cast<ElementType>(type)));
    if (asked != DType::f32) return NodeContext::unsupported(std::string("output_dtype ") + name_of(asked));
  }
  Builder& builder = node.builder();
  const TensorId x = node.input(0);
  const int dynamic = builder.dynamic_scales().zero_point_of(node.input(2));
  if (dynamic >= 0) return node.result_binary(BinaryKind::mul, x, node.input(1));

  if (builder.quantization().is_integer(x)) {
    OCTET_ASSIGN(const Scaling scaling, read_tensor_scaling(node, 1, 2));
    const DType own = builder.quantization().is_unsigned(x) ? DType::u8 : DType::i8;
    if (scaling.dtype.value_or(own) != own) {
      return NodeContext::invalid(std::string("it has a zero point of type ") + name_of(*scaling.dtype) +
                                  " for integers of type " + name_of(own));
    }
    OCTET_ASSIGN(const TensorId real, builder.quantization().read(x, scaling.scales[0], scaling.zero_points[0],
                                                                  node.output_name(), node.label()));
    return builder.define(node.output_name(), real);
  }
  OCTET_ASSIGN(const Scaling scaling, read_scaling(node, 1, 2));
  if (node.constant(0) != nullptr && node.constant(0)->dtype != DType::f32) {
    OCTET_ASSIGN(const TensorId real, add_real_constant(builder, x, scaling, axis, node.output_name()));
    if (node.first_output_is_graph_output()) return node.result(Op::identity, {real});
    return node.result_alias(real);
  }
  // Integers that are held as float32, or that folding makes constants.
  Attributes to_float;
  to_float.to = DType::f32;
  const TensorId whole = builder.tensor(x).dtype == DType::f32 ? x : node.emit(Op::cast, {x}, to_float);
  const int rank = node.rank(0);
  const std::vector<float> zero_points(scaling.zero_points.begin(), scaling.zero_points.end());
  OCTET_ASSIGN(const TensorId centred, emit_per_axis(node, BinaryKind::sub, whole, zero_points, axis, rank));
  OCTET_ASSIGN(const TensorId real, emit_per_axis(node, BinaryKind::mul, centred, scaling.scales, axis, rank));
  return node.result(Op::identity, {real});
}

// See DynamicScales.
Status convert_dynamic_quantize(NodeContext& node) {
  const std::span<const std::string_view> outputs = node.outputs();
  Builder& builder = node.builder();
  DynamicScales& scales = builder.dynamic_scales();
  const int scale = scales.add();
  const TensorId y = builder.add_node(Op::identity, node.label(), {node.input(0)}, outputs.first(1), {});
  builder.graph().at(y).dtype = DType::f32;
  scales.set(y, {{scale, -1}});
  OCTET_TRY(builder.define(outputs[0], y));
  if (outputs.size() > 1) {
    const TensorId one = node.scalar(1);
    scales.set(one, {{scale, 1}});
    OCTET_TRY(builder.define(outputs[1], one));
  }
  if (outputs.size() > 2) {
    const std::uint8_t zero = 0;
    const TensorId zero_point = builder.add_constant(outputs[2], {DType::u8, {}, Bytes::copy_of(&zero, 1)});
    scales.mark_zero_point(zero_point, scale);
    OCTET_TRY(builder.define(outputs[2], zero_point));
  }
  return {};
}

// An operand of ConvInteger or MatMulInteger: `scale` times its integers less the zero point.
struct Centred {
  TensorId id = kNoTensor;
  float scale = 1;
};

// A constant gets the scale `wanted`, others have their own.
Result<Centred> read_centred(NodeContext& node, std::size_t i, std::size_t zero_point, std::int64_t axis,
                             float wanted) {
  Builder& builder = node.builder();
  const TensorId id = node.input(i);
  const int dynamic = builder.dynamic_scales().zero_point_of(node.input(zero_point));
  const auto& powers = builder.dynamic_scales().of(id);
  if (dynamic >= 0 || !powers.empty()) {
    if (powers == DynamicScales::Powers{{dynamic, -1}}) return Centred{id, 1};
    return NodeContext::unsupported("its zero point is not the one that DynamicQuantizeLinear gave with its input");
  }
  Scaling scaling{{wanted}, {0}, std::nullopt};
  if (node.input(zero_point) != kNoTensor) {
    const Tensor* constant = node.constant(zero_point);
    const auto values = constant != nullptr ? integers_of(*constant) : std::nullopt;
    if (!values.has_value() || values->empty()) {
      return NodeContext::unsupported("its zero point is not a constant of type int8 or uint8");
    }
    if (constant->dims.size() > 1)
      return NodeContext::unsupported("zero points of shape " + shape_text(constant->dims));
    scaling.zero_points = *values;
    scaling.dtype = constant->dtype;
  }
  if (node.constant(i) != nullptr) {
    OCTET_ASSIGN(const TensorId real,
                 add_real_constant(builder, id, scaling, axis, builder.tensor(id).name + "/float32"));
    return Centred{real, wanted};
  }
  if (!scaling.per_tensor()) return NodeContext::unsupported("an activation with several zero points");
  Quantization& quantization = builder.quantization();
  if (!quantization.is_integer(id)) {
    return NodeContext::unsupported("its operand '" + printable(builder.tensor(id).name) + "' is not quantized before");
  }
  const float scale = quantization.scale_of(id).value_or(1);
  OCTET_ASSIGN(const TensorId real, quantization.read(id, scale, scaling.zero_points[0], "", ""));
  return Centred{real, scale};
}

// The int32 results are held as float32, which rounds those beyond 2^24.
Status convert_integer(NodeContext& node, std::string_view float_operator, std::int64_t weight_axis) {
  OCTET_ASSIGN(Centred a, read_centred(node, 0, 2, 0, 1));
  OCTET_ASSIGN(const Centred b, read_centred(node, 1, 3, weight_axis, 1 / a.scale));
  const float product = a.scale * b.scale;
  if (std::abs(product - 1) > 1e-6f) a.id = node.emit_binary(BinaryKind::mul, a.id, node.scalar(1 / product));
  node.set_inputs({a.id, b.id});
  return convert_as(node, float_operator);
}

Status convert_conv_integer(NodeContext& node) { return convert_integer(node, "Conv", 0); }
Status convert_mat_mul_integer(NodeContext& node) { return convert_integer(node, "MatMul", -1); }

constexpr Operator kOperators[] = {
    {"ConvInteger", 10, kNewestOpset, 2, 4, convert_conv_integer},
    {"DequantizeLinear", 10, kNewestOpset, 2, 3, convert_dequantize},
    {"DynamicQuantizeLinear", 11, kNewestOpset, 1, 1, convert_dynamic_quantize},
    {"MatMulInteger", 10, kNewestOpset, 2, 4, convert_mat_mul_integer},
    {"QuantizeLinear", 10, kNewestOpset, 2, 3, convert_quantize},
    {"com.microsoft.DequantizeLinear", 1, kNewestOpset, 2, 3, convert_dequantize},
    {"com.microsoft.QuantizeLinear", 1, kNewestOpset, 2, 3, convert_quantize},
};

}  // namespace

std::span<const Operator> quantize_operators() { return kOperators; }

}  // namespace octet::onnx
