#include "import/onnx/proto.h"

#include <protozero/pbf_reader.hpp>
#include <string>

namespace octet::onnx {
namespace {

using protozero::pbf_reader;
using Wire = protozero::pbf_wire_type;

// A field by number and wire type: a known number with another wire type is skipped like an unknown field.
constexpr std::uint32_t varint(std::uint32_t field) { return protozero::tag_and_type(field, Wire::varint); }
constexpr std::uint32_t bytes(std::uint32_t field) { return protozero::tag_and_type(field, Wire::length_delimited); }
constexpr std::uint32_t fixed32(std::uint32_t field) { return protozero::tag_and_type(field, Wire::fixed32); }
constexpr std::uint32_t fixed64(std::uint32_t field) { return protozero::tag_and_type(field, Wire::fixed64); }

std::string_view view(pbf_reader& reader) {
  const auto data = reader.get_view();
  return {data.data(), data.size()};
}

template <class Range, class T>
void append(const Range& range, std::vector<T>& list) {
  for (auto it = range.begin(); it != range.end(); ++it) list.push_back(static_cast<T>(*it));
}

// Calls `field(reader)` for every field of a message; it must consume the field or skip it.
template <class F>
Status read_fields(std::string_view message, const char* what, F field) {
  try {
    pbf_reader reader(message.data(), message.size());
    while (reader.next()) field(reader);
    return {};
  } catch (const protozero::exception& error) {
    return fail(Code::format, std::string("the file is truncated or damaged (") + what + ": " + error.what() + ")");
  }
}

Result<OpsetId> parse_opset(std::string_view message) {
  OpsetId opset;
  OCTET_TRY(read_fields(message, "OperatorSetIdProto", [&](pbf_reader& reader) {
    switch (reader.tag_and_type()) {
      case bytes(1):
        opset.domain = view(reader);
        break;
      case varint(2):
        opset.version = reader.get_int64();
        break;
      default:
        reader.skip();
    }
  }));
  return opset;
}

Result<Attribute> parse_attribute(std::string_view message) {
  Attribute attribute;
  OCTET_TRY(read_fields(message, "AttributeProto", [&](pbf_reader& reader) {
    switch (reader.tag_and_type()) {
      case bytes(1):
        attribute.name = view(reader);
        break;
      case fixed32(2):
        attribute.f = reader.get_float();
        break;
      case varint(3):
        attribute.i = reader.get_int64();
        break;
      case bytes(4):
        attribute.s = view(reader);
        break;
      case bytes(5):
        attribute.tensor = view(reader);
        break;
      case fixed32(7):
        attribute.floats.push_back(reader.get_float());
        break;
      case bytes(7):
        append(reader.get_packed_float(), attribute.floats);
        break;
      case varint(8):
        attribute.ints.push_back(reader.get_int64());
        break;
      case bytes(8):
        append(reader.get_packed_int64(), attribute.ints);
        break;
      case varint(20):
        attribute.type = static_cast<AttributeType>(reader.get_int32());
        break;
      default:
        reader.skip();
    }
  }));
  return attribute;
}

Status parse_external_entry(std::string_view message, ExternalData* external) {
  std::string_view key, value;
  OCTET_TRY(read_fields(message, "StringStringEntryProto", [&](pbf_reader& reader) {
    switch (reader.tag_and_type()) {
      case bytes(1):
        key = view(reader);
        break;
      case bytes(2):
        value = view(reader);
        break;
      default:
        reader.skip();
    }
  }));
  if (key == "location") external->location = value;
  if (key == "offset") external->offset = value;
  if (key == "length") external->length = value;
  return {};
}

Result<Dimension> parse_dimension(std::string_view message) {
  Dimension dimension;
  OCTET_TRY(read_fields(message, "TensorShapeProto.Dimension", [&](pbf_reader& reader) {
    switch (reader.tag_and_type()) {
      case varint(1):
        dimension.value = reader.get_int64();
        break;
      case bytes(2):
        dimension.parameter = view(reader);
        break;
      default:
        reader.skip();
    }
  }));
  return dimension;
}

Status parse_tensor_type(std::string_view message, ValueInfo* info) {
  std::string_view shape;
  OCTET_TRY(read_fields(message, "TypeProto.Tensor", [&](pbf_reader& reader) {
    switch (reader.tag_and_type()) {
      case varint(1):
        info->type = static_cast<ElementType>(reader.get_int32());
        break;
      case bytes(2):
        shape = view(reader);
        info->has_shape = true;
        break;
      default:
        reader.skip();
    }
  }));
  std::vector<std::string_view> messages;
  OCTET_TRY(read_fields(shape, "TensorShapeProto", [&](pbf_reader& reader) {
    if (reader.tag_and_type() == bytes(1)) {
      messages.push_back(view(reader));
    } else {
      reader.skip();
    }
  }));
  info->dims.clear();
  for (const auto dimension_message : messages) {
    OCTET_ASSIGN(const Dimension dimension, parse_dimension(dimension_message));
    info->dims.push_back(dimension);
  }
  return {};
}

}  // namespace

std::string name_of(ElementType type) {
  static constexpr const char* kNames[] = {"UNDEFINED",      "FLOAT",    "UINT8",        "INT8",           "UINT16",
                                           "INT16",          "INT32",    "INT64",        "STRING",         "BOOL",
                                           "FLOAT16",        "DOUBLE",   "UINT32",       "UINT64",         "COMPLEX64",
                                           "COMPLEX128",     "BFLOAT16", "FLOAT8E4M3FN", "FLOAT8E4M3FNUZ", "FLOAT8E5M2",
                                           "FLOAT8E5M2FNUZ", "UINT4",    "INT4",         "FLOAT4E2M1"};
  const auto index = static_cast<std::int32_t>(type);
  if (index >= 0 && index < static_cast<std::int32_t>(std::size(kNames))) return kNames[index];
  return "type " + std::to_string(index);
}

const char* name_of(AttributeType type) {
  static constexpr const char* kNames[] = {"undefined",      "float", "int",     "string",  "tensor", "graph",
                                           "floats",         "ints",  "strings", "tensors", "graphs", "sparse_tensor",
                                           "sparse_tensors", "type",  "types"};
  const auto index = static_cast<std::int32_t>(type);
  return index >= 0 && index < static_cast<std::int32_t>(std::size(kNames)) ? kNames[index] : "unknown";
}

Result<ModelProto> parse_model(std::string_view message) {
  ModelProto model;
  std::vector<std::string_view> opsets;
  OCTET_TRY(read_fields(message, "ModelProto", [&](pbf_reader& reader) {
    switch (reader.tag_and_type()) {
      case varint(1):
        model.ir_version = reader.get_int64();
        break;
      case bytes(7):
        model.graph = view(reader);
        model.has_graph = true;
        break;
      case bytes(8):
        opsets.push_back(view(reader));
        break;
      default:
        reader.skip();
    }
  }));
  for (const auto opset_message : opsets) {
    OCTET_ASSIGN(const OpsetId opset, parse_opset(opset_message));
    model.opsets.push_back(opset);
  }
  return model;
}

Result<GraphProto> parse_graph(std::string_view message) {
  GraphProto graph;
  OCTET_TRY(read_fields(message, "GraphProto", [&](pbf_reader& reader) {
    switch (reader.tag_and_type()) {
      case bytes(1):
        graph.nodes.push_back(view(reader));
        break;
      case bytes(2):
        graph.name = view(reader);
        break;
      case bytes(5):
        graph.initializers.push_back(view(reader));
        break;
      case bytes(11):
        graph.inputs.push_back(view(reader));
        break;
      case bytes(12):
        graph.outputs.push_back(view(reader));
        break;
      case bytes(13):
        graph.value_infos.push_back(view(reader));
        break;
      case bytes(15):
        graph.has_sparse_initializers = true;
        reader.skip();
        break;
      default:
        reader.skip();
    }
  }));
  return graph;
}

Result<NodeProto> parse_node(std::string_view message) {
  NodeProto node;
  std::vector<std::string_view> attributes;
  OCTET_TRY(read_fields(message, "NodeProto", [&](pbf_reader& reader) {
    switch (reader.tag_and_type()) {
      case bytes(1):
        node.inputs.push_back(view(reader));
        break;
      case bytes(2):
        node.outputs.push_back(view(reader));
        break;
      case bytes(3):
        node.name = view(reader);
        break;
      case bytes(4):
        node.op_type = view(reader);
        break;
      case bytes(5):
        attributes.push_back(view(reader));
        break;
      case bytes(7):
        node.domain = view(reader);
        break;
      default:
        reader.skip();
    }
  }));
  for (const auto attribute_message : attributes) {
    OCTET_ASSIGN(Attribute attribute, parse_attribute(attribute_message));
    node.attributes.push_back(std::move(attribute));
  }
  return node;
}

Result<TensorProto> parse_tensor(std::string_view message) {
  TensorProto tensor;
  std::vector<std::string_view> external;
  OCTET_TRY(read_fields(message, "TensorProto", [&](pbf_reader& reader) {
    switch (reader.tag_and_type()) {
      case varint(1):
        tensor.dims.push_back(reader.get_int64());
        break;
      case bytes(1):
        append(reader.get_packed_int64(), tensor.dims);
        break;
      case varint(2):
        tensor.type = static_cast<ElementType>(reader.get_int32());
        break;
      case bytes(3):
        tensor.has_segment = true;
        reader.skip();
        break;
      case fixed32(4):
        tensor.floats.push_back(reader.get_float());
        break;
      case bytes(4):
        append(reader.get_packed_float(), tensor.floats);
        break;
      case varint(5):
      case varint(7):
      case varint(11):
        tensor.ints.push_back(reader.get_int64());
        break;
      case bytes(5):
      case bytes(7):
      case bytes(11):
        append(reader.get_packed_int64(), tensor.ints);
        break;
      case bytes(8):
        tensor.name = view(reader);
        break;
      case bytes(9):
        tensor.raw_data = view(reader);
        tensor.has_raw_data = true;
        break;
      case fixed64(10):
        tensor.doubles.push_back(reader.get_double());
        break;
      case bytes(10):
        append(reader.get_packed_double(), tensor.doubles);
        break;
      case bytes(13):
        external.push_back(view(reader));
        break;
      case varint(14):
        tensor.is_external = reader.get_int32() == 1;
        break;
      default:
        reader.skip();
    }
  }));
  for (const auto entry : external) OCTET_TRY(parse_external_entry(entry, &tensor.external));
  return tensor;
}

Result<std::string_view> parse_tensor_name(std::string_view message) {
  std::string_view name;
  OCTET_TRY(read_fields(message, "TensorProto", [&](pbf_reader& reader) {
    if (reader.tag_and_type() == bytes(8)) {
      name = view(reader);
    } else {
      reader.skip();
    }
  }));
  return name;
}

Result<ValueInfo> parse_value_info(std::string_view message) {
  ValueInfo info;
  std::string_view type, tensor_type;
  OCTET_TRY(read_fields(message, "ValueInfoProto", [&](pbf_reader& reader) {
    switch (reader.tag_and_type()) {
      case bytes(1):
        info.name = view(reader);
        break;
      case bytes(2):
        type = view(reader);
        break;
      default:
        reader.skip();
    }
  }));
  OCTET_TRY(read_fields(type, "TypeProto", [&](pbf_reader& reader) {
    if (reader.tag_and_type() == bytes(1)) {
      tensor_type = view(reader);
      info.is_tensor = true;
    } else {
      reader.skip();
    }
  }));
  if (info.is_tensor) OCTET_TRY(parse_tensor_type(tensor_type, &info));
  return info;
}

bool looks_like_model(std::string_view message) {
  bool has_version = false;
  bool has_content = false;  // the graph, an operator set or the name of the producer
  try {
    pbf_reader reader(message.data(), message.size());
    while (reader.next()) {
      switch (reader.tag_and_type()) {
        case varint(1): {  // ir_version
          const auto version = reader.get_int64();
          if (version < 1 || version > 1000) return false;
          has_version = true;
          break;
        }
        case bytes(2):
        case bytes(7):
        case bytes(8):
          has_content = true;
          reader.skip();
          break;
        case bytes(3):
        case bytes(4):
        case varint(5):
        case bytes(6):
        case bytes(14):
        case bytes(20):
        case bytes(25):
        case bytes(26):
          reader.skip();
          break;
        default:
          return false;
      }
    }
  } catch (const protozero::end_of_buffer_exception&) {
    return has_version;  // a truncated model, or only its beginning
  } catch (const protozero::exception&) {
    return false;
  }
  return has_version && has_content;
}

}  // namespace octet::onnx
