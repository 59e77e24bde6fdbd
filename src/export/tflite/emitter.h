// From the tensors of a Graph to those of a .tflite file.
//
// Orders. A Graph's images are N, C, H, W, those of TFLite's operators N, H, W, C. A tensor of the graph may be in the
// file in several orders of its dimensions, each a permutation: dimension k of the file's tensor is dimension
// order[k] of the graph's. Operators ask for the order that they need, or take one that is there; a TRANSPOSE (where it
// moves no value, a RESHAPE) is written where an order is asked for that is not, and once. Transposes of the graph are
// nothing but other orders of what they read. Inputs and outputs keep the graph's order.
//
// Types. Int8 tensors are int8 in the file, with scale and zero point; the inputs and outputs of the network are
// float32 always, with a QUANTIZE behind and a DEQUANTIZE before them.
#pragma once

#include <string>
#include <vector>

#include "export/names.h"
#include "export/tflite/file.h"
#include "graph/graph.h"

namespace octet::to_tflite {

using Order = std::vector<std::int64_t>;  // a permutation

Order same_order(std::size_t rank);
inline const Order kImageOrder{0, 2, 3, 1};  // N, H, W, C

Dims permuted(const Dims& dims, const Order& order);
// The place of dimension `axis` of the graph's tensor.
std::int32_t place_of(std::int64_t axis, const Order& order);

class Emitter {
 public:
  // What other open sizes make of the network: the graph, and the file as it is written for it, once it is. Null where
  // all sizes are fixed. By them those that are open are told from those that are not.
  struct Other {
    const Graph* graph = nullptr;
    const FileWriter* file = nullptr;
  };
  Emitter(const Graph& graph, const Other& other);

  const Graph& graph() const { return graph_; }
  // Whether a size of the tensor depends on open sizes.
  bool is_open(TensorId id, std::size_t dimension) const {
    return other_.graph != nullptr && other_.graph->at(id).dims[dimension] != graph_.at(id).dims[dimension];
  }
  const Tensor& tensor(TensorId id) const { return graph_.at(id); }
  std::size_t rank(TensorId id) const { return graph_.at(id).dims.size(); }
  FileWriter& file() { return file_; }

  // The tensor in an order.
  FileTensor read(TensorId id, const Order& order);
  FileTensor read(TensorId id) { return read(id, same_order(rank(id))); }
  // The same as float32: an int8 tensor dequantized.
  FileTensor read_float(TensorId id, const Order& order);
  // The order in which the tensor is there, the graph's where it is there in none (constants).
  Order order_of(TensorId id) const;

  // The file's tensor that an operator makes for a tensor of the graph.
  FileTensor write(TensorId id, const Order& order);
  FileTensor write(TensorId id) { return write(id, same_order(rank(id))); }
  // For an operator that computes in float32 what the graph has in int8: `written` adds the QUANTIZE.
  FileTensor write_float(TensorId id, const Order& order);
  void written_float(TensorId id, FileTensor real, const Order& order);
  // `id` is `source` with its dimensions permuted by `axes`.
  void alias(TensorId id, TensorId source, const std::vector<std::int64_t>& axes);

  // A new tensor that stands for none of the graph's. An int8 one has this quantization.
  FileTensor temporary(const std::string& name, const Dims& dims, const Quant* quant = nullptr);
  FileTensor ints(const std::string& name, const std::vector<std::int64_t>& values);
  FileTensor scalar(const std::string& name, float value);
  FileTensor floats(const std::string& name, Dims dims, const std::vector<float>& values);
  FileTensor constant(const std::string& name, fb::TensorType type, Dims dims, Bytes data, Quantization quantization);

  // Operators; the version is that of int8 where the first input of the operator is int8.
  void op(fb::BuiltinOperator kind, bool int8, std::vector<FileTensor> inputs, std::vector<FileTensor> outputs,
          Options options = {});

  // A tensor of integers that the network computes from its shapes.
  FileTensor computed_ints(const std::string& name, std::int64_t count) {
    return file_.add_tensor(names_.take(name), fb::TensorType::INT32, {count});
  }

  // RESHAPE from one to the other.
  void reshape(FileTensor from, FileTensor to);

  // The network's outputs, after the last operator; and the file.
  void add_outputs();
  Result<std::string> finish();

 private:
  static std::size_t index(TensorId id) { return static_cast<std::size_t>(id); }
  bool is_only_reshaped(TensorId id, const Order& from_order, const Order& order) const;
  FileTensor move(TensorId id, FileTensor from, const Order& from_order, const Order& order);
  FileTensor constant(TensorId id, const Order& order);
  std::string name_for(TensorId id, const Order& order);

  const Graph& graph_;
  Other other_;
  FileWriter file_;
  UniqueNames names_;
  // By TensorId: the tensors of the file, in the order in which they were made; and as float32, of int8 tensors.
  struct Placed {
    Order order;
    FileTensor tensor;
  };
  std::vector<std::vector<Placed>> placed_, placed_float_;
  std::vector<bool> is_interface_;
  std::vector<std::string> output_names_;  // of the graph's outputs, until they are given away
  std::vector<FileTensor> inputs_, outputs_;
};

// The quantization of the file, whatever is quantized so.
Quantization per_tensor(const Quant& quant);

}  // namespace octet::to_tflite
