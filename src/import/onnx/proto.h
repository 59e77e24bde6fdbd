// The parts of onnx.proto that the importer reads, as views into the bytes of the file: the bytes must outlive them.
// Lists of messages stay undecoded views until somebody needs one, so that memory stays proportional to the file.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "base/status.h"
#include "graph/types.h"

namespace octet::onnx {

// TensorProto.DataType
enum class ElementType : std::int32_t {
  undefined = 0,
  f32 = 1,
  u8 = 2,
  i8 = 3,
  u16 = 4,
  i16 = 5,
  i32 = 6,
  i64 = 7,
  string = 8,
  boolean = 9,
  f16 = 10,
  f64 = 11,
  u32 = 12,
  u64 = 13,
  complex64 = 14,
  complex128 = 15,
  bf16 = 16,
  // Known by name only.
  f8e4m3fn = 17,
  f8e4m3fnuz = 18,
  f8e5m2 = 19,
  f8e5m2fnuz = 20,
  u4 = 21,
  i4 = 22,
  f4e2m1 = 23
};
// "FLOAT16"; "type 42" for what is not known.
std::string name_of(ElementType type);

// AttributeProto.AttributeType
enum class AttributeType : std::int32_t {
  undefined = 0,
  f = 1,
  i = 2,
  s = 3,
  tensor = 4,
  graph = 5,
  floats = 6,
  ints = 7,
  strings = 8,
  tensors = 9,
  graphs = 10,
  sparse_tensor = 11,
  sparse_tensors = 12,
  type = 13,
  types = 14
};
const char* name_of(AttributeType type);

struct OpsetId {
  std::string_view domain;
  std::int64_t version = 0;
};

struct ModelProto {
  std::int64_t ir_version = 0;
  std::vector<OpsetId> opsets;
  bool has_graph = false;
  std::string_view graph;
};

struct GraphProto {
  std::string_view name;
  std::vector<std::string_view> nodes, initializers, inputs, outputs, value_infos;  // messages
  bool has_sparse_initializers = false;
};

struct Attribute {
  std::string_view name;
  AttributeType type = AttributeType::undefined;
  float f = 0;
  std::int64_t i = 0;
  std::string_view s;
  std::string_view tensor;  // a TensorProto message
  std::vector<float> floats;
  std::vector<std::int64_t> ints;
};

struct NodeProto {
  std::string_view name, op_type, domain;
  std::vector<std::string_view> inputs, outputs;
  std::vector<Attribute> attributes;
};

struct ExternalData {
  std::string_view location, offset, length;
};

// Exactly one of raw_data, the typed lists and external holds the elements.
struct TensorProto {
  std::string_view name;
  Dims dims;
  ElementType type = ElementType::undefined;
  bool has_raw_data = false;
  std::string_view raw_data;
  std::vector<float> floats;
  std::vector<double> doubles;
  std::vector<std::int64_t> ints;  // int32_data, int64_data or uint64_data
  bool is_external = false;
  bool has_segment = false;
  ExternalData external;
};

struct Dimension {
  std::int64_t value = -1;     // <= 0: not known
  std::string_view parameter;  // its symbolic name, may be empty
};

struct ValueInfo {
  std::string_view name;
  bool is_tensor = false;
  ElementType type = ElementType::undefined;
  bool has_shape = false;
  std::vector<Dimension> dims;
};

// Errors are Code::format: damaged or truncated protobuf.
Result<ModelProto> parse_model(std::string_view message);
Result<GraphProto> parse_graph(std::string_view message);
Result<NodeProto> parse_node(std::string_view message);
Result<TensorProto> parse_tensor(std::string_view message);
Result<std::string_view> parse_tensor_name(std::string_view message);
Result<ValueInfo> parse_value_info(std::string_view message);

// True where the first fields of `message` could be a ModelProto's; the end may be missing.
bool looks_like_model(std::string_view message);

}  // namespace octet::onnx
