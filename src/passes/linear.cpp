#include "passes/linear.h"

#include <algorithm>
#include <cmath>
#include <vector>

namespace octet {

namespace {

bool is_float_constant(const Graph& graph, TensorId id) {
  return graph.is_constant(id) && graph.at(id).dtype == DType::f32;
}

bool all_finite(const std::vector<float>& values) {
  return std::all_of(values.begin(), values.end(), [](float value) { return std::isfinite(value); });
}

// The output channel that block `index` of the weights belongs to; a block is all that follows the channel dimension.
std::size_t channel_of_block(const Node& linear, const Dims& weight, std::size_t index) {
  if (linear.op != Op::conv_transpose) return index;
  const auto per_group = static_cast<std::size_t>(weight[1]);
  const std::size_t inputs_per_group = static_cast<std::size_t>(weight[0] / linear.attrs.groups);
  return index / per_group / inputs_per_group * per_group + index % per_group;
}

}  // namespace

bool is_foldable(const Graph& graph, const Node& node) {
  const bool linear = node.op == Op::conv || node.op == Op::conv_transpose || node.op == Op::gemm;
  return linear && node.inputs.size() <= 3 && !node.attrs.clamp.active() && is_float_constant(graph, node.input(1)) &&
         element_count(graph.at(node.inputs[1]).dims) > 0 &&
         (node.input(2) == kNoTensor || is_float_constant(graph, node.input(2)));
}

std::size_t channel_axis(const Graph& graph, const Node& linear) {
  return linear.op == Op::gemm ? graph.at(linear.outputs[0]).dims.size() - 1 : 1;
}

bool fold_into(Graph& graph, Node& linear, std::span<const double> scale, std::span<const double> shift) {
  const Tensor old_weight = graph.at(linear.inputs[1]);
  const auto weights = old_weight.data.as<float>();
  const std::size_t blocks = linear.op == Op::conv_transpose
                                 ? static_cast<std::size_t>(old_weight.dims[0] * old_weight.dims[1])
                                 : static_cast<std::size_t>(old_weight.dims[0]);
  const std::size_t block = weights.size() / blocks;
  std::vector<float> new_weights(weights.size());
  for (std::size_t i = 0; i < weights.size(); ++i) {
    new_weights[i] = static_cast<float>(weights[i] * scale[channel_of_block(linear, old_weight.dims, i / block)]);
  }

  const TensorId old_bias = linear.input(2);
  std::vector<float> biases(scale.size(), 0.0F);
  for (std::size_t o = 0; o < biases.size(); ++o) {
    const double bias = old_bias == kNoTensor ? 0.0 : graph.at(old_bias).data.as<float>()[o];
    biases[o] = static_cast<float>(bias * scale[o] + shift[o]);
  }
  if (!all_finite(new_weights) || !all_finite(biases)) return false;

  const std::string bias_name = old_bias == kNoTensor ? linear.name + "/bias" : graph.at(old_bias).name;
  const bool scaled = std::any_of(scale.begin(), scale.end(), [](double value) { return value != 1.0; });
  if (scaled) linear.inputs[1] = graph.add_constant(old_weight.name, DType::f32, old_weight.dims, new_weights);
  linear.inputs.resize(3, kNoTensor);
  linear.inputs[2] = graph.add_constant(bias_name, DType::f32, {static_cast<std::int64_t>(biases.size())}, biases);
  return true;
}

}  // namespace octet
