#include "import/tflite/file.h"

#include <algorithm>

#include "base/text.h"

namespace octet::tflite {

namespace {

// Bits of one element; 0: not a type of values that are read.
std::size_t bits_of(fb::TensorType type) {
  switch (type) {
    case fb::TensorType::INT4:
      return 4;
    case fb::TensorType::INT8:
    case fb::TensorType::UINT8:
    case fb::TensorType::BOOL:
      return 8;
    case fb::TensorType::FLOAT16:
    case fb::TensorType::BFLOAT16:
      return 16;
    case fb::TensorType::FLOAT32:
    case fb::TensorType::INT32:
      return 32;
    case fb::TensorType::INT64:
      return 64;
    default:
      return 0;
  }
}

}  // namespace

std::string type_text(fb::TensorType type) {
  const char* name = fb::EnumNameTensorType(type);
  return *name != 0 ? name : "type " + std::to_string(static_cast<int>(type));
}

Status File::check() const {
  if (network_.tensors() == nullptr || network_.operators() == nullptr || network_.operators()->size() == 0) {
    return fail(Code::format, "the network has no operators");
  }
  const std::size_t codes = model_.operator_codes() == nullptr ? 0 : model_.operator_codes()->size();
  for (const fb::Operator* op : *network_.operators()) {
    if (op->opcode_index() >= codes) {
      return fail(Code::format, "operator '" + printable(node_name(*op)) + "' has the code " +
                                    std::to_string(op->opcode_index()) + ", but the file lists " +
                                    std::to_string(codes) + " codes");
    }
  }
  return {};
}

std::string File::tensor_name(std::int32_t index) const {
  const flatbuffers::String* name = tensor(index).name();
  return name == nullptr || name->size() == 0 ? "tensor_" + std::to_string(index) : name->str();
}

Dims File::dims(std::int32_t index) const {
  const std::span<const std::int32_t> shape = span_of(tensor(index).shape());
  return {shape.begin(), shape.end()};
}

fb::BuiltinOperator File::kind(const fb::Operator& op) const {
  // Old files have the first field alone, whose byte ends at 127; new ones fill both as far as it reaches.
  const fb::OperatorCode& given = code(op);
  return std::max(given.builtin_code(), static_cast<fb::BuiltinOperator>(given.deprecated_builtin_code()));
}

std::string File::kind_text(const fb::Operator& op) const {
  const fb::BuiltinOperator operator_kind = kind(op);
  const std::string version = ", version " + std::to_string(code(op).version());
  if (operator_kind == fb::BuiltinOperator::CUSTOM) {
    const flatbuffers::String* name = code(op).custom_code();
    return "custom operator '" + printable(name == nullptr ? "" : name->string_view()) + "'" + version;
  }
  const char* name = fb::EnumNameBuiltinOperator(operator_kind);
  return (*name != 0 ? std::string(name) : "operator " + std::to_string(static_cast<int>(operator_kind))) + version;
}

std::string File::node_name(const fb::Operator& op) const {
  for (const std::int32_t index : span_of(op.outputs())) {
    if (has_tensor(index)) return tensor_name(index);
  }
  return "";
}

const fb::Buffer* File::buffer(std::int32_t index) const {
  const std::uint32_t number = tensor(index).buffer();
  if (model_.buffers() == nullptr || number >= model_.buffers()->size()) return nullptr;
  const fb::Buffer* found = model_.buffers()->Get(number);
  const bool filled = (found->data() != nullptr && found->data()->size() > 0) || found->size() > 0;
  return filled ? found : nullptr;
}

bool File::is_constant(std::int32_t index) const {
  // A tensor without elements needs no bytes: the shape of a scalar is one.
  return buffer(index) != nullptr || element_count(dims(index)) == 0;
}

Result<Bytes> File::data(std::int32_t index) const {
  const std::string where = "tensor '" + printable(tensor_name(index)) + "' ";
  const fb::Tensor& table = tensor(index);
  if (table.sparsity() != nullptr) {
    return fail(Code::unsupported, where + "is sparse; convert the network without sparse weights");
  }
  const std::size_t bits = bits_of(table.type());
  if (bits == 0) return fail(Code::unsupported, where + "holds constants of the type " + type_text(table.type()));
  const std::int64_t count = element_count(dims(index));
  if (count < 0 || dims(index).size() > kMaxRank) {
    return fail(Code::format,
                where + "has the shape " + shape_text(dims(index)) + ", which is impossible or too large");
  }
  const std::size_t needed = (static_cast<std::size_t>(count) * bits + 7) / 8;
  if (needed == 0) return Bytes();
  const fb::Buffer* source = buffer(index);
  if (source == nullptr) return fail(Code::format, where + "has no data");
  std::size_t begin = 0, size = 0;
  if (source->data() != nullptr && source->data()->size() > 0) {
    begin = static_cast<std::size_t>(reinterpret_cast<const std::byte*>(source->data()->data()) - bytes_.data());
    size = source->data()->size();
  } else {
    if (source->offset() > bytes_.size() || source->size() > bytes_.size() - source->offset()) {
      return fail(Code::format, where + "lies at bytes " + std::to_string(source->offset()) + " and the following " +
                                    std::to_string(source->size()) + ", behind the end of the file (" +
                                    std::to_string(bytes_.size()) + " bytes); it is truncated");
    }
    begin = static_cast<std::size_t>(source->offset());
    size = static_cast<std::size_t>(source->size());
  }
  if (size != needed) {
    return fail(Code::format, where + "of shape " + shape_text(dims(index)) + " (" + type_text(table.type()) +
                                  ") needs " + std::to_string(needed) + " bytes, but the file has " +
                                  std::to_string(size));
  }
  return bytes_.slice(begin, size);
}

}  // namespace octet::tflite
