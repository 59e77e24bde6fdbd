// The int8 operators of 2019 to 2021. A convolution gives round(scale[o] * (sum of integers + bias[o])): one factor for
// each output channel, in which the scales of its input, its weights and its output are multiplied. What one of its
// integers means the file says only where they become floats again, and there with one scale for each channel. So the
// scale of every inner tensor is free: whatever it is taken to be, the weights' scale, factor * output / input, makes
// the same integers of the same integers, and a tensor whose channels had scales of their own becomes one with a single
// scale, for the channels' scales are in the factors before and behind it. A scale that a reader states is taken, so
// that what becomes float needs no factor; where a reader states one for each channel and they differ, floats are
// multiplied by what is missing, channel by channel.
#include <algorithm>
#include <cmath>
#include <limits>
#include <string>
#include <utility>
#include <vector>

#include "base/text.h"
#include "import/mnn/convert.h"
#include "import/mnn/convolution.h"
#include "import/mnn/tensor_quant.h"

namespace octet::mnn {
namespace {

constexpr float kFreeScale = 0.0078125f;  // where nobody states one: a power of two, which rounds no factor

// Scales of the channels; one where they are all the same.
std::vector<float> scales_of(const fb::QuantizedFloatParam* parameters) {
  if (parameters == nullptr) return {};
  const std::span<const float> view = span_of(parameters->tensor_scale());
  std::vector<float> scales(view.begin(), view.end());
  if (!scales.empty() && std::all_of(scales.begin(), scales.end(), [&](float s) { return s == scales[0]; })) {
    scales.resize(1);
  }
  return scales;
}

Status check_scales(const std::vector<float>& scales) {
  if (scales.empty()) return fail(Code::format, "it has no scales");
  float largest = 0;
  for (const float scale : scales) {
    if (!std::isfinite(scale) || scale < 0) {
      return fail(Code::format, "it has the scale " + std::to_string(scale) + "; scales are positive and finite");
    }
    largest = std::max(largest, scale);
  }
  if (largest == 0) return fail(Code::format, "its scales are all 0");
  return {};
}

Result<std::vector<float>> checked_scales(const fb::QuantizedFloatParam* parameters) {
  std::vector<float> scales = scales_of(parameters);
  OCTET_TRY(check_scales(scales));
  return scales;
}

Result<std::int32_t> zero_point_of(const fb::QuantizedFloatParam& parameters) {
  const std::span<const float> zeros = span_of(parameters.float_zeros());
  if (zeros.empty()) return parameters.zero_point();
  const float zero = zeros[0];
  const bool same = std::all_of(zeros.begin(), zeros.end(), [&](float z) { return z == zero; });
  if (!same || !(zero >= -128 && zero <= 127) || zero != std::nearbyint(zero)) {
    return fail(Code::unsupported, "its zero points are not one int8 integer");
  }
  return static_cast<std::int32_t>(zero);
}

// The integers that input `i` holds the meaning of.
Result<Quant> integers_of(Emitter& e, std::size_t i) {
  const Quant quant = e.quant(e.input(i));
  if (quant.scale == 0) {
    return fail(Code::format, "its input '" + printable(e.graph().at(e.input(i)).name) +
                                  "' is no int8 tensor: no int8 operator before it made it");
  }
  return quant;
}

// x times one factor for all channels, or one for each.
Result<TensorId> times(Emitter& e, TensorId x, std::vector<float> factors) {
  if (factors.size() == 1) {
    if (factors[0] == 1) return x;
    return e.binary(BinaryKind::mul, x, e.constant_scalar(factors[0]));
  }
  OCTET_ASSIGN(const TensorId nchw, e.as_nchw(x, 4));
  const int rank = e.rank(nchw) == kUnknownRank ? 4 : e.rank(nchw);
  Dims dims{static_cast<std::int64_t>(factors.size())};
  dims.resize(static_cast<std::size_t>(std::max(rank - 1, 1)), 1);
  return e.like(x, e.binary(BinaryKind::mul, nchw, e.constant(factors, dims)));
}

// Exactly 1 for what equals the scale.
std::vector<float> over(std::vector<float> values, float scale) {
  for (float& value : values) value /= scale;
  return values;
}

std::vector<float> scaled(std::vector<float> values, float factor) {
  for (float& value : values) value *= factor;
  return values;
}

float largest_of(const std::vector<float>& values) { return *std::max_element(values.begin(), values.end()); }

// The scale of what the operator at hand makes.
float output_scale(const Emitter& e) {
  const float stated = e.stated_scale(e.op().outputs()->Get(0));
  return stated != 0 ? stated : kFreeScale;
}

// Factors as the file has them, scales of weights as the graph has them.
struct IntegerWeights {
  std::vector<std::int32_t> values;
  std::vector<float> scales;
  std::vector<float> bias;
};

Result<IntegerWeights> read_integers(const fb::QuantizedFloatParam& parameters, std::int64_t channels, float input,
                                     float output) {
  const std::span<const std::int8_t> weight = span_of(parameters.weight());
  const std::span<const std::int32_t> bias = span_of(parameters.bias());
  const std::span<const float> factors = span_of(parameters.scale());
  if (static_cast<std::int64_t>(factors.size()) != channels || (!bias.empty() && bias.size() != factors.size())) {
    return fail(Code::format, "it has " + std::to_string(factors.size()) + " factors and " +
                                  std::to_string(bias.size()) + " biases for " + std::to_string(channels) +
                                  " output channels");
  }
  if (weight.empty() || weight.size() % factors.size() != 0) {
    return fail(Code::format, "it has " + std::to_string(weight.size()) + " weights for " + std::to_string(channels) +
                                  " output channels");
  }
  IntegerWeights result{{weight.begin(), weight.end()}, {}, std::vector<float>(factors.size(), 0.0f)};
  const std::size_t row = weight.size() / factors.size();
  for (std::size_t o = 0; o < factors.size(); ++o) {
    if (!std::isfinite(factors[o]) || factors[o] < 0) {
      return fail(Code::format, "output channel " + std::to_string(o) + " has the factor " +
                                    std::to_string(factors[o]) + "; factors are positive and finite");
    }
    const float scale = factors[o] * output / input;
    result.scales.push_back(scale > 0 ? scale : 1.0f);
    if (scale > 0) {
      if (!bias.empty()) result.bias[o] = static_cast<float>(bias[o]) * (scale * input);
    } else {
      std::fill_n(result.values.begin() + static_cast<std::ptrdiff_t>(o * row), row, 0);
    }
  }
  return result;
}

}  // namespace

std::unordered_map<std::int32_t, float> stated_scales(const fb::Net& net) {
  std::unordered_map<std::int32_t, float> result;
  if (net.ops() == nullptr) return result;
  const auto state = [&](std::int32_t tensor, const fb::QuantizedFloatParam* parameters) {
    const std::vector<float> scales = scales_of(parameters);
    if (scales.empty()) return;
    const float scale = largest_of(scales);
    if (std::isfinite(scale) && scale > 0) result.try_emplace(tensor, scale);
  };
  for (const fb::Op* op : *net.ops()) {
    const std::span<const std::int32_t> inputs = span_of(op->inputs());
    if (op->type() == fb::OpType::Int8ToFloat && inputs.size() == 1) {
      state(inputs[0], op->main_as_QuantizedFloatParam());
    } else if (op->type() == fb::OpType::EltwiseInt8 && inputs.size() == 2 && op->main_as_EltwiseInt8() != nullptr) {
      state(inputs[0], op->main_as_EltwiseInt8()->input0());
      state(inputs[1], op->main_as_EltwiseInt8()->input1());
    }
  }
  return result;
}

Status convert_float_to_int8(Emitter& e) {
  OCTET_ASSIGN(const auto* parameters, e.parameters<fb::QuantizedFloatParam>());
  OCTET_TRY(e.expect_inputs(1, 1));
  OCTET_ASSIGN(const std::vector<float> inverse, checked_scales(parameters));  // integers per unit
  OCTET_ASSIGN(const std::int32_t zero_point, zero_point_of(*parameters));
  const Quant quant{1.0f / largest_of(inverse), zero_point};
  if (!std::isfinite(quant.scale)) return fail(Code::format, "its scales are too small");
  const bool one = inverse.size() == 1;
  OCTET_ASSIGN(TensorId x, times(e, e.input(0), one ? std::vector<float>{1} : scaled(inverse, quant.scale)));
  Clamp clamp;
  limit(&clamp, {quant, parameters->clamp_min(), parameters->clamp_max()});
  if (clamp.active()) x = e.unary(UnaryKind::clip, x, clamp.low, clamp.high);
  e.round_outputs(quant);
  e.finish(x);
  return {};
}

Status convert_int8_to_float(Emitter& e) {
  OCTET_ASSIGN(const auto* parameters, e.parameters<fb::QuantizedFloatParam>());
  OCTET_TRY(e.expect_inputs(1, 1));
  OCTET_ASSIGN(const Quant quant, integers_of(e, 0));
  OCTET_ASSIGN(const std::vector<float> scales, checked_scales(parameters));
  OCTET_ASSIGN(const std::int32_t zero_point, zero_point_of(*parameters));
  if (zero_point != quant.zero_point) {
    return fail(Code::format, "its zero point is " + std::to_string(zero_point) + ", but its input was made with " +
                                  std::to_string(quant.zero_point));
  }
  OCTET_ASSIGN(TensorId x, times(e, e.input(0), over(scales, quant.scale)));
  if (x == e.input(0)) x = e.emit(octet::Op::identity, {x});
  e.set_quant(x, {});
  e.finish(x);
  return {};
}

Status convert_conv_int8(Emitter& e) {
  OCTET_TRY(e.expect_inputs(1, 1));
  const bool depthwise = e.op().type() == fb::OpType::DepthwiseConvInt8;
  OCTET_ASSIGN(Convolution c, read_convolution(e, depthwise));
  OCTET_TRY(check_channels(c));
  const fb::QuantizedFloatParam* parameters = c.parameters->symmetric();
  if (parameters == nullptr || parameters->weight() == nullptr) {
    return fail(Code::unsupported, "it has no int8 weights of its own");
  }
  OCTET_ASSIGN(const Quant input, integers_of(e, 0));
  if (parameters->zero_point() != input.zero_point) {
    return fail(Code::format, "its zero point is " + std::to_string(parameters->zero_point()) +
                                  ", but its input was made with " + std::to_string(input.zero_point));
  }
  if (c.common->pad_mode() == fb::PadMode::Valid) c.attrs.window.pads = {0, 0, 0, 0};
  const bool to_float = parameters->output_type() == fb::DataType::Float;
  const Quant output{to_float ? 1.0f : output_scale(e), to_float ? 0 : parameters->output_zero_point()};
  OCTET_ASSIGN(const IntegerWeights weights, read_integers(*parameters, c.outputs, input.scale, output.scale));
  OCTET_ASSIGN(const std::int64_t depth, remaining_dimension(weights.values.size(), c.outputs, c.attrs.window));
  if (depthwise && depth != 1) {
    return fail(Code::format, "it is depthwise, but has weights for " + std::to_string(depth) + " channels per output");
  }
  // The upper limit of a ReLU6 is in the factors: the scale was chosen so that 127 stands for it.
  c.attrs.clamp.high = std::numeric_limits<float>::infinity();
  if (!to_float) {
    limit(&c.attrs.clamp, {output, parameters->clamp_min(), parameters->clamp_max()});
    e.round_outputs(output);
  }
  OCTET_ASSIGN(const TensorId x, e.as_nchw(e.input(0), 4));
  const auto& kernel = c.attrs.window.kernel;
  const Dims dims{c.outputs, depth, kernel[0], kernel[1]};
  OCTET_ASSIGN(const TensorId weight, e.quantized_constant(dims, weights.values, weights.scales));
  std::vector<TensorId> inputs{x, weight};
  OCTET_TRY(add_bias(e, weights.bias, c.outputs, &inputs));
  finish_spatial(e, octet::Op::conv, std::move(inputs), c.attrs);
  return {};
}

Status convert_eltwise_int8(Emitter& e) {
  OCTET_ASSIGN(const auto* parameters, e.parameters<fb::EltwiseInt8>());
  OCTET_TRY(e.expect_inputs(2, 2));
  // Converters left the kind at its default, the product, and MNN, which looks at it nowhere, adds.
  if (parameters->type() != fb::EltwiseType::Sum && parameters->type() != fb::EltwiseType::Prod) {
    return fail(Code::unsupported, "int8 elements are combined by other than their sum");
  }
  const fb::QuantizedFloatParam* operands[] = {parameters->input0(), parameters->input1()};
  TensorId terms[2] = {};
  for (std::size_t i = 0; i < 2; ++i) {
    OCTET_ASSIGN(const Quant quant, integers_of(e, i));
    OCTET_ASSIGN(const std::vector<float> scales, checked_scales(operands[i]));
    OCTET_ASSIGN(terms[i], times(e, e.input(i), over(scales, quant.scale)));
  }
  OCTET_ASSIGN(const std::vector<float> inverse, checked_scales(parameters->output()));  // integers per unit
  const Quant output{1.0f / largest_of(inverse), 0};
  if (!std::isfinite(output.scale)) return fail(Code::format, "its output scales are too small");
  const bool one = inverse.size() == 1;
  Clamp clamp;
  limit(&clamp, {output, -127, 127});  // as the operator does
  TensorId sum = e.binary(BinaryKind::add, terms[0], terms[1], one ? clamp : Clamp{});
  if (!one) {
    OCTET_ASSIGN(sum, times(e, sum, scaled(inverse, output.scale)));
    sum = e.unary(UnaryKind::clip, sum, clamp.low, clamp.high);
  }
  e.round_outputs(output);
  e.finish(sum);
  return {};
}

Status convert_pool_int8(Emitter& e) {
  OCTET_TRY(e.expect_inputs(1, 1));
  OCTET_ASSIGN(const Quant quant, integers_of(e, 0));
  e.round_outputs(quant);
  return convert_pooling(e);
}

}  // namespace octet::mnn
