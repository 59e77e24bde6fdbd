#include "passes/int8_form.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

#include "base/scalar_functions.h"
#include "kernels/requantize.h"
#include "ops/loops.h"

namespace octet {
namespace {

// Smaller, and the bias would be held with fewer digits than a float has.
constexpr std::int64_t kLeastRoomForBias = std::int64_t{1} << 24;
constexpr std::int64_t kMostBias = std::int64_t{1} << 30;

// Whether int32 holds the sum of so many centred values.
bool sum_fits(std::int64_t count) { return count <= std::numeric_limits<std::int32_t>::max() / 255; }

std::int64_t reduced_count(const Graph& graph, const Node& node) {
  std::int64_t count = 1;  // dims are multiplied as far as they reach: the whole tensor was counted before
  for (const std::int64_t axis : node.attrs.axes) count *= graph.at(node.input(0)).dims[static_cast<std::size_t>(axis)];
  return count;
}

// Whether the scales of a layer's weights and bias lie in the range that the contract gives.
bool scales_fit(const Graph& graph, const Node& node) {
  for (const std::size_t operand : {1, 2}) {
    if (node.input(operand) == kNoTensor || !graph.is_constant(node.input(operand))) continue;
    for (const float value : graph.at(node.input(operand)).data.as<float>()) {
      if (std::fabs(value) > kMaxScale) return false;
    }
  }
  return true;
}

// One slope a channel, or one for all.
bool has_channel_slopes(const Graph& graph, const Node& node) {
  const Dims& x = graph.at(node.input(0)).dims;
  const Tensor& slope = graph.at(node.input(1));
  if (x.size() < 2 || !slope.constant) return false;
  const std::int64_t count = element_count(slope.dims);
  if (count == 1) return true;
  const std::size_t channel_axis = slope.dims.size() + 1 - x.size();  // in the slope, where it has one
  return slope.dims.size() + 1 >= x.size() && count == x[1] && channel_axis < slope.dims.size() &&
         slope.dims[channel_axis] == x[1];
}

// table[q + 128] is the value's function, quantized.
template <class Function>
void fill_table(std::int8_t* table, const Quant& in, const Quant& out, Function function) {
  const OutputRange bounds = output_range(out);
  const float inverse = 1.0F / out.scale;
  for (int q = -128; q < 128; ++q) {
    const float y = function(in.scale * static_cast<float>(q - in.zero_point)) * inverse;
    table[q + 128] = round_to_int8(std::isnan(y) ? 0.0F : y, bounds);
  }
}

// What the greatest sum of products leaves of int32; negative where the sum alone may overflow.
std::int64_t room_for_bias(const Graph& graph, const Node& node, std::int64_t largest_weight) {
  const Dims& weight = graph.at(node.input(1)).dims;
  const std::int64_t outputs = node.op == Op::conv_transpose ? weight[1] * node.attrs.groups : weight[0];
  const std::int64_t depth = element_count(weight) / outputs;
  return std::numeric_limits<std::int32_t>::max() - depth * 255 * largest_weight;
}

// Weights that are tiny beside their bias: with their own scale the bias would leave 32 bits.
void raise_scales_for_bias(std::span<const float> weight, const WeightLayout& layout, const std::vector<float>& bias,
                           double in_scale, double largest_bias, int clamp_value, QuantizedWeights& weights) {
  for (std::size_t o = 0; o < layout.output_channels(); ++o) {
    const double needed = std::fabs(static_cast<double>(bias[o])) / (in_scale * largest_bias);
    if (weights.scales[o] >= needed) continue;
    weights.scales[o] = limit_scale(needed * 1.000001);
    if (!weights.zero_points.empty()) weights.zero_points[o] = 0;
    for (std::size_t block = 0; block < layout.blocks; ++block) {
      const std::size_t begin = layout.start_of(o, block);
      quantize_channel(weight.subspan(begin, layout.block_size), weights.scales[o], clamp_value,
                       std::span(weights.values).subspan(begin, layout.block_size));
    }
  }
}

// In float32, one operation after the other: so other runtimes compute it from the scales of a file, and a factor one
// bit beside theirs would round some of a network's many results to another step.
float requantize_factor(float in_scale, float weight_scale, float out_scale) {
  const float product = in_scale * weight_scale;
  if (std::isnormal(product)) return limit_scale(product / out_scale);
  return limit_scale(static_cast<double>(in_scale) * weight_scale / out_scale);
}

}  // namespace

float limit_scale(double scale) {
  if (!(scale > 0)) return 1;
  return static_cast<float>(std::clamp<double>(scale, kMinScale, kMaxScale));
}

bool is_heavy(Op op) { return op == Op::conv || op == Op::conv_transpose || op == Op::gemm; }

bool has_room_for_bias(const Graph& graph, const Node& node, std::int64_t largest_weight) {
  return room_for_bias(graph, node, largest_weight) >= kLeastRoomForBias;
}

bool has_int8_form(const Graph& graph, const Node& node) {
  // A border of another value than zero need not lie in the range of what it surrounds.
  if (node.op == Op::pad && node.attrs.pad == PadKind::constant && node.attrs.alpha != 0) return false;
  if (is_move(node.op)) {
    return std::none_of(node.inputs.begin(), node.inputs.end(),
                        [&](TensorId id) { return node.op != Op::gather && graph.is_constant(id); });
  }
  switch (node.op) {
    case Op::conv:
    case Op::conv_transpose:
    case Op::gemm:
      return graph.is_constant(node.input(1)) && !graph.is_constant(node.input(0)) && has_room_for_bias(graph, node) &&
             scales_fit(graph, node);
    case Op::max_pool:
    case Op::unary:
      return true;
    case Op::average_pool:
      return sum_fits(node.attrs.window.kernel[0] * node.attrs.window.kernel[1]);
    case Op::resize:
      return node.attrs.resize != ResizeKind::cubic;
    case Op::softmax:
      return !node.attrs.log;
    case Op::reduce:
      return node.attrs.reduce == ReduceKind::mean && sum_fits(reduced_count(graph, node));
    case Op::binary:
      return node.attrs.binary == BinaryKind::add || node.attrs.binary == BinaryKind::sub ||
             node.attrs.binary == BinaryKind::mul;
    case Op::prelu:
      return has_channel_slopes(graph, node);
    default:
      return false;
  }
}

WeightLayout weight_layout(const Node& node, const Dims& dims) {
  auto size = [](std::int64_t value) { return static_cast<std::size_t>(value); };
  if (node.op != Op::conv_transpose) {
    return WeightLayout::contiguous(size(dims[0]), size(element_count(dims) / dims[0]));
  }
  return WeightLayout::transposed(size(node.attrs.groups), size(dims[0] / node.attrs.groups), size(dims[1]),
                                  size(dims[2] * dims[3]));
}

std::int64_t largest_weight(const QuantizedWeights& weights) {
  const auto [least, most] = std::ranges::minmax(weights.values);
  if (weights.zero_points.empty()) return std::max<std::int64_t>(127, -least);
  const auto [lowest, highest] = std::ranges::minmax(weights.zero_points);
  return std::max<std::int64_t>({127, most - lowest, highest - least});
}

void quantize_channel(std::span<const float> weights, float scale, int clamp_value, std::span<std::int8_t> out) {
  const double divisor = scale;
  const double bound = clamp_value;
  for (std::size_t i = 0; i < weights.size(); ++i) {
    // Divided, not multiplied by the inverse: the middle between two levels must be exactly the middle.
    const double level = std::clamp(weights[i] / divisor, -bound, bound);
    out[i] = std::isnan(level) ? std::int8_t{0} : static_cast<std::int8_t>(std::nearbyint(level));
  }
}

void add_linear_operands(Graph& graph, Node& node, QuantizedWeights weights, const std::vector<float>& bias,
                         float in_scale, float out_scale, int clamp_value) {
  const Dims dims = graph.at(node.input(1)).dims;
  const WeightLayout layout = weight_layout(node, dims);
  const std::size_t outputs = layout.output_channels();
  // Where even coarser weights are at the limit the bias is cut off: the report shows what that costs.
  const auto room = static_cast<double>(std::min(kMostBias, room_for_bias(graph, node, largest_weight(weights))));
  raise_scales_for_bias(graph.at(node.input(1)).data.as<float>(), layout, bias, in_scale, room, clamp_value, weights);
  std::vector<std::int32_t> integers(outputs, 0);
  std::vector<float> multiplier(outputs);
  for (std::size_t o = 0; o < outputs; ++o) {
    const double scale = static_cast<double>(in_scale) * weights.scales[o];
    integers[o] = static_cast<std::int32_t>(std::nearbyint(std::clamp(bias[o] / scale, -room, room)));
    multiplier[o] = requantize_factor(in_scale, weights.scales[o], out_scale);
  }
  const auto channels = static_cast<std::int64_t>(outputs);
  node.inputs.resize(1);
  node.inputs.push_back(graph.add_constant(node.name + "/weight", DType::i8, dims, weights.values));
  node.inputs.push_back(graph.add_constant(node.name + "/bias", DType::i32, {channels}, integers));
  node.inputs.push_back(graph.add_constant(node.name + "/multiplier", DType::f32, {channels}, multiplier));
  if (weights.zero_points.empty()) return;
  node.inputs.push_back(
      graph.add_constant(node.name + "/weight_zero_point", DType::i32, {channels}, weights.zero_points));
}

TensorId add_softmax_table(Graph& graph, const Node& node, float scale) {
  std::vector<std::uint32_t> table(256);
  for (std::size_t i = 0; i < 256; ++i) {
    table[i] = static_cast<std::uint32_t>(
        std::nearbyint(2147483648.0 * std::exp(-static_cast<double>(scale) * static_cast<double>(i))));
  }
  return graph.add_constant(node.name + "/table", DType::u32, {256}, table);
}

TensorId add_unary_table(Graph& graph, const Node& node, const Quant& in, const Quant& out) {
  std::vector<std::int8_t> table(256);
  fill_table(table.data(), in, out,
             [&](float x) { return unary_value(node.attrs.unary, node.attrs.alpha, node.attrs.beta, x); });
  return graph.add_constant(node.name + "/table", DType::i8, {256}, table);
}

TensorId add_prelu_table(Graph& graph, const Node& node, const Quant& in, const Quant& out) {
  const std::int64_t channels = graph.at(node.input(0)).dims[1];
  const auto slopes = graph.at(node.input(1)).data.as<float>();
  std::vector<std::int8_t> table(static_cast<std::size_t>(channels) * 256);
  for (std::int64_t c = 0; c < channels; ++c) {
    const float slope = slopes[slopes.size() == 1 ? 0 : static_cast<std::size_t>(c)];
    fill_table(table.data() + c * 256, in, out, [&](float x) { return x < 0.0F ? x * slope : x; });
  }
  return graph.add_constant(node.name + "/table", DType::i8, {channels, 256}, table);
}

TensorId add_int8_constant(Graph& graph, TensorId id, const Quant& quant) {
  std::vector<std::int8_t> q;
  const OutputRange bounds = output_range(quant);
  for (const float value : graph.at(id).data.as<float>())
    q.push_back(round_to_int8(value * (1.0F / quant.scale), bounds));
  const TensorId made = graph.add_constant(graph.at(id).name + "/int8", DType::i8, graph.at(id).dims, q);
  graph.at(made).quant = quant;
  return made;
}

Node requantize_node(Graph& graph, TensorId id, const Quant& quant) {
  Node node;
  node.op = Op::requantize;
  node.name = graph.at(id).name + "/requantized";
  node.inputs = {id};
  node.outputs = {graph.add_tensor(node.name, DType::i8, graph.at(id).dims)};
  graph.at(node.outputs[0]).quant = quant;
  return node;
}

}  // namespace octet
