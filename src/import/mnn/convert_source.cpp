// Where tensors come from: inputs and constants; and what only hands them on.
#include <cstring>
#include <string>
#include <type_traits>
#include <utility>

#include "base/checked.h"
#include "base/text.h"
#include "import/import.h"
#include "import/mnn/convert.h"

namespace octet::mnn {
namespace {

constexpr std::size_t kMaxRank = 8;

std::string type_text(fb::DataType type) {
  const char* name = fb::EnumNameDataType(type);
  return *name != 0 ? name : std::to_string(static_cast<int>(type));
}

// The integer types of the file become i64: they are shapes, axes and indices.
Result<DType> graph_type(fb::DataType type) {
  switch (type) {
    case fb::DataType::Float:
    case fb::DataType::Half:
      return DType::f32;
    case fb::DataType::Int32:
    case fb::DataType::Int64:
      return DType::i64;
    case fb::DataType::Bool:
      return DType::boolean;
    default:
      return fail(Code::unsupported, "elements of type " + type_text(type) + " are not supported here");
  }
}

// Elements of type To, read from elements of type From that may lie unaligned.
template <class To, class From>
Result<Bytes> elements(std::span<const std::byte> raw, std::int64_t count) {
  if (raw.size() != static_cast<std::uint64_t>(count) * sizeof(From)) {
    return fail(Code::format, "the constant has " + std::to_string(raw.size()) +
                                  " bytes of data, but its shape needs " + std::to_string(count) + " elements of " +
                                  std::to_string(sizeof(From)) + " bytes");
  }
  std::vector<To> values(static_cast<std::size_t>(count));
  for (std::size_t i = 0; i < values.size(); ++i) {
    From value;
    std::memcpy(&value, raw.data() + i * sizeof(From), sizeof(From));
    if constexpr (std::is_same_v<From, std::uint16_t>) {
      values[i] = half_to_float(value);
    } else {
      values[i] = static_cast<To>(value);
    }
  }
  return Bytes::from(values);
}

template <class T>
std::span<const std::byte> raw_of(const flatbuffers::Vector<T>* vector) {
  return std::as_bytes(span_of(vector));
}

Result<std::span<const std::byte>> raw_data(Emitter& e, const fb::Blob& blob) {
  const std::span<const std::int64_t> external = span_of(blob.external());
  if (!external.empty()) return ExternalPieces(e.external(), external).take();
  switch (blob.data_type()) {
    case fb::DataType::Float:
      return raw_of(blob.float32s());
    case fb::DataType::Half:
      return raw_of(blob.uint8s());
    case fb::DataType::Int64:
      return raw_of(blob.int64s());
    default:
      return raw_of(blob.int32s());
  }
}

Result<Bytes> constant_data(Emitter& e, const fb::Blob& blob, std::int64_t count) {
  OCTET_ASSIGN(std::span<const std::byte> raw, raw_data(e, blob));
  switch (blob.data_type()) {
    case fb::DataType::Float:
      return elements<float, float>(raw, count);
    case fb::DataType::Half:
      return elements<float, std::uint16_t>(raw, count);
    case fb::DataType::Int64:
      return elements<std::int64_t, std::int64_t>(raw, count);
    case fb::DataType::Int32:
      return elements<std::int64_t, std::int32_t>(raw, count);
    default: {
      OCTET_ASSIGN(Bytes wide, (elements<std::int64_t, std::int32_t>(raw, count)));
      std::vector<std::uint8_t> values;
      for (const std::int64_t value : wide.as<std::int64_t>()) values.push_back(value != 0 ? 1 : 0);
      return Bytes::from(values);
    }
  }
}

}  // namespace

Status convert_input(Emitter& e) {
  OCTET_ASSIGN(const auto* parameters, e.parameters<fb::Input>());
  OCTET_TRY(e.expect_inputs(0, 0));
  if (parameters->data_type() != fb::DataType::Float) {
    return fail(Code::unsupported, "the input has elements of type " + type_text(parameters->data_type()) +
                                       "; only float32 inputs are supported");
  }
  Dims dims = widened(parameters->dims());
  if (dims.empty() || dims.size() > kMaxRank) {
    return fail(Code::unsupported, "the input has " + std::to_string(dims.size()) + " dimensions; 1 to " +
                                       std::to_string(kMaxRank) + " are supported");
  }
  std::vector<std::size_t> open;
  for (std::size_t i = 0; i < dims.size(); ++i) {
    if (dims[i] > 0) continue;
    // An open batch is one sample; other open sizes are given when the model is loaded.
    dims[i] = i == 0 ? 1 : -1;
    open.push_back(i);
  }
  const TensorId id = e.source(DType::f32, dims, layout_of(parameters->data_format()));
  e.finish_input(id, open);
  return {};
}

Status convert_const(Emitter& e) {
  OCTET_ASSIGN(const auto* blob, e.parameters<fb::Blob>());
  OCTET_ASSIGN(const DType dtype, graph_type(blob->data_type()));
  const Dims dims = widened(blob->dims());
  if (dims.size() > kMaxRank) {
    return fail(Code::unsupported, "the constant has " + std::to_string(dims.size()) + " dimensions");
  }
  for (const std::int64_t dim : dims) {
    if (dim < 0) return fail(Code::format, "the constant has the shape " + shape_text(dims));
  }
  const std::int64_t count = element_count(dims);
  if (count < 0) return fail(Code::format, "the constant of shape " + shape_text(dims) + " is too large");
  OCTET_ASSIGN(Bytes data, constant_data(e, *blob, count));
  e.finish(e.constant(dtype, dims, std::move(data), layout_of(blob->data_format())));
  return {};
}

Status convert_identity(Emitter& e) {
  OCTET_TRY(e.expect_inputs(1, 2));
  e.finish(e.emit(octet::Op::identity, {e.input(0)}));
  return {};
}

Status convert_cast(Emitter& e) {
  OCTET_ASSIGN(const auto* parameters, e.parameters<fb::CastParam>());
  OCTET_TRY(e.expect_inputs(1, 1));
  OCTET_ASSIGN(const DType to, graph_type(parameters->target()));
  e.finish(e.cast(e.input(0), to));
  return {};
}

}  // namespace octet::mnn
