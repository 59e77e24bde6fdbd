#include "export/onnx/emitter.h"

#include <algorithm>
#include <limits>

#include "graph/open_sizes.h"

namespace octet::to_onnx {
namespace {

template <class T>
std::span<const std::byte> bytes_of(const std::vector<T>& values) {
  return std::as_bytes(std::span(values));
}

}  // namespace

Emitter::Emitter(const Graph& graph, const Graph* other, int opset)
    : graph_(graph),
      other_(other),
      opset_(opset),
      written_(graph.tensors.size()),
      integers_(graph.tensors.size()),
      read_(graph.tensors.size()),
      quantizations_(graph.tensors.size()) {
  // The interface takes its names first: they are what users know.
  for (std::size_t i = 0; i < graph.inputs.size(); ++i) {
    const TensorId id = graph.inputs[i];
    read_[index(id)] = names_.take(graph.at(id).name);
    model_.add_input(read_[index(id)], graph.at(id).dims,
                     i < graph.open_sizes.size() ? graph.open_sizes[i] : std::vector<std::string>());
  }
  for (const TensorId id : graph.outputs) {
    outputs_.push_back(names_.take(graph.at(id).name));
    if (graph.at(id).dtype == DType::f32 && read_[index(id)].empty()) written_[index(id)] = outputs_.back();
  }
  for (const TensorId id : graph.inputs) {
    if (graph.at(id).dtype != DType::i8) continue;
    const std::string real = std::move(read_[index(id)]);
    read_[index(id)].clear();
    quantize(id, real);
  }
}

void Emitter::node(std::string_view op_type, std::string_view name, std::vector<std::string> inputs,
                   std::vector<std::string> outputs, std::vector<Attribute> attributes) {
  model_.add_node({op_type, node_names_.take(name), std::move(inputs), std::move(outputs), std::move(attributes)});
}

std::string Emitter::initializer(std::string_view name, ElementType type, const Dims& dims,
                                 std::span<const std::byte> data) {
  std::string taken = names_.take(name);
  model_.add_initializer(taken, type, dims, data);
  return taken;
}

std::string Emitter::ints(std::string_view name, const std::vector<std::int64_t>& values) {
  return initializer(name, ElementType::i64, {static_cast<std::int64_t>(values.size())}, bytes_of(values));
}

std::string Emitter::floats(std::string_view name, const std::vector<float>& values) {
  return initializer(name, ElementType::f32, {static_cast<std::int64_t>(values.size())}, bytes_of(values));
}

std::string Emitter::scalar(std::string_view name, float value) {
  return initializer(name, ElementType::f32, {}, std::as_bytes(std::span(&value, 1)));
}

const Emitter::Quantization& Emitter::quantization(TensorId id) {
  Quantization& quantization = quantizations_[index(id)];
  if (quantization.scale.empty()) {
    const Tensor& tensor = graph_.at(id);
    const auto zero_point = static_cast<std::uint8_t>(tensor.quant.zero_point + 128);
    quantization.scale = scalar(tensor.name + "/scale", tensor.quant.scale);
    quantization.zero_point =
        initializer(tensor.name + "/zero_point", ElementType::u8, {}, std::as_bytes(std::span(&zero_point, 1)));
  }
  return quantization;
}

void Emitter::quantize(TensorId id, const std::string& real) {
  const Tensor& tensor = graph_.at(id);
  const Quantization& q = quantization(id);
  // The plain name belongs to the float value of an input or output.
  const bool interface = std::find(graph_.inputs.begin(), graph_.inputs.end(), id) != graph_.inputs.end() ||
                         std::find(graph_.outputs.begin(), graph_.outputs.end(), id) != graph_.outputs.end();
  integers_[index(id)] = names_.take(interface ? tensor.name + "/quantized" : tensor.name);
  node("QuantizeLinear", tensor.name + "/quantize", {real, q.scale, q.zero_point}, {integers_[index(id)]});
}

std::string Emitter::dequantize(TensorId id, std::string real) {
  const Quantization& q = quantization(id);
  node("DequantizeLinear", graph_.at(id).name + "/dequantize", {integers_[index(id)], q.scale, q.zero_point}, {real});
  return real;
}

std::string Emitter::constant(TensorId id) {
  const Tensor& tensor = graph_.at(id);
  if (tensor.dtype != DType::i8) {
    const ElementType type = tensor.dtype == DType::i64 ? ElementType::i64 : ElementType::f32;
    return initializer(tensor.name, type, tensor.dims, tensor.data.span());
  }
  std::vector<std::uint8_t> values;
  for (const std::int8_t q : tensor.data.as<std::int8_t>()) values.push_back(static_cast<std::uint8_t>(q + 128));
  integers_[index(id)] = initializer(tensor.name, ElementType::u8, tensor.dims, bytes_of(values));
  return dequantize(id, names_.take(tensor.name + "/dequantized"));
}

std::string Emitter::read(TensorId id) {
  std::string& value = read_[index(id)];
  if (value.empty()) {
    value = graph_.at(id).constant             ? constant(id)
            : graph_.at(id).dtype == DType::i8 ? dequantize(id, names_.take(graph_.at(id).name + "/dequantized"))
                                               : written_[index(id)];
  }
  return value;
}

std::string Emitter::write(TensorId id) {
  std::string& value = written_[index(id)];
  if (value.empty()) {
    value = names_.take(graph_.at(id).dtype == DType::i8 ? graph_.at(id).name + "/float" : graph_.at(id).name);
  }
  return value;
}

void Emitter::written(TensorId id) {
  if (graph_.at(id).dtype == DType::i8) quantize(id, written_[index(id)]);
}

Result<std::string> Emitter::finish() {
  const auto open = output_size_names(graph_, other());
  for (std::size_t i = 0; i < outputs_.size(); ++i) {
    const TensorId id = graph_.outputs[i];
    if (graph_.at(id).dtype == DType::i8) {
      dequantize(id, outputs_[i]);
    } else if (written_[index(id)] != outputs_[i]) {  // an input that is an output too, a constant
      node("Identity", outputs_[i] + "/identity", {read(id)}, {outputs_[i]});
    }
    model_.add_output(outputs_[i], graph_.at(id).dims, open[i]);
  }
  std::string bytes = model_.finish(graph_.name.empty() ? "octet" : names_.take(graph_.name), opset_);
  if (bytes.size() <= static_cast<std::size_t>(std::numeric_limits<std::int32_t>::max())) return bytes;
  return fail(Code::unsupported, "the network takes " + std::to_string(bytes.size() >> 20) +
                                     " MiB as .onnx, and such a file holds at most 2047; write it as .octet");
}

}  // namespace octet::to_onnx
