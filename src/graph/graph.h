// The one intermediate representation: importers end here, quantizer and exporters work on it, the runtime
// makes its plan from it. Float and int8 networks are both Graphs; the tensors' types tell.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/recipe.h"
#include "base/status.h"
#include "graph/types.h"

namespace octet {

using TensorId = std::int32_t;
inline constexpr TensorId kNoTensor = -1;  // an optional input that is not given

struct Node {
  Op op = Op::identity;
  std::string name;  // of the source file; made from the first output's name where the file has none
  std::vector<TensorId> inputs;
  std::vector<TensorId> outputs;
  Attributes attrs;

  TensorId input(std::size_t i) const { return i < inputs.size() ? inputs[i] : kNoTensor; }
};

struct Graph {
  std::string name;           // of the network, may be empty
  std::string source_format;  // "onnx", "mnn", "tflite": where it was imported from
  std::vector<Tensor> tensors;
  std::vector<Node> nodes;  // in an order in which every input is made before it is read
  std::vector<TensorId> inputs;
  std::vector<TensorId> outputs;
  // Of each input, and each of its dimensions, the name of a size that the file leaves open ("?": it has none), "" of
  // one that is fixed. A list that ends early, or is empty: what is missing is fixed. See open_sizes.h.
  std::vector<std::vector<std::string>> open_sizes;
  ImageRecipe recipe;

  Tensor& at(TensorId id) { return tensors[static_cast<std::size_t>(id)]; }
  const Tensor& at(TensorId id) const { return tensors[static_cast<std::size_t>(id)]; }
  bool is_constant(TensorId id) const { return id != kNoTensor && at(id).constant; }

  TensorId add_tensor(std::string tensor_name, DType dtype, Dims dims);
  // Precondition: data.size() == element count * size_of(dtype).
  TensorId add_constant(std::string tensor_name, DType dtype, Dims dims, Bytes data);
  template <class T>
  TensorId add_constant(std::string tensor_name, DType dtype, Dims dims, const std::vector<T>& values) {
    return add_constant(std::move(tensor_name), dtype, std::move(dims), Bytes::from(values));
  }
};

// Number of nodes that read each tensor, plus one for each time it is an output of the graph.
std::vector<int> count_uses(const Graph& graph);
// Index of the node that makes each tensor, -1 for inputs and constants.
std::vector<int> find_producers(const Graph& graph);
// Drops nodes whose results nobody reads, and tensors that no node and no interface names; renumbers.
void remove_dead(Graph& graph);
// Sorts nodes topologically, stable in the given order. Fails on a cycle, naming a node of it.
Status sort_nodes(Graph& graph);

// What holds of every graph, just imported or finished: ids in range, every tensor made once and before it is read,
// constants' sizes right, operand counts as types.h says. The functions above and below may rely on it, and importers
// keep it.
Status validate_structure(const Graph& graph);

// The whole of a finished graph, float or int8: validate_structure; executable operators only; the dims, the types and
// the resolved attributes are those that infer_shapes gives; operand types as types.h says, parameters constant and
// finite; quantization of every int8 activation in range; int32 sums that cannot overflow. Everything behind this may
// rely on it, also for a graph that an attacker wrote.
Status validate(const Graph& graph);

// Infers the dims and dtype of a node's outputs from its inputs' and writes them into the graph; resolves
// auto_pad, output_size, negative axes, -1 and 0 in reshape in the node's attributes. Requires known input dims
// and, for operators with "until resolved" inputs, that these have been moved into the attributes. Errors
// (Code::shape) name the node and the shapes. Inferring twice changes nothing.
//
// Types: quantize and requantize make int8, dequantize float32, compare bool, shape int64, cast and constant_of_shape
// what they name. Softmax and reduce of int8 keep the type that their output has, int8 or float32. Every other
// operator's outputs have the type of its first input (gather, where: of the values); so an int8 graph needs only its
// quantize nodes, and the int8 outputs of softmax and reduce, marked.
Status infer_node(Graph& graph, Node& node);
// infer_node over all nodes in order.
Status infer_shapes(Graph& graph);

// "node 'name' (conv)": for messages.
std::string describe(const Node& node);
// What people call the operator: the kind of a unary or binary function, "depthwise conv". Static storage.
const char* kind_of(const Graph& graph, const Node& node);

// Multiply-accumulates of one run: conv, conv_transpose, gemm, mat_mul. Requires inferred shapes.
std::int64_t count_macs(const Graph& graph, const Node& node);
struct MacCount {
  std::int64_t all = 0, int8 = 0;
};
MacCount count_macs(const Graph& graph);

bool is_int8(const Graph& graph);
std::int64_t weight_bytes(const Graph& graph);  // of all constants, as stored

}  // namespace octet
