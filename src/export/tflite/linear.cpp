// Convolutions and products of matrices.
#include <algorithm>
#include <functional>

#include "export/int8.h"
#include "export/tflite/operators.h"

namespace octet::to_tflite {
namespace {

// Weights and bias of a linear node, in the order of the file.
struct Parameters {
  bool as_float = false;  // the node computes in float32, also where it is int8 in the graph
  FileTensor weight = kAbsent, bias = kAbsent;
};

template <class T>
std::vector<T> reordered(const std::vector<T>& values, const Dims& dims, const Order& order) {
  std::vector<std::size_t> strides(dims.size(), 1);
  for (std::size_t d = dims.size(); d-- > 1;) strides[d - 1] = strides[d] * static_cast<std::size_t>(dims[d]);
  std::vector<T> result;
  std::vector<std::int64_t> at(dims.size(), 0);
  for (std::size_t i = 0; i < values.size(); ++i) {
    std::size_t from = 0;
    for (std::size_t k = 0; k < order.size(); ++k) {
      from += static_cast<std::size_t>(at[k]) * strides[static_cast<std::size_t>(order[k])];
    }
    result.push_back(values[from]);
    for (std::size_t k = order.size(); k-- > 0;) {
      if (++at[k] < dims[static_cast<std::size_t>(order[k])]) break;
      at[k] = 0;
    }
  }
  return result;
}

// How weights go into the file: their dimensions permuted, then given `shape`; the output channels are dimension
// `axis`.
struct WeightForm {
  Order order;
  std::int64_t channel_dim;  // of the graph's weights
  Dims shape;
  std::int32_t axis;
};

std::vector<std::int32_t> centred_weights(const Graph& graph, const Node& node, const WeightForm& form,
                                          const WeightScales& scales) {
  const Tensor& weight = graph.at(node.inputs[1]);
  const auto given = weight.data.as<std::int8_t>();
  const auto zero_points =
      node.input(4) == kNoTensor ? std::span<const std::int32_t>() : graph.at(node.inputs[4]).data.as<std::int32_t>();
  std::size_t inner = 1;
  for (std::size_t d = static_cast<std::size_t>(form.channel_dim) + 1; d < weight.dims.size(); ++d) {
    inner *= static_cast<std::size_t>(weight.dims[d]);
  }
  std::vector<std::int32_t> centred;
  for (std::size_t i = 0; i < given.size(); ++i) {
    const std::size_t o = i / inner % scales.scales.size();
    centred.push_back(scales.dead[o] ? 0 : given[i] - (zero_points.empty() ? 0 : zero_points[o]));
  }
  return centred;
}

Parameters add_float(Emitter& e, const Node& node, const WeightForm& form) {
  const Tensor& weight = e.tensor(node.inputs[1]);
  const auto values = weight.data.as<float>();
  Parameters result{true, kAbsent, kAbsent};
  result.weight = e.floats(weight.name, form.shape,
                           reordered(std::vector<float>(values.begin(), values.end()), weight.dims, form.order));
  if (node.input(2) != kNoTensor) {
    result.bias = e.read(node.inputs[2]);
  } else if (node.op == Op::conv) {  // TFLite's convolutions have a bias always
    result.bias = e.floats(node.name + "/bias", {weight.dims[0]},
                           std::vector<float>(static_cast<std::size_t>(weight.dims[0]), 0.0F));
  }
  return result;
}

Result<Parameters> add_int8(Emitter& e, const Node& node, const WeightForm& form) {
  const Graph& graph = e.graph();
  const Tensor& weight = graph.at(node.inputs[1]);
  const Tensor& bias = graph.at(node.inputs[2]);
  OCTET_ASSIGN(const WeightScales scales, weight_scales(graph, node));
  const std::size_t channels = scales.scales.size();
  const std::vector<std::int32_t> centred =
      reordered(centred_weights(graph, node, form, scales), weight.dims, form.order);
  const auto given = bias.data.as<std::int32_t>();
  std::vector<std::int32_t> biases(given.begin(), given.end());
  std::vector<float> bias_scales;
  for (std::size_t o = 0; o < channels; ++o) {
    if (scales.dead[o]) biases[o] = 0;
    bias_scales.push_back(graph.at(node.inputs[0]).quant.scale * scales.scales[o]);
  }
  const auto [least, most] = std::minmax_element(centred.begin(), centred.end());
  Parameters result;
  result.as_float = *least < -128 || *most > 127;  // TFLite's int8 weights have no zero point
  if (!result.as_float) {
    const std::vector<std::int8_t> values(centred.begin(), centred.end());
    // A matrix, of FULLY_CONNECTED, comes here where one scale serves all.
    const std::size_t count = form.shape.size() == 2 ? 1 : channels;
    const std::vector<std::int64_t> zeros(count, 0);
    std::vector<float> weight_scales_of_file = scales.scales;
    weight_scales_of_file.resize(count);
    bias_scales.resize(count);
    result.weight = e.constant(weight.name, fb::TensorType::INT8, form.shape, Bytes::from(values),
                               {std::move(weight_scales_of_file), zeros, form.axis});
    result.bias = e.constant(bias.name, fb::TensorType::INT32, bias.dims, Bytes::from(biases),
                             {std::move(bias_scales), zeros, 0});
    return result;
  }
  std::size_t inner = 1;
  for (std::size_t d = static_cast<std::size_t>(form.axis) + 1; d < form.shape.size(); ++d) {
    inner *= static_cast<std::size_t>(form.shape[d]);
  }
  std::vector<float> values;
  std::vector<float> float_biases;
  for (std::size_t i = 0; i < centred.size(); ++i) {
    values.push_back(scales.scales[i / inner % channels] * static_cast<float>(centred[i]));
  }
  for (std::size_t o = 0; o < channels; ++o) float_biases.push_back(bias_scales[o] * static_cast<float>(biases[o]));
  result.weight = e.floats(weight.name, form.shape, values);
  result.bias = e.floats(bias.name, bias.dims, float_biases);
  return result;
}

Result<Parameters> add_parameters(Emitter& e, const Node& node, const WeightForm& form) {
  if (is_int8(e.graph(), node)) return add_int8(e, node, form);
  return add_float(e, node, form);
}

const Quant* quant_of(const Emitter& e, TensorId id, bool as_float) {
  const Tensor& tensor = e.tensor(id);
  return tensor.dtype == DType::i8 && !as_float ? &tensor.quant : nullptr;
}

std::vector<FileTensor> operands(FileTensor x, const Parameters& parameters) {
  std::vector<FileTensor> list = {x, parameters.weight};
  if (parameters.bias != kAbsent) list.push_back(parameters.bias);
  return list;
}

std::int32_t narrow(std::int64_t value) { return static_cast<std::int32_t>(value); }

}  // namespace

Status emit_conv(Emitter& e, const Node& node) {
  const Dims& in = e.tensor(node.inputs[0]).dims;
  const Dims& out = e.tensor(node.outputs[0]).dims;
  const Dims& weight = e.tensor(node.inputs[1]).dims;
  const Window& w = node.attrs.window;
  const bool depthwise = node.attrs.groups == in[1] && weight[1] == 1 && node.attrs.groups > 1;
  WeightForm form;
  if (depthwise) {
    form = {{1, 2, 3, 0}, 0, {1, weight[2], weight[3], weight[0]}, 3};
  } else {
    form = {kImageOrder, 0, {weight[0], weight[2], weight[3], weight[1]}, 0};
  }
  OCTET_ASSIGN(const Parameters parameters, add_parameters(e, node, form));
  FileTensor x = parameters.as_float ? e.read_float(node.inputs[0], kImageOrder) : e.read(node.inputs[0], kImageOrder);
  const Quant* quant = quant_of(e, node.inputs[0], parameters.as_float);
  OCTET_ASSIGN(const Padding padding, padding_of(e, node));
  if (padding.pads()) x = emit_image_pad(e, node.name, x, padding.before, PadValue::zero, quant);
  Target target(e, node, kImageOrder, parameters.as_float);
  const auto kind = padding.kind;
  const auto activation = target.activation();
  if (depthwise) {
    const std::int32_t multiplier = narrow(out[1] / in[1]);
    e.op(fb::BuiltinOperator::DEPTHWISE_CONV_2D, quant != nullptr, operands(x, parameters), {target.tensor()},
         options(fb::BuiltinOptions::DepthwiseConv2DOptions, [=](auto& builder) {
           return fb::CreateDepthwiseConv2DOptions(builder, kind, narrow(w.stride[1]), narrow(w.stride[0]), multiplier,
                                                   activation, narrow(w.dilation[1]), narrow(w.dilation[0]));
         }));
  } else {
    e.op(fb::BuiltinOperator::CONV_2D, quant != nullptr, operands(x, parameters), {target.tensor()},
         options(fb::BuiltinOptions::Conv2DOptions, [=](auto& builder) {
           return fb::CreateConv2DOptions(builder, kind, narrow(w.stride[1]), narrow(w.stride[0]), activation,
                                          narrow(w.dilation[1]), narrow(w.dilation[0]));
         }));
  }
  target.done();
  return {};
}

Status emit_conv_transpose(Emitter& e, const Node& node) {
  const Dims& in = e.tensor(node.inputs[0]).dims;
  const Dims& out = e.tensor(node.outputs[0]).dims;
  const Dims& weight = e.tensor(node.inputs[1]).dims;
  const Window& w = node.attrs.window;
  if (node.attrs.groups != 1) return unsupported(node, "TFLite's transposed convolution has no groups");
  if (w.dilation != std::array<std::int64_t, 2>{1, 1}) {
    return unsupported(node, "TFLite's transposed convolution has no dilation");
  }
  const WeightForm form = {{1, 2, 3, 0}, 1, {weight[1], weight[2], weight[3], weight[0]}, 0};
  OCTET_ASSIGN(const Parameters parameters, add_parameters(e, node, form));
  const FileTensor x =
      parameters.as_float ? e.read_float(node.inputs[0], kImageOrder) : e.read(node.inputs[0], kImageOrder);
  // SAME takes half of what overhangs from the beginning; else everything is computed and the pads are cut off.
  Dims full = {out[0], out[2], out[3], out[1]};
  bool same = true;
  for (std::size_t axis = 0; axis < 2; ++axis) {
    const std::int64_t overhang = (in[2 + axis] - 1) * w.stride[axis] + w.kernel[axis] - out[2 + axis];
    same = same && overhang >= 0 && w.pads[axis] == overhang / 2 &&
           in[2 + axis] == (out[2 + axis] + w.stride[axis] - 1) / w.stride[axis];
  }
  const bool cut = !same && w.pads != std::array<std::int64_t, 4>{0, 0, 0, 0};
  if (cut) {
    full[1] += w.pads[0] + w.pads[2];
    full[2] += w.pads[1] + w.pads[3];
  }
  const Quant* quant = quant_of(e, node.outputs[0], parameters.as_float);
  Target target(e, node, kImageOrder, parameters.as_float);
  const FileTensor whole = cut ? e.temporary(node.name + "/whole", full, quant) : target.tensor();
  std::vector<FileTensor> inputs = {e.ints(node.name + "/shape", full), parameters.weight, x};
  if (parameters.bias != kAbsent) inputs.push_back(parameters.bias);
  const auto kind = same ? fb::Padding::SAME : fb::Padding::VALID;
  // Versions before the fourth know no fused activation: it follows as an operator of its own.
  const fb::Activation activation = target.activation();
  FileTensor plain = whole;
  if (activation != fb::Activation::NONE) {
    plain = e.temporary(node.name + "/linear", full, quant);
  }
  e.op(fb::BuiltinOperator::TRANSPOSE_CONV, quant != nullptr, inputs, {plain},
       options(fb::BuiltinOptions::TransposeConvOptions, [=](auto& builder) {
         return fb::CreateTransposeConvOptions(builder, kind, narrow(w.stride[1]), narrow(w.stride[0]));
       }));
  if (activation == fb::Activation::RELU) {
    e.op(fb::BuiltinOperator::RELU, quant != nullptr, {plain}, {whole});
  } else if (activation == fb::Activation::RELU6) {
    e.op(fb::BuiltinOperator::RELU6, quant != nullptr, {plain}, {whole});
  } else if (activation == fb::Activation::RELU_N1_TO_1) {
    emit_limits(e, node, plain, whole, {-1, 1}, quant);
  }
  if (cut) {
    e.op(fb::BuiltinOperator::SLICE, quant != nullptr,
         {whole, e.ints(node.name + "/begin", {0, w.pads[0], w.pads[1], 0}),
          e.ints(node.name + "/size", {out[0], out[2], out[3], out[1]})},
         {target.tensor()});
  }
  target.done();
  return {};
}

Status emit_gemm(Emitter& e, const Node& node) {
  const TensorId x_id = node.inputs[0];
  const Dims& in = e.tensor(x_id).dims;
  const Dims& out = e.tensor(node.outputs[0]).dims;
  const Dims& weight = e.tensor(node.inputs[1]).dims;
  // FULLY_CONNECTED has one scale for all int8 weights; a convolution of one pixel has one for each output.
  bool pixel = false;
  if (is_int8(e.graph(), node)) {
    OCTET_ASSIGN(const WeightScales scales, weight_scales(e.graph(), node));
    pixel =
        std::adjacent_find(scales.scales.begin(), scales.scales.end(), std::not_equal_to<>()) != scales.scales.end();
  }
  const WeightForm form = {{0, 1}, 0, pixel ? Dims{weight[0], 1, 1, weight[1]} : weight, 0};
  OCTET_ASSIGN(Parameters parameters, add_parameters(e, node, form));
  const Order order = same_order(in.size());
  FileTensor x = parameters.as_float ? e.read_float(x_id, order) : e.read(x_id, order);
  const Quant* quant = quant_of(e, x_id, parameters.as_float);
  const Quant* out_quant = quant_of(e, node.outputs[0], parameters.as_float);
  Target target(e, node, same_order(out.size()), parameters.as_float);
  const auto activation = target.activation();
  if (!pixel) {
    const bool keep = in.size() != 2;
    e.op(fb::BuiltinOperator::FULLY_CONNECTED, quant != nullptr, operands(x, parameters), {target.tensor()},
         options(fb::BuiltinOptions::FullyConnectedOptions, [=](auto& builder) {
           return fb::CreateFullyConnectedOptions(builder, activation, fb::WeightsFormat::DEFAULT, keep);
         }));
    target.done();
    return {};
  }
  const std::int64_t rows = element_count(in) / weight[1];
  const FileTensor image = e.temporary(node.name + "/pixels", {rows, 1, 1, weight[1]}, quant);
  e.reshape(x, image);
  const FileTensor result = e.temporary(node.name + "/results", {rows, 1, 1, weight[0]}, out_quant);
  e.op(fb::BuiltinOperator::CONV_2D, quant != nullptr, operands(image, parameters), {result},
       options(fb::BuiltinOptions::Conv2DOptions,
               [=](auto& builder) { return fb::CreateConv2DOptions(builder, fb::Padding::VALID, 1, 1, activation); }));
  e.reshape(result, target.tensor());
  target.done();
  return {};
}

Status emit_mat_mul(Emitter& e, const Node& node) {
  if (e.rank(node.inputs[0]) < 2 || e.rank(node.inputs[1]) < 2) {
    return unsupported(node, "TFLite multiplies matrices, not vectors");
  }
  e.op(fb::BuiltinOperator::BATCH_MATMUL, false, {e.read(node.inputs[0]), e.read(node.inputs[1])},
       {e.write(node.outputs[0])}, options(fb::BuiltinOptions::BatchMatMulOptions, [](auto& builder) {
         return fb::CreateBatchMatMulOptions(builder);
       }));
  return {};
}

}  // namespace octet::to_tflite
