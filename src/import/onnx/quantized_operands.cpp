#include "import/onnx/quantized_operands.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "base/text.h"
#include "import/onnx/operators.h"

namespace octet::onnx {
namespace {

// One value, or a list of them; a matrix of scales belongs to blocks of the tensor.
Status check_list(const char* what, const Dims& dims) {
  if (dims.size() <= 1) return {};
  return NodeContext::unsupported(std::string("its ") + what + " has the shape " + shape_text(dims) +
                                  ": scales for blocks are not supported, only for a tensor or along one axis");
}

}  // namespace

Result<Scaling> read_scaling(NodeContext& node, std::size_t scale, std::size_t zero_point) {
  Scaling result;
  if (node.input(scale) == kNoTensor) return NodeContext::invalid("its scale is missing");
  const auto scales = node.builder().floats_of(node.input(scale));
  if (!scales.has_value()) return NodeContext::unsupported("its scale is not a float constant");
  OCTET_TRY(check_list("scale", node.constant(scale)->dims));
  result.scales.assign(scales->begin(), scales->end());
  if (result.scales.empty()) return NodeContext::invalid("its scale is empty");
  for (const float value : result.scales) {
    if (!std::isfinite(value) || value <= 0) {
      return NodeContext::invalid("its scale " + std::to_string(value) + " is not positive and finite");
    }
  }
  result.zero_points = {0};
  if (node.input(zero_point) == kNoTensor) return result;
  const Tensor* constant = node.constant(zero_point);
  if (constant == nullptr) return NodeContext::unsupported("its zero point is not constant");
  const auto values = integers_of(*constant);
  if (!values.has_value()) {
    return NodeContext::unsupported(std::string("its zero point is of type ") + name_of(constant->dtype));
  }
  OCTET_TRY(check_list("zero point", constant->dims));
  if (values->size() != 1 && values->size() != result.scales.size()) {
    return NodeContext::invalid("it has " + std::to_string(values->size()) + " zero points for " +
                                std::to_string(result.scales.size()) + " scales");
  }
  result.zero_points = *values;
  result.dtype = constant->dtype;
  return result;
}

Result<Scaling> read_tensor_scaling(NodeContext& node, std::size_t scale, std::size_t zero_point) {
  OCTET_ASSIGN(Scaling scaling, read_scaling(node, scale, zero_point));
  if (scaling.per_tensor()) return scaling;
  return NodeContext::unsupported("an activation with " + std::to_string(scaling.scales.size()) +
                                  " scales; only one for the whole tensor is supported here");
}

Result<TensorId> read_real(NodeContext& node, std::size_t i, std::size_t scale, std::size_t zero_point,
                           std::int64_t axis) {
  const TensorId id = node.input(i);
  if (id == kNoTensor) return NodeContext::invalid("its operand " + std::to_string(i) + " is missing");
  if (node.constant(i) != nullptr) {
    OCTET_ASSIGN(const Scaling scaling, read_scaling(node, scale, zero_point));
    return add_real_constant(node.builder(), id, scaling, axis, node.builder().tensor(id).name + "/float32");
  }
  if (!node.quantization().is_integer(id)) {
    return NodeContext::unsupported("its operand '" + printable(node.builder().tensor(id).name) +
                                    "' is neither a constant nor made by QuantizeLinear or an operator like it");
  }
  OCTET_ASSIGN(const Scaling scaling, read_tensor_scaling(node, scale, zero_point));
  const DType own = node.quantization().is_unsigned(id) ? DType::u8 : DType::i8;
  if (scaling.dtype.value_or(own) != own) {
    return NodeContext::invalid(std::string("it has a zero point of type ") + name_of(*scaling.dtype) +
                                " for integers of type " + name_of(own));
  }
  return node.quantization().read(id, scaling.scales[0], scaling.zero_points[0], "", "");
}

Result<TensorId> read_bias(NodeContext& node, std::size_t i, const std::vector<float>& scales, float factor) {
  const Tensor* constant = node.constant(i);
  if (constant == nullptr || constant->dtype != DType::i32) {
    return NodeContext::unsupported("its bias is not a constant of type int32");
  }
  Scaling scaling{{}, {0}, std::nullopt};
  for (const float scale : scales) scaling.scales.push_back(scale * factor);
  return add_real_constant(node.builder(), node.input(i), scaling, -1,
                           node.builder().tensor(node.input(i)).name + "/float32");
}

Result<int> result_group(NodeContext& node, std::size_t scale, std::size_t zero_point) {
  OCTET_ASSIGN(const Scaling scaling, read_tensor_scaling(node, scale, zero_point));
  const DType dtype = scaling.dtype.value_or(DType::u8);
  if (dtype != DType::u8 && dtype != DType::i8) {
    return NodeContext::unsupported(std::string("results of type ") + name_of(dtype) +
                                    "; only int8 and uint8 are supported");
  }
  return node.quantization().add_group(dtype == DType::u8, scaling.scales[0], scaling.zero_points[0]);
}

Status convert_as(NodeContext& node, std::string_view float_operator) {
  return find_operator(float_operator)->convert(node);
}

Result<TensorId> emit_per_axis(NodeContext& node, BinaryKind kind, TensorId x, const std::vector<float>& values,
                               std::int64_t axis, int rank) {
  Dims dims;
  if (values.size() != 1) {
    if (rank == kUnknownRank) return NodeContext::unsupported("the rank of its input is not known");
    const std::int64_t resolved = axis < 0 ? axis + rank : axis;
    if (resolved < 0 || resolved >= rank) {
      return NodeContext::invalid("axis " + std::to_string(axis) + " does not exist in a tensor of " +
                                  std::to_string(rank) + " dimensions");
    }
    dims.assign(static_cast<std::size_t>(rank - resolved), 1);
    dims[0] = static_cast<std::int64_t>(values.size());
  }
  const TensorId operand = node.builder().add_constant("", {DType::f32, dims, Bytes::from(values)});
  return node.emit_binary(kind, x, operand);
}

bool moves_values(std::string_view op_type) {
  static constexpr std::array<std::string_view, 24> kNames = {
      "Clip",     "Concat",       "DepthToSpace", "Dropout", "Expand", "Flatten",   "Gather",    "GlobalMaxPool",
      "Identity", "Max",          "MaxPool",      "Min",     "Pad",    "ReduceMax", "ReduceMin", "Reshape",
      "Slice",    "SpaceToDepth", "Split",        "Squeeze", "Tile",   "Transpose", "Unsqueeze", "Where"};
  return std::find(kNames.begin(), kNames.end(), op_type) != kNames.end();
}

Status move_integers(NodeContext& node) {
  Quantization& quantization = node.quantization();
  std::vector<TensorId> inputs = node.inputs();
  const auto is_integer = [&](TensorId id) { return id != kNoTensor && quantization.is_integer(id); };
  const auto first = std::find_if(inputs.begin(), inputs.end(), is_integer);
  for (const TensorId id : inputs) {
    if (!is_integer(id) || quantization.join(quantization.group_of(*first), quantization.group_of(id))) continue;
    return NodeContext::unsupported(
        "it joins integers of different scales or types as if they were alike; dequantize them before it");
  }
  const int group = quantization.group_of(*first);
  for (TensorId& id : inputs) {
    if (id == kNoTensor) continue;
    const DType dtype = node.builder().tensor(id).dtype;
    if (is_integer(id)) {
      id = quantization.dequantize(id);
    } else if (node.builder().graph().is_constant(id) && (dtype == DType::i8 || dtype == DType::u8)) {
      OCTET_ASSIGN(id, quantization.constant_of_group(id, group));
    }
  }
  if (node.op_type() == "Pad" && node.string_attr("mode", "constant") == "constant") {
    inputs.resize(std::max<std::size_t>(inputs.size(), 3), kNoTensor);
    if (inputs[2] == kNoTensor) {
      const auto zero = quantization.real_zero(group);
      if (!zero.has_value()) {
        return NodeContext::unsupported("it pads integers with 0 whose scale is not given before");
      }
      inputs[2] = node.scalar(*zero);
    }
  }
  node.set_inputs(std::move(inputs));
  node.quantize_result(group);
  return {};
}

}  // namespace octet::onnx
