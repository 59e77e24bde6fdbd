// Convolutions and products with constant weights. Int8 ones have weights by output channel and an int32 bias of
// input scale * weight scale; the factors of their requantization come from the scales again.
#include <algorithm>

#include "export/int8.h"
#include "export/onnx/operators.h"

namespace octet::to_onnx {
namespace {

// How the output channels lie in the weights of a node: channel_of gives that of an element.
struct WeightOrder {
  std::int64_t groups = 1, inputs, outputs, pixels;  // of a group; [outputs of all groups, inputs, pixels]
  bool transposed = false;                           // [groups * inputs, outputs, pixels]

  std::size_t channel_of(std::size_t element) const {
    const auto at = static_cast<std::int64_t>(element);
    if (!transposed) return static_cast<std::size_t>(at / (inputs * pixels));
    const std::int64_t input = at / (outputs * pixels);
    return static_cast<std::size_t>(input / inputs * outputs + at / pixels % outputs);
  }
};

WeightOrder weight_order(const Node& node, const Dims& dims) {
  const std::int64_t pixels = node.op == Op::gemm ? 1 : dims[2] * dims[3];
  if (node.op == Op::conv_transpose) {
    return {node.attrs.groups, dims[0] / node.attrs.groups, dims[1], pixels, true};
  }
  return {node.attrs.groups, dims[1], dims[0] / node.attrs.groups, pixels, false};
}

// A matrix [rows, columns] as [columns, rows].
template <class T>
std::vector<T> transposed(std::span<const T> values, std::int64_t rows) {
  const auto height = static_cast<std::size_t>(rows);
  const std::size_t width = values.size() / height;
  std::vector<T> result(values.size());
  for (std::size_t r = 0; r < height; ++r) {
    for (std::size_t c = 0; c < width; ++c) result[c * height + r] = values[r * width + c];
  }
  return result;
}

template <class T>
std::span<const std::byte> bytes_of(const std::vector<T>& values) {
  return std::as_bytes(std::span(values));
}

// ONNX's Gemm multiplies matrices; anything else is a MatMul, whose weights lie the other way round.
bool is_mat_mul(const Emitter& e, const Node& node) {
  return node.op == Op::gemm && e.graph().at(node.inputs[0]).dims.size() != 2;
}

// The scales of the weights along one dimension of them: {values, dimension}; none where they do not lie so.
struct AxisScales {
  std::vector<float> values;
  std::int64_t axis = 0;
};
AxisScales axis_scales(const WeightOrder& order, const std::vector<float>& scales) {
  if (!order.transposed || order.groups == 1) return {scales, order.transposed ? 1 : 0};
  AxisScales result;
  if (order.outputs == 1) {
    for (std::int64_t i = 0; i < order.groups * order.inputs; ++i) {
      result.values.push_back(scales[static_cast<std::size_t>(i / order.inputs)]);
    }
    return result;
  }
  const auto first = scales.begin() + order.outputs;
  for (std::int64_t g = 1; g < order.groups; ++g) {
    if (!std::equal(scales.begin(), first, scales.begin() + g * order.outputs)) return {};
  }
  return {{scales.begin(), first}, 1};
}

std::string float_weight(Emitter& e, const Node& node) {
  const Tensor& weight = e.graph().at(node.inputs[1]);
  if (!is_mat_mul(e, node)) return e.read(node.inputs[1]);
  return e.initializer(weight.name, ElementType::f32, {weight.dims[1], weight.dims[0]},
                       bytes_of(transposed(weight.data.as<float>(), weight.dims[0])));
}

// The weights less their zero points, in the order of the graph; those of dead channels are 0.
std::vector<std::int32_t> centred_weights(const Graph& graph, const Node& node, const WeightOrder& order,
                                          const WeightScales& scales) {
  const auto given = graph.at(node.inputs[1]).data.as<std::int8_t>();
  const auto zero_points =
      node.input(4) == kNoTensor ? std::span<const std::int32_t>() : graph.at(node.inputs[4]).data.as<std::int32_t>();
  std::vector<std::int32_t> centred;
  for (std::size_t i = 0; i < given.size(); ++i) {
    const std::size_t o = order.channel_of(i);
    centred.push_back(scales.dead[o] ? 0 : given[i] - (zero_points.empty() ? 0 : zero_points[o]));
  }
  return centred;
}

// Integers q and one zero point, both int8, so that q - zero_point is what was given; false where there are none.
// ONNX Runtime takes no zero points that differ between channels.
bool fit_int8(std::vector<std::int32_t>& centred, std::int8_t* zero_point) {
  const auto [least, most] = std::minmax_element(centred.begin(), centred.end());
  const std::int32_t low = std::min(*least, 0);
  if (std::max(*most, 0) - low > 255) return false;
  *zero_point = static_cast<std::int8_t>(low >= -128 && *most <= 127 ? 0 : -128 - low);
  for (std::int32_t& q : centred) q += *zero_point;
  return true;
}

std::string int8_weight(Emitter& e, const Node& node, const WeightScales& scales) {
  const Tensor& weight = e.graph().at(node.inputs[1]);
  const WeightOrder order = weight_order(node, weight.dims);
  std::vector<std::int32_t> values = centred_weights(e.graph(), node, order, scales);
  AxisScales along = axis_scales(order, scales.scales);
  std::int8_t zero_point = 0;
  const bool as_float = along.values.empty() || !fit_int8(values, &zero_point);
  Dims dims = weight.dims;
  if (is_mat_mul(e, node)) {
    values = transposed(std::span<const std::int32_t>(values), dims[0]);
    std::swap(dims[0], dims[1]);
    along.axis = 1;
  }
  if (as_float) {
    // Transposed convolutions in groups of several outputs, of which no dimension of the weights is that of the
    // channels, and weights of more than 256 values. ONNX Runtime computes either in float32.
    std::vector<float> real;
    for (std::size_t i = 0; i < values.size(); ++i) {
      const std::size_t o = is_mat_mul(e, node) ? i % scales.scales.size() : order.channel_of(i);
      real.push_back(scales.scales[o] * static_cast<float>(values[i]));
    }
    return e.initializer(weight.name, ElementType::f32, dims, bytes_of(real));
  }
  const std::vector<std::int8_t> stored(values.begin(), values.end());
  const std::vector<std::int8_t> zero_points(along.values.size(), zero_point);
  const std::string q = e.initializer(weight.name + "/quantized", ElementType::i8, dims, bytes_of(stored));
  const std::string scale = e.floats(weight.name + "/scale", along.values);
  const std::string zero = e.initializer(weight.name + "/zero_point", ElementType::i8,
                                         {static_cast<std::int64_t>(zero_points.size())}, bytes_of(zero_points));
  const std::string real = e.value(weight.name);
  e.node("DequantizeLinear", weight.name + "/dequantize", {q, scale, zero}, {real}, {{"axis", along.axis}});
  return real;
}

// "" where the bias is zero.
std::string int8_bias(Emitter& e, const Node& node, const WeightScales& scales) {
  const Tensor& bias = e.graph().at(node.inputs[2]);
  const auto given = bias.data.as<std::int32_t>();
  std::vector<std::int32_t> values(given.begin(), given.end());
  std::vector<float> real_scales;
  for (std::size_t o = 0; o < values.size(); ++o) {
    if (scales.dead[o]) values[o] = 0;
    real_scales.push_back(e.graph().at(node.inputs[0]).quant.scale * scales.scales[o]);
  }
  if (std::all_of(values.begin(), values.end(), [](std::int32_t v) { return v == 0; })) return "";
  const std::string q = e.initializer(bias.name + "/quantized", ElementType::i32, bias.dims, bytes_of(values));
  const std::string scale = e.floats(bias.name + "/scale", real_scales);
  const std::string real = e.value(bias.name);
  e.node("DequantizeLinear", bias.name + "/dequantize", {q, scale}, {real}, {{"axis", std::int64_t{0}}});
  return real;
}

std::vector<Attribute> convolution_attributes(const Emitter& e, const Node& node) {
  const Window& w = node.attrs.window;
  std::vector<Attribute> attributes = {{"kernel_shape", std::vector<std::int64_t>(w.kernel.begin(), w.kernel.end())},
                                       {"strides", std::vector<std::int64_t>(w.stride.begin(), w.stride.end())},
                                       {"dilations", std::vector<std::int64_t>(w.dilation.begin(), w.dilation.end())},
                                       pads_of(e, node),
                                       {"group", node.attrs.groups}};
  const auto& extra = node.attrs.output_padding;
  if (extra[0] != 0 || extra[1] != 0) {
    attributes.push_back({"output_padding", std::vector<std::int64_t>(extra.begin(), extra.end())});
  }
  return attributes;
}

}  // namespace

Status emit_linear(Emitter& e, const Node& node) {
  const Graph& graph = e.graph();
  std::vector<std::string> inputs = {e.read(node.inputs[0])};
  std::string bias;
  if (is_int8(graph, node)) {
    OCTET_ASSIGN(const WeightScales scales, weight_scales(graph, node));
    inputs.push_back(int8_weight(e, node, scales));
    bias = int8_bias(e, node, scales);
  } else {
    inputs.push_back(float_weight(e, node));
    if (node.input(2) != kNoTensor) bias = e.read(node.inputs[2]);
  }
  const Clamp clamp = clamp_of(e, node);
  if (is_mat_mul(e, node) && !bias.empty()) {
    const std::string product = e.value(node.name + "/product");
    e.node("MatMul", node.name + "/product", inputs, {product});
    emit_clamped(e, node, "Add", {product, bias}, {}, clamp);
    return {};
  }
  if (!bias.empty()) inputs.push_back(bias);
  if (node.op != Op::gemm) {
    const bool transpose = node.op == Op::conv_transpose;
    emit_clamped(e, node, transpose ? "ConvTranspose" : "Conv", inputs, convolution_attributes(e, node), clamp);
  } else if (is_mat_mul(e, node)) {
    emit_clamped(e, node, "MatMul", inputs, {}, clamp);
  } else {
    emit_clamped(e, node, "Gemm", inputs, {{"transB", std::int64_t{1}}}, clamp);
  }
  return {};
}

}  // namespace octet::to_onnx
