// Convolutions and matrix products. A fully connected layer becomes a 1x1 convolution, as MNN's converter writes it:
// MNN has an int8 form of convolutions alone.
#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <string>

#include "export/mnn/write.h"
#include "export/open_shapes.h"

namespace octet::mnn {
namespace {

constexpr fb::DataFormat kImage = fb::DataFormat::NC4HW4;
constexpr fb::DataFormat kPlain = fb::DataFormat::NCHW;
constexpr float kLeastDepthwiseScale = 1e-6f;  // MNN takes this for every smaller one

struct Layer {
  Window window;
  std::int64_t groups = 1, inputs = 0, outputs = 0;
  Clamp clamp;
};

bool is_depthwise(const Layer& layer) { return layer.groups == layer.inputs && layer.groups == layer.outputs; }

// Fused in the file: ReLU and ReLU6. Another clamp is an operator of its own, or a limit of integers.
bool fuses(const Clamp& clamp) {
  return clamp.low == 0 && (clamp.high == 6 || clamp.high == std::numeric_limits<float>::infinity());
}

flatbuffers::Offset<fb::Convolution2DCommon> write_common(Writer& w, const Layer& layer, bool relu,
                                                          const std::array<std::int64_t, 2>* output_padding,
                                                          bool same) {
  const auto small = [](std::int64_t value) { return static_cast<std::int32_t>(value); };
  const auto& pads = layer.window.pads;  // top, left, bottom, right
  const bool even = pads[0] == pads[2] && pads[1] == pads[3];
  const auto list = even ? 0 : w.builder().CreateVector(narrowed({pads.begin(), pads.end()}));
  const bool extra = output_padding != nullptr && *output_padding != std::array<std::int64_t, 2>{0, 0};
  const auto extras = extra ? w.builder().CreateVector(narrowed({output_padding->begin(), output_padding->end()})) : 0;
  fb::Convolution2DCommonBuilder common(w.builder());
  common.add_pad_x(small(pads[1]));
  common.add_pad_y(small(pads[0]));
  common.add_kernel_x(small(layer.window.kernel[1]));
  common.add_kernel_y(small(layer.window.kernel[0]));
  common.add_stride_x(small(layer.window.stride[1]));
  common.add_stride_y(small(layer.window.stride[0]));
  common.add_dilate_x(small(layer.window.dilation[1]));
  common.add_dilate_y(small(layer.window.dilation[0]));
  if (same) common.add_pad_mode(fb::PadMode::Same);
  common.add_group(small(layer.groups));
  common.add_output_count(small(layer.outputs));
  common.add_input_count(small(layer.inputs));
  common.add_relu(relu && layer.clamp.high != 6);
  common.add_relu6(relu && layer.clamp.high == 6);
  if (!even) common.add_pads(list);
  if (extra) common.add_out_pads(extras);
  return common.Finish();
}

// Weights, bias and the scales of the weights as real numbers, from the integers of an int8 node.
struct Parameters {
  std::vector<std::int8_t> integers;  // empty: float
  std::vector<float> scales;          // of output channels
  std::vector<float> weight;
  std::vector<float> bias;
};

// Scales that only a damaged file has may give real numbers beyond float32.
Status check_range(const Parameters& p) {
  const auto finite = [](const std::vector<float>& values) {
    return std::all_of(values.begin(), values.end(), [](float value) { return std::isfinite(value); });
  };
  constexpr float kMostWeight = 128;
  const bool products =
      std::all_of(p.scales.begin(), p.scales.end(), [](float scale) { return std::isfinite(scale * kMostWeight); });
  if (products && finite(p.weight) && finite(p.bias)) return {};
  return fail(Code::unsupported, "its weights or its bias, as real numbers, are out of the range of float32");
}

Result<Parameters> read_parameters(const Writer& w, const Node& node, std::int64_t outputs, bool floats) {
  const Tensor& weight = w.tensor(node.input(1));
  const auto channels = static_cast<std::size_t>(outputs);
  if (!weight.constant) return fail(Code::unsupported, "its weights are computed as the network runs");
  Parameters result;
  if (weight.dtype == DType::f32) {
    const auto values = weight.data.as<float>();
    result.weight.assign(values.begin(), values.end());
    result.bias.assign(channels, 0.0f);
    if (node.input(2) != kNoTensor) {
      const auto bias = w.tensor(node.input(2)).data.as<float>();
      if (!w.tensor(node.input(2)).constant) return fail(Code::unsupported, "its bias is computed as the network runs");
      result.bias.assign(bias.begin(), bias.end());
    }
    return result;
  }
  const auto integers = weight.data.as<std::int8_t>();
  const auto bias = w.tensor(node.input(2)).data.as<std::int32_t>();
  const auto multiplier = w.tensor(node.input(3)).data.as<float>();
  const double in = w.tensor(node.input(0)).quant.scale, out = w.tensor(node.outputs[0]).quant.scale;
  for (std::size_t o = 0; o < channels; ++o) {
    const double scale = multiplier[o] * out / in;
    result.scales.push_back(static_cast<float>(scale));
    result.bias.push_back(static_cast<float>(bias[o] * scale * in));
  }
  if (!floats && node.input(4) == kNoTensor) {
    result.integers.assign(integers.begin(), integers.end());
    OCTET_TRY(check_range(result));
    return result;
  }
  // Where MNN has no int8 form, as for weights with zero points. conv_transpose [I, O / groups, kh, kw], conv [O, ...].
  const auto zeros =
      node.input(4) == kNoTensor ? std::span<const std::int32_t>() : w.tensor(node.input(4)).data.as<std::int32_t>();
  const bool transposed = node.op == Op::conv_transpose;
  const auto per_group = channels / static_cast<std::size_t>(node.attrs.groups);
  const auto in_per_group = static_cast<std::size_t>(weight.dims[0] / node.attrs.groups);
  const std::size_t area = transposed ? static_cast<std::size_t>(weight.dims[2] * weight.dims[3]) : 1;
  for (std::size_t i = 0; i < integers.size(); ++i) {
    std::size_t o = i / (integers.size() / channels);
    if (transposed) o = i / (in_per_group * per_group * area) * per_group + i / area % per_group;
    const std::int32_t zero = zeros.empty() ? 0 : zeros[o];
    result.weight.push_back(static_cast<float>(integers[i] - zero) * result.scales[o]);
  }
  OCTET_TRY(check_range(result));
  return result;
}

void raise_small_scales(Parameters& p) {
  const std::size_t row = p.integers.size() / p.scales.size();
  for (std::size_t o = 0; o < p.scales.size(); ++o) {
    if (p.scales[o] >= kLeastDepthwiseScale) continue;
    for (std::size_t i = o * row; i < (o + 1) * row; ++i) {
      p.integers[i] = static_cast<std::int8_t>(
          std::nearbyint(static_cast<float>(p.integers[i]) * p.scales[o] / kLeastDepthwiseScale));
    }
    p.scales[o] = kLeastDepthwiseScale;
  }
}

// MNN's int8 depthwise convolution adds bias / (input scale * weight scale) and zero point / factor to the accumulator,
// each cut off to an integer. The bias that is written is half an integer beyond the one that makes their sum the
// nearest to what it should be.
void fit_depthwise_bias(Parameters& p, const Quant& in, const Quant& out) {
  for (std::size_t o = 0; o < p.scales.size(); ++o) {
    const double unit = static_cast<double>(in.scale) * p.scales[o];
    const float zero = static_cast<float>(out.zero_point) / (p.scales[o] * (in.scale / out.scale));
    const double integer = std::floor(std::nearbyint(p.bias[o] / unit) + (zero - std::trunc(zero)) + 0.5);
    p.bias[o] = static_cast<float>((integer + (integer < 0 ? -0.5 : integer > 0 ? 0.5 : 0)) * unit);
  }
}

flatbuffers::Offset<fb::Convolution2D> write_parameters(Writer& w, const Parameters& p,
                                                        flatbuffers::Offset<fb::Convolution2DCommon> common,
                                                        const Quant& in, const Quant& out) {
  auto& builder = w.builder();
  const auto bias = builder.CreateVector(p.bias);
  if (p.integers.empty()) {
    const auto weight = builder.CreateVector(p.weight);
    return fb::CreateConvolution2D(builder, common, weight, bias);
  }
  // Type 4: the integers as they are, one scale an output channel.
  const auto buffer = builder.CreateVector(reinterpret_cast<const std::uint8_t*>(p.integers.data()), p.integers.size());
  const auto alpha = builder.CreateVector(p.scales);
  fb::PackedWeightsBuilder packed(builder);
  packed.add_buffer(buffer);
  packed.add_alpha(alpha);
  packed.add_type(4);
  packed.add_quant_scale(1);
  packed.add_scale_in(in.scale);
  packed.add_scale_out(out.scale);
  packed.add_bits(8);
  const auto packed_weights = packed.Finish();
  fb::QuantizedFloatParamBuilder symmetric(builder);
  symmetric.add_zero_point(static_cast<std::int8_t>(in.zero_point));
  symmetric.add_output_zero_point(static_cast<std::int8_t>(out.zero_point));
  return fb::CreateConvolution2D(builder, common, 0, bias, packed_weights, symmetric.Finish());
}

// The limits of an int8 layer that is written with float weights, and so computes in float: what the integers of its
// result cannot say is cut off, which is how many a network has its ReLU. A limit of 6 that they say as well is 6.
Clamp limits_of_floats(const Clamp& clamp, const Quant& out) {
  const auto value = [&](int q) { return out.scale * static_cast<float>(q - out.zero_point); };
  Clamp result{std::max(clamp.low, value(-128)), std::min(clamp.high, value(127))};
  if (result.low == 0 && std::nearbyint(6 / out.scale) == std::nearbyint(result.high / out.scale)) result.high = 6;
  return result;
}

// A convolution from an image to an image; `to` has the node's scale where it is int8.
void write_convolution(Writer& w, const Node& node, fb::OpType type, Layer layer, const Parameters& p,
                       std::int32_t from, std::int32_t to) {
  const bool int8 = !p.integers.empty();
  const Tensor& output = w.tensor(node.outputs[0]);
  if (!int8 && output.dtype == DType::i8) layer.clamp = limits_of_floats(layer.clamp, output.quant);
  const bool fused = fuses(layer.clamp);
  std::int32_t made = to;
  if (int8) {
    w.limit(to, layer.clamp);
  } else if (layer.clamp.active() && !fused) {
    made = w.between(node.outputs[0], w.tensor(node.outputs[0]).dims, kImage);
  }
  const bool transposed = type == fb::OpType::Deconvolution || type == fb::OpType::DeconvolutionDepthwise;
  const bool same =
      node.op == Op::conv && layer.window.auto_pad == AutoPad::same_upper && w.is_open_image(node.input(0));
  const auto common = write_common(w, layer, fused, transposed ? &node.attrs.output_padding : nullptr, same);
  const auto parameters =
      write_parameters(w, p, common, w.tensor(node.input(0)).quant, w.tensor(node.outputs[0]).quant);
  w.op(type, w.op_name(node.name), {from}, {made}, Writer::main(parameters));
  if (made != to) write_clamp(w, made, to, layer.clamp, node.name);
}

}  // namespace

Status write_conv(Writer& w, const Node& node) {
  if (node.attrs.window.auto_pad == AutoPad::same_lower && w.is_open_image(node.input(0))) {
    return fail(Code::unsupported, "windows over an image of open size that are padded more at the beginning");
  }
  const Dims& weight = w.tensor(node.input(1)).dims;
  const Layer layer{node.attrs.window, node.attrs.groups, weight[1] * node.attrs.groups, weight[0], node.attrs.clamp};
  const bool depthwise = layer.groups > 1 && is_depthwise(layer);
  // MNN has no int8 form of other grouped convolutions: its int8 weights would be read as those of one group.
  OCTET_ASSIGN(Parameters p, read_parameters(w, node, layer.outputs, layer.groups > 1 && !depthwise));
  if (depthwise && !p.integers.empty()) {
    raise_small_scales(p);
    fit_depthwise_bias(p, w.tensor(node.input(0)).quant, w.tensor(node.outputs[0]).quant);
    OCTET_TRY(check_range(p));
  }
  const std::int32_t from = w.as(w.read(node.input(0)), kImage);
  write_convolution(w, node, depthwise ? fb::OpType::ConvolutionDepthwise : fb::OpType::Convolution, layer, p, from,
                    w.make(node.outputs[0], kImage));
  return {};
}

Status write_conv_transpose(Writer& w, const Node& node) {
  const Dims& weight = w.tensor(node.input(1)).dims;
  const Layer layer{node.attrs.window, node.attrs.groups, weight[0], weight[1] * node.attrs.groups, node.attrs.clamp};
  OCTET_ASSIGN(const Parameters p, read_parameters(w, node, layer.outputs, true));
  const bool depthwise = layer.groups > 1 && is_depthwise(layer);
  const std::int32_t from = w.as(w.read(node.input(0)), kImage);
  write_convolution(w, node, depthwise ? fb::OpType::DeconvolutionDepthwise : fb::OpType::Deconvolution, layer, p, from,
                    w.make(node.outputs[0], kImage));
  return {};
}

Status write_gemm(Writer& w, const Node& node) {
  const Dims& weight = w.tensor(node.input(1)).dims;
  const Layer layer{{}, 1, weight[1], weight[0], node.attrs.clamp};
  OCTET_ASSIGN(const Parameters p, read_parameters(w, node, layer.outputs, false));
  const Dims &out = w.tensor(node.outputs[0]).dims, &out_other = w.other(node.outputs[0]).dims;
  const std::int64_t rows = element_count(out) / layer.outputs;
  const auto reshape = [&](std::int32_t from, std::int32_t to, const Dims& dims) {
    const std::vector<std::int32_t> sizes = narrowed(dims);
    w.op(fb::OpType::Reshape, w.op_name(node.name), {from}, {to},
         Writer::main(fb::CreateReshapeDirect(w.builder(), &sizes, kPlain)));
  };
  const Dims in_dims{rows, layer.inputs, 1, 1}, out_dims{rows, layer.outputs, 1, 1};
  const std::int32_t rows_in = w.between(node.input(0), in_dims, kPlain);
  const bool open = out != out_other;
  const auto back =
      open_reshape(out_dims, {element_count(out_other) / layer.outputs, layer.outputs, 1, 1}, out, out_other, false);
  if (!back) return fail(Code::unsupported, "rows of which more than one size is open");
  reshape(w.as(w.read(node.input(0)), kPlain), rows_in, open ? Dims{-1, layer.inputs, 1, 1} : in_dims);
  const std::int32_t rows_out = w.between(node.outputs[0], out_dims, kImage);
  Node image = node;
  write_convolution(w, image, fb::OpType::Convolution, layer, p, w.as(rows_in, kImage), rows_out);
  const std::int32_t plain = w.as(rows_out, kPlain);
  reshape(plain, w.make(node.outputs[0], kPlain), *back);
  return {};
}

Status write_mat_mul(Writer& w, const Node& node) {
  const std::int32_t a = w.as(w.read(node.input(0)), kPlain), b = w.as(w.read(node.input(1)), kPlain);
  w.op(fb::OpType::BatchMatMul, w.op_name(node.name), {a, b}, {w.make(node.outputs[0], kPlain)},
       Writer::main(fb::CreateBatchMatMulParam(w.builder(), false, false)));
  return {};
}

}  // namespace octet::mnn
