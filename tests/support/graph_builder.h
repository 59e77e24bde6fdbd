// Writes small graphs by hand.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "graph/graph.h"

namespace octet::test {

class GraphBuilder {
 public:
  Graph graph;

  TensorId input(const std::string& name, Dims dims, DType dtype = DType::f32) {
    const TensorId id = graph.add_tensor(name, dtype, std::move(dims));
    graph.inputs.push_back(id);
    return id;
  }
  TensorId floats(const std::string& name, Dims dims, const std::vector<float>& values) {
    return graph.add_constant(name, DType::f32, std::move(dims), values);
  }
  // Values between -1 and 1 that differ and repeat on every machine.
  TensorId noise(const std::string& name, Dims dims) {
    std::vector<float> values(static_cast<std::size_t>(element_count(dims)));
    for (float& value : values) value = next();
    return floats(name, std::move(dims), values);
  }
  TensorId integers(const std::string& name, Dims dims, const std::vector<std::int64_t>& values) {
    return graph.add_constant(name, DType::i64, std::move(dims), values);
  }
  TensorId scalar(float value) { return floats("scalar" + std::to_string(graph.tensors.size()), {}, {value}); }

  using Change = std::function<void(Attributes&)>;
  // Adds a node named `name` whose first output is the tensor "<name>:0"; returns that output.
  TensorId add(Op op, const std::string& name, std::vector<TensorId> inputs, const Change& change = {},
               std::size_t outputs = 1) {
    Node node;
    node.op = op;
    node.name = name;
    node.inputs = std::move(inputs);
    if (change) change(node.attrs);
    for (std::size_t i = 0; i < outputs; ++i) {
      node.outputs.push_back(graph.add_tensor(name + ":" + std::to_string(i), DType::f32, {}));
    }
    graph.nodes.push_back(std::move(node));
    return graph.nodes.back().outputs[0];
  }
  TensorId unary(UnaryKind kind, const std::string& name, TensorId x, float alpha = 0, float beta = 0) {
    return add(Op::unary, name, {x}, [&](Attributes& attrs) {
      attrs.unary = kind;
      attrs.alpha = alpha;
      attrs.beta = beta;
    });
  }
  TensorId binary(BinaryKind kind, const std::string& name, TensorId a, TensorId b) {
    return add(Op::binary, name, {a, b}, [&](Attributes& attrs) { attrs.binary = kind; });
  }
  void output(TensorId id) { graph.outputs.push_back(id); }

 private:
  float next() {
    state_ = state_ * 1664525U + 1013904223U;
    return static_cast<float>(state_ >> 8) / static_cast<float>(1 << 23) - 1.0F;
  }
  std::uint32_t state_ = 1;
};

inline const Node* find_node(const Graph& graph, const std::string& name) {
  for (const Node& node : graph.nodes) {
    if (node.name == name) return &node;
  }
  return nullptr;
}

inline std::size_t count_nodes(const Graph& graph, Op op) {
  std::size_t count = 0;
  for (const Node& node : graph.nodes) count += node.op == op ? 1 : 0;
  return count;
}

}  // namespace octet::test
