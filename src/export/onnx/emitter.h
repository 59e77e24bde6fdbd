// From the tensors of a Graph to the values of an ONNX network.
//
// Float32 tensors are values of their name. An int8 tensor t is written as QDQ: the float value "t/float" that its
// operator computes, a QuantizeLinear that makes t of it, and a DequantizeLinear, made when the first operator reads t
// as floats, whose value is "t/dequantized". The names of the graph's inputs and outputs are always those of float
// values. In the file, activations are uint8 (q + 128, zero point + 128), which x86 multiplies by int8 weights twice as
// fast as int8 by int8.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "export/names.h"
#include "export/onnx/proto.h"
#include "graph/graph.h"

namespace octet::to_onnx {

class Emitter {
 public:
  // `other`: the same graph at other open sizes, by which those that are fixed are told from those that are not; null
  // where all are fixed.
  Emitter(const Graph& graph, const Graph* other, int opset);

  const Graph& graph() const { return graph_; }
  // The graph at other sizes, or itself.
  const Graph& other() const { return other_ == nullptr ? graph_ : *other_; }
  // Whether a size of the tensor depends on open sizes.
  bool is_open(TensorId id, std::size_t dimension) const {
    return graph_.at(id).dims[dimension] != other().at(id).dims[dimension];
  }
  const ModelWriter& model() const { return model_; }
  int opset() const { return opset_; }

  // The float32 (or, of indices, int64) value of a tensor, for an operator to read.
  std::string read(TensorId id);
  // The float32 value that an operator has to write for a tensor, and what follows once it has done so.
  std::string write(TensorId id);
  void written(TensorId id);
  // The integers of an int8 tensor.
  std::string integers(TensorId id) { return integers_[index(id)]; }

  // A node; its name is `name`, or `name` with a number behind it.
  void node(std::string_view op_type, std::string_view name, std::vector<std::string> inputs,
            std::vector<std::string> outputs, std::vector<Attribute> attributes = {});
  void quantize(TensorId id, const std::string& real);
  std::string dequantize(TensorId id, std::string real);

  // A new value, named after `name`.
  std::string value(std::string_view name) { return names_.take(name); }
  // Initializers; `name` as above. Return the name of the value.
  std::string ints(std::string_view name, const std::vector<std::int64_t>& values);
  std::string floats(std::string_view name, const std::vector<float>& values);  // one dimension
  std::string scalar(std::string_view name, float value);
  std::string initializer(std::string_view name, ElementType type, const Dims& dims, std::span<const std::byte> data);

  // The graph's outputs and the whole model. Errors: Code::unsupported beyond 2 GiB, where protobuf ends.
  Result<std::string> finish();

 private:
  struct Quantization {
    std::string scale, zero_point;
  };

  static std::size_t index(TensorId id) { return static_cast<std::size_t>(id); }
  const Quantization& quantization(TensorId id);
  std::string constant(TensorId id);

  const Graph& graph_;
  const Graph* other_;
  int opset_;
  ModelWriter model_;
  UniqueNames names_, node_names_;
  // By TensorId; "": not there yet. The value that an operator writes; that of integers; that which operators read.
  std::vector<std::string> written_, integers_, read_;
  std::vector<Quantization> quantizations_;
  std::vector<std::string> outputs_;  // the names of the graph's outputs
};

}  // namespace octet::to_onnx
