#include "import/onnx/context.h"

#include <algorithm>

#include "base/text.h"
#include "import/justified.h"

namespace octet::onnx {

const Tensor* NodeContext::constant(std::size_t i) const {
  const TensorId id = input(i);
  return id != kNoTensor && builder_.tensor(id).constant ? &builder_.tensor(id) : nullptr;
}

const Attribute* NodeContext::lookup(std::string_view name) const {
  for (const Attribute& attribute : node_.attributes) {
    if (attribute.name == name) return &attribute;
  }
  return nullptr;
}

const Attribute* NodeContext::typed(std::string_view name, AttributeType type) {
  const Attribute* attribute = lookup(name);
  if (attribute == nullptr) return nullptr;
  attribute_used_[static_cast<std::size_t>(attribute - node_.attributes.data())] = true;
  if (attribute->type == type) return attribute;
  if (error_.ok()) {
    error_ = invalid("attribute '" + std::string(name) + "' is of type " + name_of(attribute->type) + " where " +
                     name_of(type) + " is needed");
  }
  return nullptr;
}

std::int64_t NodeContext::int_attr(std::string_view name, std::int64_t fallback) {
  const Attribute* attribute = typed(name, AttributeType::i);
  return attribute != nullptr ? attribute->i : fallback;
}

float NodeContext::float_attr(std::string_view name, float fallback) {
  const Attribute* attribute = typed(name, AttributeType::f);
  return attribute != nullptr ? attribute->f : fallback;
}

std::string_view NodeContext::string_attr(std::string_view name, std::string_view fallback) {
  const Attribute* attribute = typed(name, AttributeType::s);
  return attribute != nullptr ? attribute->s : fallback;
}

std::vector<std::int64_t> NodeContext::ints_attr(std::string_view name) {
  const Attribute* attribute = typed(name, AttributeType::ints);
  return attribute != nullptr ? attribute->ints : std::vector<std::int64_t>();
}

std::vector<float> NodeContext::floats_attr(std::string_view name) {
  const Attribute* attribute = typed(name, AttributeType::floats);
  return attribute != nullptr ? attribute->floats : std::vector<float>();
}

std::string_view NodeContext::tensor_attr(std::string_view name) {
  const Attribute* attribute = typed(name, AttributeType::tensor);
  return attribute != nullptr ? attribute->tensor : std::string_view();
}

void NodeContext::ignore(std::initializer_list<std::string_view> names) {
  for (const auto name : names) {
    if (const Attribute* attribute = lookup(name)) {
      attribute_used_[static_cast<std::size_t>(attribute - node_.attributes.data())] = true;
    }
  }
}

TensorId NodeContext::emit(Op op, std::vector<TensorId> inputs, Attributes attrs) {
  const std::string_view base = node_.outputs.empty() ? std::string_view() : node_.outputs.front();
  const std::string name = derived_name(base, static_cast<std::size_t>(++intermediates_));
  const std::string_view output = name;
  return builder_.add_node(op, brief_name(node_.name.empty() ? base : node_.name), std::move(inputs), {&output, 1},
                           std::move(attrs));
}

TensorId NodeContext::emit_binary(BinaryKind kind, TensorId a, TensorId b) {
  Attributes attrs;
  attrs.binary = kind;
  return emit(Op::binary, {a, b}, attrs);
}

TensorId NodeContext::emit_unary(UnaryKind kind, TensorId x) {
  Attributes attrs;
  attrs.unary = kind;
  return emit(Op::unary, {x}, attrs);
}

TensorId NodeContext::scalar(float value) {
  return builder_.add_constant("", {DType::f32, {}, Bytes::copy_of(&value, sizeof value)});
}

TensorId NodeContext::ints(const std::vector<std::int64_t>& values) {
  return builder_.add_constant("", {DType::i64, {static_cast<std::int64_t>(values.size())}, Bytes::from(values)});
}

Status NodeContext::result(Op op, std::vector<TensorId> inputs, Attributes attrs) {
  const std::string_view name = node_.name.empty() ? node_.outputs.front() : node_.name;
  std::span<const std::string_view> outputs = node_.outputs;
  if (op != Op::split) {
    OCTET_TRY(only_first_output());
    outputs = outputs.first(1);
  }
  if (!result_group_.has_value()) {
    TensorId id = builder_.add_node(op, name, std::move(inputs), outputs, std::move(attrs));
    for (const auto output : outputs) OCTET_TRY(builder_.define(output, id++));
    return {};
  }
  std::vector<std::string> names;
  for (const auto output : outputs) names.push_back(std::string(output) + "/real");
  const std::vector<std::string_view> views(names.begin(), names.end());
  TensorId id = builder_.add_node(op, name, std::move(inputs), views, std::move(attrs));
  for (const auto output : outputs) {
    const TensorId real = id++;
    if (output.empty()) continue;
    OCTET_TRY(builder_.define(output, quantization().quantize(real, *result_group_, output, output)));
  }
  return {};
}

Status NodeContext::result_binary(BinaryKind kind, TensorId a, TensorId b) {
  Attributes attrs;
  attrs.binary = kind;
  return result(Op::binary, {a, b}, attrs);
}

Status NodeContext::result_constant(Constant constant) {
  const std::string_view name = node_.outputs.front();
  return builder_.define(name, builder_.add_constant(name, std::move(constant)));
}

Status NodeContext::result_alias(TensorId id) {
  if (result_group_.has_value()) return result(Op::identity, {id});
  return builder_.define(node_.outputs.front(), id);
}

Status NodeContext::further_output(std::size_t i, TensorId id) {
  further_outputs_ = std::max(further_outputs_, i);
  if (!output_used(i)) return {};
  const std::string_view name = node_.outputs[i];
  return builder_.define(name, builder_.add_node(Op::identity, name, {id}, {&name, 1}, {}));
}

Status NodeContext::only_first_output() const {
  for (std::size_t i = 1 + further_outputs_; i < node_.outputs.size(); ++i) {
    if (output_used(i)) return unsupported("its output '" + printable(node_.outputs[i]) + "' is used");
  }
  return {};
}

Status NodeContext::finish() const {
  OCTET_TRY(error_);
  for (std::size_t i = 0; i < attribute_used_.size(); ++i) {
    if (attribute_used_[i]) continue;
    return unsupported("attribute '" + printable(node_.attributes[i].name) + "' is not known");
  }
  return {};
}

}  // namespace octet::onnx
