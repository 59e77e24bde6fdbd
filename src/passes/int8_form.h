// The int8 form of a float node, as integer-contract.md defines it: which nodes have one, and the constants that it
// needs (integer weights, biases, requantization factors, tables), computed here once and stored. Shared by the
// quantizer, which chooses scales, and by fuse_quantized, which finds them in a file.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "graph/graph.h"
#include "graph/operands.h"

namespace octet {

// Scales of the integer contract; choices beyond are limited to these.
inline constexpr float kMinScale = 0x1p-64f;
inline constexpr float kMaxScale = 0x1p64f;
// `scale` as a float within the limits; 1 where it is not a positive number.
float limit_scale(double scale);

// Of a softmax inside the network.
inline constexpr Quant kSoftmaxQuant{1.0F / 256, -128};

// conv, conv_transpose, gemm.
bool is_heavy(Op op);
// Whether the greatest sum of products that an accumulator of a heavy node may meet, with weights of such a magnitude,
// leaves enough of int32 for the bias.
bool has_room_for_bias(const Graph& graph, const Node& node, std::int64_t largest_weight = 127);
// Whether the integer contract has an int8 form of the float node.
bool has_int8_form(const Graph& graph, const Node& node);

// How the output channels lie in a tensor: groups x blocks x channels x block_size, row-major; the channels of all
// groups are the output channels, in order.
struct WeightLayout {
  std::size_t groups = 1;
  std::size_t blocks = 1;
  std::size_t channels = 1;  // of one group
  std::size_t block_size = 1;

  std::size_t output_channels() const { return groups * channels; }
  // Index of the first element of one of an output channel's blocks.
  std::size_t start_of(std::size_t output, std::size_t block) const {
    return ((output / channels * blocks + block) * channels + output % channels) * block_size;
  }

  // conv [O, I/groups, kh, kw] and gemm [N, K]: a channel is one contiguous run, whatever the groups.
  static WeightLayout contiguous(std::size_t output_channels, std::size_t per_channel) {
    return {1, 1, output_channels, per_channel};
  }
  // conv_transpose [I, O/groups, kh, kw].
  static WeightLayout transposed(std::size_t groups, std::size_t inputs_per_group, std::size_t outputs_per_group,
                                 std::size_t kernel_area) {
    return {groups, inputs_per_group, outputs_per_group, kernel_area};
  }
};
// Of a heavy node with weights of these dims.
WeightLayout weight_layout(const Node& node, const Dims& dims);

struct QuantizedWeights {
  std::vector<std::int8_t> values;  // in the order of the weights
  std::vector<float> scales;        // one an output channel
  // One an output channel, of weights from a file that span other 256 levels than those of int8; empty: all 0.
  std::vector<std::int32_t> zero_points;
};
// No weight less its zero point has a larger magnitude.
std::int64_t largest_weight(const QuantizedWeights& weights);

// The nearest levels of -clamp_value..clamp_value, half to even. Precondition: out.size() == weights.size(), scale
// positive and finite.
void quantize_channel(std::span<const float> weights, float scale, int clamp_value, std::span<std::int8_t> out);

// Below: constants are added to the graph that holds `node`'s tensors.

// Operands 1 to 3, with zero points 4, of a heavy node whose operand 1 is the float weight:
// y = round((sum q_x q_w + bias) * multiplier). A bias too large for the scales gets coarser weights: they hardly
// matter beside it. Precondition: has_room_for_bias with the largest of the weights.
void add_linear_operands(Graph& graph, Node& node, QuantizedWeights weights, const std::vector<float>& bias,
                         float in_scale, float out_scale, int clamp_value = 127);
// exp(scale * -i) for i = 0..255 as u32; 2^31 stands for 1.
TensorId add_softmax_table(Graph& graph, const Node& node, float scale);
// The unary function of every int8 input, quantized.
TensorId add_unary_table(Graph& graph, const Node& node, const Quant& in, const Quant& out);
// Likewise for each channel of prelu, whose operand 1 is the constant slope.
TensorId add_prelu_table(Graph& graph, const Node& node, const Quant& in, const Quant& out);
// A float32 constant in int8.
TensorId add_int8_constant(Graph& graph, TensorId id, const Quant& quant);
// A node that gives the int8 tensor another quantization, into a new tensor.
Node requantize_node(Graph& graph, TensorId id, const Quant& quant);

}  // namespace octet
