// Convolution and transposed convolution, plain and depthwise.
#include <algorithm>
#include <cstdint>
#include <string>
#include <utility>

#include "base/checked.h"
#include "base/text.h"
#include "import/mnn/convert.h"
#include "import/mnn/convolution.h"
#include "import/mnn/tensor_quant.h"
#include "import/mnn/weights.h"

namespace octet::mnn {
namespace {

constexpr std::int64_t kMaxWindow = 65536;

Status read_window(const fb::Convolution2DCommon& common, Window* window) {
  window->kernel = {common.kernel_y(), common.kernel_x()};
  window->stride = {common.stride_y(), common.stride_x()};
  window->dilation = {common.dilate_y(), common.dilate_x()};
  for (std::size_t i = 0; i < 2; ++i) {
    if (window->kernel[i] < 1 || window->kernel[i] > kMaxWindow || window->stride[i] < 1 ||
        window->stride[i] > kMaxWindow || window->dilation[i] < 1 || window->dilation[i] > kMaxWindow) {
      return fail(Code::format, "its window has kernel " + shape_text(window->kernel) + ", stride " +
                                    shape_text(window->stride) + " and dilation " + shape_text(window->dilation));
    }
  }
  const std::span<const std::int32_t> pads = span_of(common.pads());
  if (common.pad_mode() == fb::PadMode::Same) {
    window->auto_pad = AutoPad::same_upper;
  } else if (pads.size() >= 4) {
    window->pads = {pads[0], pads[1], pads[2], pads[3]};
  } else if (pads.size() >= 2) {
    window->pads = {pads[0], pads[1], pads[0], pads[1]};
  } else {
    window->pads = {common.pad_y(), common.pad_x(), common.pad_y(), common.pad_x()};
  }
  for (const std::int64_t pad : window->pads) {
    if (pad < 0 || pad > kMaxWindow) return fail(Code::format, "it pads by " + std::to_string(pad));
  }
  return {};
}

Clamp fused_clamp(const fb::Convolution2DCommon& common) {
  Clamp clamp;
  if (common.relu() || common.relu6()) clamp.low = 0;
  if (common.relu6()) clamp.high = 6;
  return clamp;
}

}  // namespace

Result<Convolution> read_convolution(Emitter& e, bool depthwise) {
  Convolution result;
  OCTET_ASSIGN(result.parameters, e.parameters<fb::Convolution2D>());
  result.common = result.parameters->common();
  if (result.common == nullptr) return fail(Code::format, "it has no common parameters");
  OCTET_TRY(read_window(*result.common, &result.attrs.window));
  result.attrs.clamp = fused_clamp(*result.common);
  result.outputs = result.common->output_count();
  result.attrs.groups = depthwise ? result.outputs : result.common->group();
  return result;
}

Status check_channels(const Convolution& c) {
  if (c.outputs < 1 || c.attrs.groups < 1 || c.outputs % c.attrs.groups != 0) {
    return fail(Code::format, "it has " + std::to_string(c.outputs) + " output channels in " +
                                  std::to_string(c.attrs.groups) + " groups");
  }
  return {};
}

Result<std::int64_t> remaining_dimension(std::size_t weights, std::int64_t first, const Window& window) {
  const std::int64_t area = window.kernel[0] * window.kernel[1];
  std::int64_t known = 0;
  const auto count = static_cast<std::int64_t>(weights);
  if (!checked_mul(first, area, &known) || count == 0 || count % known != 0) {
    return fail(Code::format, "it has " + std::to_string(count) + " weights, which do not fill its " +
                                  std::to_string(first) + " channels of kernel " + shape_text(window.kernel));
  }
  return count / known;
}

Status add_bias(Emitter& e, const std::vector<float>& bias, std::int64_t channels, std::vector<TensorId>* inputs) {
  if (bias.empty()) return {};
  if (static_cast<std::int64_t>(bias.size()) != channels) {
    return fail(Code::format, "it has " + std::to_string(bias.size()) + " biases for " + std::to_string(channels) +
                                  " output channels");
  }
  inputs->push_back(e.constant(bias, {channels}));
  return {};
}

void finish_spatial(Emitter& e, octet::Op kind, std::vector<TensorId> inputs, const Attributes& attrs) {
  const TensorId result = e.emit(kind, std::move(inputs), attrs);
  e.set_rank(result, 4);
  e.finish(e.like(e.input(0), result));
}

namespace {

// The integers of the weights where MNN computes with them, else floats.
Result<TensorId> weight_constant(Emitter& e, const Weights& weights, Dims dims) {
  if (e.int8_output() == nullptr || static_cast<std::int64_t>(weights.scales.size()) != dims[0]) {
    return e.constant(weights.weight, std::move(dims));
  }
  std::vector<std::int32_t> values(weights.integers.begin(), weights.integers.end());
  std::vector<float> scales = weights.scales;
  const std::size_t row = values.size() / scales.size();
  for (std::size_t o = 0; o < scales.size(); ++o) {
    if (scales[o] != 0) continue;  // of weights that are all zero
    scales[o] = 1;
    std::fill_n(values.begin() + static_cast<std::ptrdiff_t>(o * row), row, 0);
  }
  return e.quantized_constant(std::move(dims), values, scales);
}

// Weights that come as inputs instead: of another operator, or constants.
Status convert_with_inputs(Emitter& e, octet::Op kind, Convolution c, std::size_t operands) {
  const TensorId weight = e.input(1);
  if (e.graph().is_constant(weight) && e.graph().at(weight).dims.size() == 4) {
    const Dims dims = e.graph().at(weight).dims;
    c.attrs.window.kernel = {dims[2], dims[3]};
    if (c.outputs == 0) c.outputs = kind == octet::Op::conv ? dims[0] : dims[1] * c.attrs.groups;
    if (c.attrs.groups == 0) c.attrs.groups = c.outputs;
  }
  OCTET_TRY(check_channels(c));
  OCTET_ASSIGN(const TensorId x, e.as_nchw(e.input(0), 4));
  std::vector<TensorId> inputs{x, weight};
  if (operands > 2 && e.input(2) != kNoTensor) inputs.push_back(e.input(2));
  finish_spatial(e, kind, std::move(inputs), c.attrs);
  return {};
}

// MNN gives the wanted size as a last input, in the order N, H, W, C.
Status read_output_shape(Emitter& e, Convolution* c) {
  OCTET_ASSIGN(const std::vector<std::int64_t> shape, e.integers(e.input(e.input_count() - 1), "its output shape"));
  if (shape.size() < 3 || shape[1] < 1 || shape[2] < 1) {
    return fail(Code::format, "its output shape is " + shape_text(shape));
  }
  c->attrs.output_size = {shape[1], shape[2]};
  return {};
}

}  // namespace

Status convert_convolution(Emitter& e) {
  OCTET_TRY(e.expect_inputs(1, 3));
  const bool depthwise = e.op().type() == fb::OpType::ConvolutionDepthwise;
  OCTET_ASSIGN(Convolution c, read_convolution(e, depthwise));
  if (c.common->pad_mode() == fb::PadMode::Valid) c.attrs.window.pads = {0, 0, 0, 0};
  if (e.input_count() > 1) return convert_with_inputs(e, octet::Op::conv, std::move(c), e.input_count());
  OCTET_TRY(check_channels(c));
  OCTET_ASSIGN(const Weights weights, read_weights(e, *c.parameters));
  OCTET_ASSIGN(const std::int64_t depth, remaining_dimension(weights.weight.size(), c.outputs, c.attrs.window));
  if (depthwise && depth != 1) {
    return fail(Code::format, "it is depthwise, but has weights for " + std::to_string(depth) + " channels per output");
  }
  OCTET_ASSIGN(const TensorId x, e.as_nchw(e.input(0), 4));
  const auto& kernel = c.attrs.window.kernel;
  OCTET_ASSIGN(const TensorId weight, weight_constant(e, weights, {c.outputs, depth, kernel[0], kernel[1]}));
  std::vector<TensorId> inputs{x, weight};
  OCTET_TRY(add_bias(e, weights.bias, c.outputs, &inputs));
  if (const TensorQuant* output = e.int8_output()) limit(&c.attrs.clamp, *output);
  finish_spatial(e, octet::Op::conv, std::move(inputs), c.attrs);
  return {};
}

Status convert_deconvolution(Emitter& e) {
  OCTET_TRY(e.expect_inputs(1, 4));
  OCTET_ASSIGN(Convolution c, read_convolution(e, e.op().type() == fb::OpType::DeconvolutionDepthwise));
  const std::span<const std::int32_t> extra = span_of(c.common->out_pads());
  if (extra.size() >= 2 && c.common->pad_mode() != fb::PadMode::Same) c.attrs.output_padding = {extra[0], extra[1]};
  for (const std::int64_t pad : c.attrs.output_padding) {
    if (pad < 0 || pad > kMaxWindow) return fail(Code::format, "it pads its output by " + std::to_string(pad));
  }
  std::size_t operands = e.input_count();
  if (c.common->has_output_shape()) {
    if (operands < 2) return fail(Code::format, "its output shape is missing");
    OCTET_TRY(read_output_shape(e, &c));
    --operands;
  }
  if (operands > 1) return convert_with_inputs(e, octet::Op::conv_transpose, std::move(c), operands);
  OCTET_TRY(check_channels(c));
  OCTET_ASSIGN(const Weights weights, read_weights(e, *c.parameters));
  const std::int64_t per_group = c.outputs / c.attrs.groups;
  OCTET_ASSIGN(const std::int64_t channels, remaining_dimension(weights.weight.size(), per_group, c.attrs.window));
  OCTET_ASSIGN(const TensorId x, e.as_nchw(e.input(0), 4));
  const auto& kernel = c.attrs.window.kernel;
  std::vector<TensorId> inputs{x, e.constant(weights.weight, {channels, per_group, kernel[0], kernel[1]})};
  OCTET_TRY(add_bias(e, weights.bias, c.outputs, &inputs));
  finish_spatial(e, octet::Op::conv_transpose, std::move(inputs), c.attrs);
  return {};
}

}  // namespace octet::mnn
