// Writes the messages of onnx.proto that a network needs.
#pragma once

#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "graph/types.h"

namespace octet::to_onnx {

// TensorProto.DataType
enum class ElementType : std::int32_t { f32 = 1, u8 = 2, i8 = 3, i32 = 6, i64 = 7 };

// AttributeProto: a name and a value of one of its types.
struct Attribute {
  std::string_view name;
  std::variant<std::int64_t, float, std::string_view, std::vector<std::int64_t>> value;
};

struct NodeProto {
  std::string_view op_type;
  std::string name;
  std::vector<std::string> inputs, outputs;  // "": an optional input that is not given
  std::vector<Attribute> attributes;
};

// A ModelProto, written from its start to its end: nodes in the order in which they are added.
class ModelWriter {
 public:
  void add_node(const NodeProto& node);
  // Precondition: as many bytes as dims and type say.
  void add_initializer(std::string_view name, ElementType type, std::span<const std::int64_t> dims,
                       std::span<const std::byte> data);
  // float32 tensors; `open`: of each dimension the name of an open size, "?" where it has none, "" of a fixed one.
  void add_input(std::string_view name, std::span<const std::int64_t> dims, std::span<const std::string> open);
  void add_output(std::string_view name, std::span<const std::int64_t> dims, std::span<const std::string> open);
  void add_metadata(std::string_view key, std::string_view value);

  // Nodes and initializers so far, as bytes of the file.
  std::string_view nodes() const { return nodes_; }
  std::string_view initializers() const { return initializers_; }

  // The whole message.
  std::string finish(std::string_view graph_name, int opset);

 private:
  std::string nodes_, initializers_, inputs_, outputs_, metadata_;  // fields with their tags and lengths
};

}  // namespace octet::to_onnx
