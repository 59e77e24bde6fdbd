// An ONNX file as a tree of protobuf fields, and back. Only what nests is known; everything else is numbers and bytes.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace octet::fuzz {

enum class Wire : std::uint8_t { varint = 0, fixed64 = 1, bytes = 2, fixed32 = 5 };

// The messages of onnx.proto that are taken apart.
enum class Kind : std::uint8_t {
  leaf,
  model,
  graph,
  node,
  attribute,
  tensor,
  value_info,
  type,
  tensor_type,
  shape,
  dimension,
  opset,
  entry
};

struct ProtoField {
  Kind parent = Kind::leaf;
  std::uint32_t number = 0;
  Wire wire = Wire::varint;
  Kind kind = Kind::leaf;            // what is in it
  std::uint64_t value = 0;           // varint
  std::string bytes;                 // other leaves
  std::vector<ProtoField> children;  // messages
};

bool read_varint(std::string_view& rest, std::uint64_t* value);
void write_varint(std::uint64_t value, std::string& out);

// False where the bytes are no message, or nest too deeply.
bool parse(std::string_view bytes, Kind kind, std::vector<ProtoField>& fields, int depth = 0);
std::string serialize(const std::vector<ProtoField>& fields);
std::size_t size_of(const ProtoField& field);

// Packed integers; names that connect nodes, or of operators and attributes; float32 values.
bool is_number_list(const ProtoField& field);
bool is_name(const ProtoField& field);
bool is_floats(const ProtoField& field);

}  // namespace octet::fuzz
