#include "export/tflite/file.h"

#include <algorithm>
#include <limits>

#include "base/text.h"

namespace octet::to_tflite {
namespace {

constexpr std::uint32_t kSchemaVersion = 3;
constexpr std::size_t kBufferAlignment = 16;
constexpr std::size_t kLargestFile = (std::size_t{1} << 31) - (std::size_t{1} << 20);  // with room for the tables

std::vector<std::int32_t> narrow(const Dims& dims) { return {dims.begin(), dims.end()}; }

flatbuffers::Offset<fb::Buffer> write_buffer(flatbuffers::FlatBufferBuilder& builder, const Bytes& data) {
  builder.ForceVectorAlignment(data.size(), 1, kBufferAlignment);
  const auto vector = builder.CreateVector(reinterpret_cast<const std::uint8_t*>(data.data()), data.size());
  return fb::CreateBuffer(builder, vector);
}

}  // namespace

FileTensor FileWriter::add_tensor(std::string name, fb::TensorType type, Dims dims, Quantization quantization) {
  tensors_.push_back({std::move(name), type, std::move(dims), std::move(quantization), 0});
  return static_cast<FileTensor>(tensors_.size()) - 1;
}

FileTensor FileWriter::add_constant(std::string name, fb::TensorType type, Dims dims, Bytes data,
                                    Quantization quantization) {
  const FileTensor tensor = add_tensor(std::move(name), type, std::move(dims), std::move(quantization));
  buffers_.push_back(std::move(data));
  tensors_.back().buffer = static_cast<std::uint32_t>(buffers_.size());  // buffer 0 is that of no data
  return tensor;
}

void FileWriter::add_operator(fb::BuiltinOperator kind, int version, std::vector<FileTensor> inputs,
                              std::vector<FileTensor> outputs, Options options) {
  const auto [code, is_new] = code_index_.emplace(std::pair(kind, version), codes_.size());
  if (is_new) codes_.emplace_back(kind, version);
  operators_.push_back({code->second, std::move(inputs), std::move(outputs), std::move(options)});
}

void FileWriter::open_sizes_by(const FileWriter& other) {
  for (std::size_t i = 0; i < tensors_.size() && i < other.tensors_.size(); ++i) {
    TensorRow& tensor = tensors_[i];
    const Dims& dims = other.tensors_[i].dims;
    if (tensor.buffer != 0 || dims.size() != tensor.dims.size() || dims == tensor.dims) continue;
    tensor.signature = tensor.dims;
    for (std::size_t d = 0; d < dims.size(); ++d) {
      if (dims[d] != tensor.dims[d]) tensor.signature[d] = -1;
    }
  }
}

namespace {

std::string written(const Options& options) {
  if (!options.write) return {};
  flatbuffers::FlatBufferBuilder builder;
  builder.Finish(options.write(builder));
  return {reinterpret_cast<const char*>(builder.GetBufferPointer()), builder.GetSize()};
}

}  // namespace

bool FileWriter::same(const OperatorRow& op, const FileWriter& other, const OperatorRow& other_op) const {
  if (codes_[op.code] != other.codes_[other_op.code] || op.inputs != other_op.inputs ||
      op.outputs != other_op.outputs || op.options.type != other_op.options.type ||
      written(op.options) != written(other_op.options)) {
    return false;
  }
  return std::all_of(op.inputs.begin(), op.inputs.end(), [&](FileTensor input) {
    if (input == kAbsent) return true;
    const auto i = static_cast<std::size_t>(input);
    const TensorRow &a = tensors_[i], &b = other.tensors_[i];
    if ((a.buffer == 0) != (b.buffer == 0)) return false;
    if (a.buffer == 0) return true;
    const Bytes &x = buffers_[a.buffer - 1], &y = other.buffers_[b.buffer - 1];
    return a.dims == b.dims && x.size() == y.size() &&
           (x.data() == y.data() || std::equal(x.span().begin(), x.span().end(), y.span().begin()));
  });
}

std::vector<std::string> FileWriter::differences(const FileWriter& other) const {
  if (operators_.size() != other.operators_.size() || tensors_.size() != other.tensors_.size()) {
    return {"the number of its operators"};
  }
  std::vector<std::string> names;
  for (std::size_t i = 0; i < operators_.size(); ++i) {
    if (same(operators_[i], other, other.operators_[i])) continue;
    names.push_back(std::string(fb::EnumNameBuiltinOperator(codes_[operators_[i].code].first)) + " that makes '" +
                    printable(tensors_[static_cast<std::size_t>(operators_[i].outputs[0])].name) + "'");
  }
  return names;
}

flatbuffers::Offset<fb::Tensor> FileWriter::write(flatbuffers::FlatBufferBuilder& builder,
                                                  const TensorRow& tensor) const {
  const auto shape = builder.CreateVector(narrow(tensor.dims));
  const auto name = builder.CreateString(tensor.name);
  flatbuffers::Offset<fb::Quantization> quantization;
  if (!tensor.quantization.scales.empty()) {
    const auto scales = builder.CreateVector(tensor.quantization.scales);
    const auto zero_points = builder.CreateVector(tensor.quantization.zero_points);
    fb::QuantizationBuilder fields(builder);
    fields.add_scale(scales);
    fields.add_zero_point(zero_points);
    fields.add_quantized_dimension(tensor.quantization.axis);
    quantization = fields.Finish();
  }
  const auto signature = tensor.signature.empty() ? 0 : builder.CreateVector(narrow(tensor.signature));
  fb::TensorBuilder fields(builder);
  fields.add_shape(shape);
  fields.add_type(tensor.type);
  fields.add_buffer(tensor.buffer);
  fields.add_name(name);
  if (!quantization.IsNull()) fields.add_quantization(quantization);
  if (!tensor.signature.empty()) fields.add_shape_signature(signature);
  fields.add_has_rank(true);  // a shape of no dimension is a scalar's
  return fields.Finish();
}

flatbuffers::Offset<fb::Operator> FileWriter::write(flatbuffers::FlatBufferBuilder& builder,
                                                    const OperatorRow& op) const {
  const auto inputs = builder.CreateVector(op.inputs);
  const auto outputs = builder.CreateVector(op.outputs);
  const auto options = op.options.write ? op.options.write(builder) : flatbuffers::Offset<void>();
  return fb::CreateOperator(builder, op.code, inputs, outputs, op.options.type, options);
}

Result<std::string> FileWriter::finish(const std::string& name, const std::vector<FileTensor>& inputs,
                                       const std::vector<FileTensor>& outputs) {
  std::size_t size = (tensors_.size() + operators_.size()) * 512;
  for (const Bytes& data : buffers_) size += data.size() + 64;
  if (size > kLargestFile) {
    return fail(Code::unsupported, "the network takes " + std::to_string(size >> 20) +
                                       " MiB as .tflite, and such a file holds at most 2047; write it as .octet");
  }
  flatbuffers::FlatBufferBuilder builder(size);
  std::vector<flatbuffers::Offset<fb::Buffer>> buffers = {fb::CreateBuffer(builder)};
  for (const Bytes& data : buffers_) buffers.push_back(write_buffer(builder, data));
  std::vector<flatbuffers::Offset<fb::OperatorCode>> codes;
  for (const auto& [kind, version] : codes_) {
    // Readers of before 2020 know the one byte alone, which says 127 where the other field counts.
    const auto old = static_cast<std::int8_t>(std::min(static_cast<std::int32_t>(kind), 127));
    codes.push_back(fb::CreateOperatorCode(builder, old, 0, version, kind));
  }
  std::vector<flatbuffers::Offset<fb::Tensor>> tensors;
  for (const TensorRow& tensor : tensors_) tensors.push_back(write(builder, tensor));
  std::vector<flatbuffers::Offset<fb::Operator>> operators;
  for (const OperatorRow& op : operators_) operators.push_back(write(builder, op));
  const auto graph_tensors = builder.CreateVector(tensors);
  const auto graph_inputs = builder.CreateVector(inputs);
  const auto graph_outputs = builder.CreateVector(outputs);
  const auto graph_operators = builder.CreateVector(operators);
  const auto graph_name = builder.CreateString(name);
  const std::vector<flatbuffers::Offset<fb::SubGraph>> graphs = {
      fb::CreateSubGraph(builder, graph_tensors, graph_inputs, graph_outputs, graph_operators, graph_name)};
  const auto model_codes = builder.CreateVector(codes);
  const auto model_graphs = builder.CreateVector(graphs);
  const auto description = builder.CreateString("octet");
  const auto model_buffers = builder.CreateVector(buffers);
  fb::FinishModelBuffer(
      builder, fb::CreateModel(builder, kSchemaVersion, model_codes, model_graphs, description, model_buffers));
  return std::string(reinterpret_cast<const char*>(builder.GetBufferPointer()), builder.GetSize());
}

}  // namespace octet::to_tflite
