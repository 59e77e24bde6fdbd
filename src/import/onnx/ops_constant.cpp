// Constants, shape arithmetic, and operators that do nothing in inference.
#include "import/onnx/operators.h"

namespace octet::onnx {
namespace {

template <class T>
Constant list_constant(DType dtype, const std::vector<T>& values) {
  return {dtype, {static_cast<std::int64_t>(values.size())}, Bytes::from(values)};
}

// One of five forms.
Status convert_constant(NodeContext& node) {
  if (node.has("value")) {
    OCTET_ASSIGN(Constant constant, node.builder().reader().read(node.tensor_attr("value")));
    node.builder().justify(constant.data.size());
    return node.result_constant(std::move(constant));
  }
  if (node.has("value_float")) {
    const float value = node.float_attr("value_float", 0);
    return node.result_constant({DType::f32, {}, Bytes::copy_of(&value, sizeof value)});
  }
  if (node.has("value_int")) {
    const std::int64_t value = node.int_attr("value_int", 0);
    return node.result_constant({DType::i64, {}, Bytes::copy_of(&value, sizeof value)});
  }
  if (node.has("value_floats"))
    return node.result_constant(list_constant(DType::f32, node.floats_attr("value_floats")));
  if (node.has("value_ints")) return node.result_constant(list_constant(DType::i64, node.ints_attr("value_ints")));
  for (const auto* form : {"sparse_value", "value_string", "value_strings"}) {
    if (node.has(form)) return NodeContext::unsupported(std::string("constants of the form ") + form);
  }
  return NodeContext::invalid("it has no value");
}

std::optional<double> single_value(const Constant& constant) {
  if (element_count(constant.dims) != 1) return std::nullopt;
  switch (constant.dtype) {
    case DType::f32:
      return constant.data.as<float>()[0];
    case DType::i32:
      return constant.data.as<std::int32_t>()[0];
    case DType::u32:
      return constant.data.as<std::uint32_t>()[0];
    case DType::i64:
      return static_cast<double>(constant.data.as<std::int64_t>()[0]);
    case DType::i8:
      return constant.data.as<std::int8_t>()[0];
    case DType::u8:
    case DType::boolean:
      return constant.data.as<std::uint8_t>()[0];
  }
  return std::nullopt;
}

Status convert_constant_of_shape(NodeContext& node) {
  Attributes attrs;
  if (node.has("value")) {
    OCTET_ASSIGN(const Constant constant, node.builder().reader().read(node.tensor_attr("value")));
    const auto value = single_value(constant);
    if (!value.has_value()) return NodeContext::invalid("attribute 'value' is not a single value");
    attrs.to = constant.dtype;
    attrs.alpha = static_cast<float>(*value);
    // The attribute is a float; whole numbers beyond 2^24 might not fit it.
    if (attrs.to != DType::f32 && (*value < -0x1p24 || *value > 0x1p24)) {
      return NodeContext::unsupported("a fill value beyond 2^24 is not supported");
    }
  }
  return node.result(Op::constant_of_shape, {node.builder().as_i64(node.input(0))}, attrs);
}

Status convert_shape(NodeContext& node) {
  Attributes attrs;
  if (node.has("start")) attrs.starts = {node.int_attr("start", 0)};
  if (node.has("end")) attrs.sizes = {node.int_attr("end", 0)};
  return node.result(Op::shape, {node.input(0)}, attrs);
}

Status convert_size(NodeContext& node) {
  Attributes product;
  product.reduce = ReduceKind::prod;
  product.axes = {0};
  product.keep_dims = false;
  return node.result(Op::reduce, {node.emit(Op::shape, {node.input(0)})}, product);
}

Status convert_range(NodeContext& node) { return node.result(Op::range, node.inputs()); }

Status convert_cast(NodeContext& node) {
  node.ignore({"saturate", "round_mode"});  // of 8-bit floats
  if (!node.has("to")) return NodeContext::invalid("its attribute 'to' is missing");
  Attributes attrs;
  OCTET_ASSIGN(attrs.to, storage_type(static_cast<ElementType>(node.int_attr("to", 0))));
  if (node.quantization().is_integer(node.input(0))) {
    // The integers as they are in the file: those of scale 1.
    if (attrs.to != DType::f32) {
      return NodeContext::unsupported(std::string("it casts computed integers to ") + name_of(attrs.to) +
                                      "; only to floating types is supported");
    }
    OCTET_ASSIGN(const TensorId real, node.quantization().read(node.input(0), 1, 0, node.output_name(), node.label()));
    return node.builder().define(node.output_name(), real);
  }
  return node.result(Op::cast, {node.input(0)}, attrs);
}

// A constant under another name stays visible as a constant to the nodes that need one.
Status convert_identity(NodeContext& node) {
  if (node.constant(0) != nullptr && !node.first_output_is_graph_output()) return node.result_alias(node.input(0));
  return node.result(Op::identity, {node.input(0)});
}

Status convert_dropout(NodeContext& node) {
  node.ignore({"ratio", "seed"});
  const Tensor* training = node.constant(2);
  const bool trains = node.input(2) != kNoTensor && (training == nullptr || training->dtype != DType::boolean ||
                                                     training->data.empty() || training->data.as<std::uint8_t>()[0]);
  if (trains) return NodeContext::unsupported("training_mode is not false; export the model for inference");
  if (node.output_used(1)) return NodeContext::unsupported("its output 'mask' is used");
  return node.result(Op::identity, {node.input(0)});
}

constexpr Operator kOperators[] = {
    {"Cast", 6, kNewestOpset, 1, 1, convert_cast},
    {"Constant", 1, kNewestOpset, 0, 0, convert_constant},
    {"ConstantOfShape", 9, kNewestOpset, 1, 1, convert_constant_of_shape},
    {"Dropout", 7, kNewestOpset, 1, 3, convert_dropout},
    {"Identity", 1, kNewestOpset, 1, 1, convert_identity},
    {"Range", 11, kNewestOpset, 3, 3, convert_range},
    {"Shape", 1, kNewestOpset, 1, 1, convert_shape},
    {"Size", 1, kNewestOpset, 1, 1, convert_size},
};

}  // namespace

std::span<const Operator> constant_operators() { return kOperators; }

}  // namespace octet::onnx
