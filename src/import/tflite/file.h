// A verified .tflite file: its tables, and the bytes of its constants.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/status.h"
#include "graph/types.h"
#include "tflite_generated.h"

namespace octet::tflite {

namespace fb = octet::tflite_file;

template <class T>
std::span<const T> span_of(const flatbuffers::Vector<T>* vector) {
  return vector == nullptr ? std::span<const T>() : std::span<const T>(vector->data(), vector->size());
}

class File {
 public:
  // Preconditions: `bytes` holds a verified model, whose first subgraph is `network`.
  File(Bytes bytes, const fb::Model& model, const fb::SubGraph& network)
      : bytes_(std::move(bytes)), model_(model), network_(network) {}

  // Every table that is read without a further look is there: tensors, operators, codes in range.
  Status check() const;

  const Bytes& bytes() const { return bytes_; }
  const fb::SubGraph& network() const { return network_; }
  std::size_t tensor_count() const { return network_.tensors()->size(); }
  // Precondition: index < tensor_count().
  const fb::Tensor& tensor(std::int32_t index) const {
    return *network_.tensors()->Get(static_cast<flatbuffers::uoffset_t>(index));
  }
  bool has_tensor(std::int32_t index) const { return index >= 0 && static_cast<std::size_t>(index) < tensor_count(); }
  std::string tensor_name(std::int32_t index) const;  // made from the index where the file has none
  Dims dims(std::int32_t index) const;

  const fb::OperatorCode& code(const fb::Operator& op) const {
    return *model_.operator_codes()->Get(op.opcode_index());
  }
  fb::BuiltinOperator kind(const fb::Operator& op) const;
  // "CONV_2D, version 3", "custom operator 'x', version 1".
  std::string kind_text(const fb::Operator& op) const;
  // Of the first tensor that it makes: operators of the format have no names.
  std::string node_name(const fb::Operator& op) const;

  // Whether the file holds the tensor's values.
  bool is_constant(std::int32_t index) const;
  // The values' bytes, exactly as many as type and shape need.
  Result<Bytes> data(std::int32_t index) const;

 private:
  const fb::Buffer* buffer(std::int32_t index) const;

  Bytes bytes_;
  const fb::Model& model_;
  const fb::SubGraph& network_;
};

std::string type_text(fb::TensorType type);

}  // namespace octet::tflite
