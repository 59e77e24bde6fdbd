#include "export/onnx/proto.h"

#include <protozero/pbf_writer.hpp>

#include "base/text.h"
#include "graph/open_sizes.h"

namespace octet::to_onnx {
namespace {

// Field numbers of onnx.proto.
enum Model : protozero::pbf_tag_type {
  kIrVersion = 1,
  kProducerName = 2,
  kModelGraph = 7,
  kOpsetImport = 8,
  kMetadata = 14
};
enum OpsetId : protozero::pbf_tag_type { kVersion = 2 };
enum StringEntry : protozero::pbf_tag_type { kKey = 1, kValue = 2 };
enum Graph : protozero::pbf_tag_type {
  kNode = 1,
  kGraphName = 2,
  kInitializer = 5,
  kGraphInput = 11,
  kGraphOutput = 12
};
enum Node : protozero::pbf_tag_type { kInput = 1, kOutput = 2, kNodeName = 3, kOpType = 4, kAttribute = 5 };
enum AttributeField : protozero::pbf_tag_type { kName = 1, kF = 2, kI = 3, kS = 4, kInts = 8, kType = 20 };
enum Tensor : protozero::pbf_tag_type { kDims = 1, kDataType = 2, kTensorName = 8, kRawData = 9 };
enum ValueInfo : protozero::pbf_tag_type { kValueName = 1, kValueType = 2 };
enum Type : protozero::pbf_tag_type {
  kTensorType = 1,
  kElementType = 1,
  kShape = 2,
  kDim = 1,
  kDimValue = 1,
  kDimParam = 2
};

// AttributeProto.AttributeType
constexpr std::int32_t kTypeFloat = 1, kTypeInt = 2, kTypeString = 3, kTypeInts = 7;

constexpr std::int64_t kIrVersion7 = 7;  // of opsets 13 and 14
constexpr std::int64_t kIrVersion9 = 9;  // of opset 19

class AttributeValue {
 public:
  explicit AttributeValue(protozero::pbf_writer& out) : out_(out) {}

  void operator()(std::int64_t value) {
    out_.add_int64(kI, value);
    out_.add_int32(kType, kTypeInt);
  }
  void operator()(float value) {
    out_.add_float(kF, value);
    out_.add_int32(kType, kTypeFloat);
  }
  void operator()(std::string_view value) {
    out_.add_bytes(kS, value.data(), value.size());
    out_.add_int32(kType, kTypeString);
  }
  void operator()(const std::vector<std::int64_t>& values) {
    for (const std::int64_t value : values) out_.add_int64(kInts, value);
    out_.add_int32(kType, kTypeInts);
  }

 private:
  protozero::pbf_writer& out_;
};

void add_text(protozero::pbf_writer& out, protozero::pbf_tag_type tag, std::string_view text) {
  out.add_bytes(tag, text.data(), text.size());
}

void add_value(std::string& fields, protozero::pbf_tag_type tag, std::string_view name,
               std::span<const std::int64_t> dims, std::span<const std::string> open) {
  protozero::pbf_writer graph(fields);
  protozero::pbf_writer value(graph, tag);
  add_text(value, kValueName, name);
  protozero::pbf_writer type(value, kValueType);
  protozero::pbf_writer tensor(type, kTensorType);
  tensor.add_int32(kElementType, static_cast<std::int32_t>(ElementType::f32));
  if (dims.empty()) {  // a scalar: no dimension, but a shape, which the writer would leave out where it is empty
    tensor.add_message(kShape, std::string());
    return;
  }
  protozero::pbf_writer shape(tensor, kShape);
  for (std::size_t d = 0; d < dims.size(); ++d) {
    const std::string_view open_name = d < open.size() ? std::string_view(open[d]) : std::string_view();
    if (open_name == kUnnamedSize) {  // neither a number nor a name
      shape.add_message(kDim, std::string());
      continue;
    }
    protozero::pbf_writer dim(shape, kDim);
    if (open_name.empty()) {
      dim.add_int64(kDimValue, dims[d]);
    } else {
      dim.add_string(kDimParam, printable(open_name, kLongestSizeName));
    }
  }
}

}  // namespace

void ModelWriter::add_node(const NodeProto& node) {
  protozero::pbf_writer graph(nodes_);
  protozero::pbf_writer out(graph, kNode);
  for (const std::string& input : node.inputs) out.add_string(kInput, input);
  for (const std::string& output : node.outputs) out.add_string(kOutput, output);
  out.add_string(kNodeName, node.name);
  add_text(out, kOpType, node.op_type);
  for (const Attribute& attribute : node.attributes) {
    protozero::pbf_writer field(out, kAttribute);
    add_text(field, kName, attribute.name);
    std::visit(AttributeValue(field), attribute.value);
  }
}

void ModelWriter::add_initializer(std::string_view name, ElementType type, std::span<const std::int64_t> dims,
                                  std::span<const std::byte> data) {
  protozero::pbf_writer graph(initializers_);
  protozero::pbf_writer out(graph, kInitializer);
  for (const std::int64_t dim : dims) out.add_int64(kDims, dim);
  out.add_int32(kDataType, static_cast<std::int32_t>(type));
  add_text(out, kTensorName, name);
  out.add_bytes(kRawData, reinterpret_cast<const char*>(data.data()), data.size());
}

void ModelWriter::add_input(std::string_view name, std::span<const std::int64_t> dims,
                            std::span<const std::string> open) {
  add_value(inputs_, kGraphInput, name, dims, open);
}

void ModelWriter::add_output(std::string_view name, std::span<const std::int64_t> dims,
                             std::span<const std::string> open) {
  add_value(outputs_, kGraphOutput, name, dims, open);
}

void ModelWriter::add_metadata(std::string_view key, std::string_view value) {
  protozero::pbf_writer model(metadata_);
  protozero::pbf_writer entry(model, kMetadata);
  add_text(entry, kKey, key);
  add_text(entry, kValue, value);
}

std::string ModelWriter::finish(std::string_view graph_name, int opset) {
  std::string bytes;
  protozero::pbf_writer model(bytes);
  model.add_int64(kIrVersion, opset <= 14 ? kIrVersion7 : kIrVersion9);
  model.add_string(kProducerName, "octet");
  {
    protozero::pbf_writer graph(model, kModelGraph);
    graph.reserve(nodes_.size() + initializers_.size() + inputs_.size() + outputs_.size() + graph_name.size() + 64);
    bytes += nodes_;
    add_text(graph, kGraphName, graph_name);
    bytes += initializers_;
    bytes += inputs_;
    bytes += outputs_;
  }
  {
    protozero::pbf_writer import(model, kOpsetImport);
    import.add_int64(kVersion, opset);
  }
  bytes += metadata_;
  return bytes;
}

}  // namespace octet::to_onnx
