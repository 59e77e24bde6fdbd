// Pieces of the small networks that the tests of the quantizer work on.
#pragma once

#include <memory>

#include "cpu/cpu.h"
#include "runtime/plan.h"
#include "support/expect.h"
#include "support/graph_builder.h"

namespace octet::test {

// A 1x1 convolution with noise for weights and bias. `x` has `channels` channels.
inline TensorId conv1x1(GraphBuilder& b, const std::string& name, TensorId x, std::int64_t channels,
                        std::int64_t outputs) {
  return b.add(Op::conv, name, {x, b.noise(name + "/w", {outputs, channels, 1, 1}), b.noise(name + "/b", {outputs})});
}

// A 1x1 convolution that multiplies each channel by `factor`.
inline TensorId scale_by(GraphBuilder& b, const std::string& name, TensorId x, std::int64_t channels, float factor) {
  std::vector<float> weights(static_cast<std::size_t>(channels * channels), 0);
  for (std::int64_t c = 0; c < channels; ++c) weights[static_cast<std::size_t>(c * channels + c)] = factor;
  return b.add(Op::conv, name, {x, b.floats(name + "/w", {channels, channels, 1, 1}, weights)});
}

inline Graph finished(GraphBuilder& b) {
  expect_ok(infer_shapes(b.graph));
  expect_ok(validate(b.graph));
  return b.graph;
}

inline std::shared_ptr<const Plan> plan_of(const Graph& graph, Isa isa = Isa::ref) {
  auto plan = make_plan(std::make_shared<const Graph>(graph), isa, PlanUse::observe);
  expect_ok(plan.status());
  return *plan;
}

inline const Tensor& tensor_of(const Graph& graph, const std::string& name) {
  for (const Tensor& tensor : graph.tensors) {
    if (tensor.name == name) return tensor;
  }
  fail_msg("there is no tensor '%s'", name.c_str());
  return graph.tensors[0];
}

inline std::size_t index_of_node(const Graph& graph, const std::string& name) {
  const Node* node = find_node(graph, name);
  if (node == nullptr) fail_msg("there is no node '%s'", name.c_str());
  return static_cast<std::size_t>(node - graph.nodes.data());
}

inline std::size_t index_of_tensor(const Graph& graph, const std::string& name) {
  return static_cast<std::size_t>(&tensor_of(graph, name) - graph.tensors.data());
}

}  // namespace octet::test
