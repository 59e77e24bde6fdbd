// Operators on images: convolutions, pooling, resizing, and pixels that become channels.
#include <string>

#include "import/tflite/convert.h"

namespace octet::tflite {
namespace {

template <class Options>
Window window_of(const Options& options) {
  Window window;
  window.stride = {options.stride_h(), options.stride_w()};
  // SAME puts the odd pixel at the end.
  window.auto_pad = options.padding() == fb::Padding::SAME ? AutoPad::same_upper : AutoPad::valid;
  return window;
}

Status finish_activated(Emitter& e, TensorId x, fb::Activation activation) {
  OCTET_ASSIGN(const TensorId result, e.activated(x, activation));
  return e.finish(result, Order::image);
}

// x, weights and bias of a convolution; `permutation` brings the weights into the Graph's order.
Result<std::vector<TensorId>> operands(Emitter& e, std::size_t x, std::size_t weights,
                                       const std::vector<std::int64_t>& permutation) {
  std::vector<TensorId> inputs(2);
  OCTET_ASSIGN(inputs[0], e.input(x, Order::image));
  OCTET_ASSIGN(inputs[1], e.permuted(weights, permutation));
  OCTET_ASSIGN(const TensorId bias, e.bias(2 > x ? 2 : 3, x, weights));
  if (bias != kNoTensor) inputs.push_back(bias);
  return inputs;
}

// Channels of input x as the file declares them; 0 where it does not.
std::int64_t channels(const Emitter& e, std::size_t x) {
  const Dims dims = e.dims(x);
  return dims.size() == 4 ? dims[3] : 0;
}

Result<Attributes> pooling(const fb::Pool2DOptions& options) {
  Attributes attrs;
  attrs.window = window_of(options);
  attrs.window.kernel = {options.filter_height(), options.filter_width()};
  return attrs;
}

Status convert_pool(Emitter& e, octet::Op kind) {
  OCTET_TRY(e.expect_inputs(1, 1));
  OCTET_ASSIGN(const auto* options, e.required_options<fb::Pool2DOptions>());
  OCTET_ASSIGN(const Attributes attrs, pooling(*options));
  OCTET_ASSIGN(const TensorId x, e.input(0, Order::image));
  return finish_activated(e, e.emit(kind, {x}, attrs), options->fused_activation_function());
}

// The size to which an image is resized: a constant, or what the file declares of the result; where that depends on
// open sizes, what folding makes of the operand.
Status resize(Emitter& e, Attributes attrs) {
  OCTET_TRY(e.expect_inputs(2, 2));
  if (!e.is_constant(1) && e.has_open_image()) {
    OCTET_ASSIGN(const TensorId x, e.input(0, Order::image));
    OCTET_ASSIGN(const TensorId size, e.input(1));
    return e.finish(e.emit(octet::Op::resize, {x, kNoTensor, kNoTensor, size}, attrs), Order::image);
  }
  if (e.is_constant(1)) {
    OCTET_ASSIGN(attrs.sizes, e.integers(1, "its size"));
  } else {
    const Dims out = e.output_dims();
    if (out.size() != 4) return fail(Code::unsupported, "the size of its result is computed at run time");
    attrs.sizes = {out[1], out[2]};
  }
  if (attrs.sizes.size() != 2) return fail(Code::format, "its size is not one of height and width");
  OCTET_ASSIGN(const TensorId x, e.input(0, Order::image));
  return e.finish(e.emit(octet::Op::resize, {x}, attrs), Order::image);
}

template <class Options>
Result<CoordinateKind> coordinates(const Options& options) {
  if (options.align_corners() && options.half_pixel_centers()) {
    return fail(Code::format, "it cannot align corners and centres at once");
  }
  if (options.align_corners()) return CoordinateKind::align_corners;
  return options.half_pixel_centers() ? CoordinateKind::half_pixel : CoordinateKind::asymmetric;
}

Status move_block(Emitter& e, octet::Op kind, std::int64_t block) {
  OCTET_TRY(e.expect_inputs(1, 1));
  Attributes attrs;
  attrs.block = block;
  OCTET_ASSIGN(const TensorId x, e.input(0, Order::image));
  return e.finish(e.emit(kind, {x}, attrs), Order::image);
}

}  // namespace

Status convert_conv_2d(Emitter& e) {
  OCTET_TRY(e.expect_inputs(2, 3));
  OCTET_ASSIGN(const auto* options, e.required_options<fb::Conv2DOptions>());
  OCTET_ASSIGN(const std::vector<TensorId> inputs, operands(e, 0, 1, {0, 3, 1, 2}));
  Attributes attrs;
  attrs.window = window_of(*options);
  attrs.window.dilation = {options->dilation_h_factor(), options->dilation_w_factor()};
  // Weights for a part of the channels: as many groups as there are parts.
  const std::int64_t given = channels(e, 0), taken = channels(e, 1);
  if (given > 0 && taken > 0 && given % taken == 0) attrs.groups = given / taken;
  return finish_activated(e, e.emit(octet::Op::conv, inputs, attrs), options->fused_activation_function());
}

Status convert_depthwise_conv_2d(Emitter& e) {
  OCTET_TRY(e.expect_inputs(2, 3));
  OCTET_ASSIGN(const auto* options, e.required_options<fb::DepthwiseConv2DOptions>());
  OCTET_ASSIGN(const std::vector<TensorId> inputs, operands(e, 0, 1, {3, 0, 1, 2}));
  Attributes attrs;
  attrs.window = window_of(*options);
  attrs.window.dilation = {options->dilation_h_factor(), options->dilation_w_factor()};
  // The multiplier is implied by both shapes; old files leave it out or set it wrong.
  attrs.groups = channels(e, 0);
  if (attrs.groups <= 0) {
    const std::int64_t multiplier = options->depth_multiplier();
    if (multiplier <= 0) return fail(Code::format, "its depth multiplier is " + std::to_string(multiplier));
    attrs.groups = channels(e, 1) / multiplier;
  }
  return finish_activated(e, e.emit(octet::Op::conv, inputs, attrs), options->fused_activation_function());
}

Status convert_transpose_conv(Emitter& e) {
  OCTET_TRY(e.expect_inputs(3, 4));
  OCTET_ASSIGN(const auto* options, e.required_options<fb::TransposeConvOptions>());
  OCTET_ASSIGN(const std::vector<TensorId> inputs, operands(e, 2, 1, {3, 0, 1, 2}));
  Attributes attrs;
  attrs.window = window_of(*options);
  Dims shape = e.output_dims();
  if (e.is_constant(0)) {
    OCTET_ASSIGN(shape, e.integers(0, "the shape of its result"));
  } else if (e.has_open_image()) {
    // Converters compute it as what the window makes of the input.
    const Dims kernel = e.dims(1);
    const bool gaps = kernel.size() != 4 || kernel[1] < attrs.window.stride[0] || kernel[2] < attrs.window.stride[1];
    if (gaps) return fail(Code::unsupported, "the shape of its result, with gaps between its windows, is computed");
    return finish_activated(e, e.emit(octet::Op::conv_transpose, inputs, attrs), options->fused_activation_function());
  }
  if (shape.size() != 4 || shape[1] <= 0 || shape[2] <= 0) {
    return fail(Code::unsupported, "the shape of its result is not known");
  }
  attrs.output_size = {shape[1], shape[2]};
  return finish_activated(e, e.emit(octet::Op::conv_transpose, inputs, attrs), options->fused_activation_function());
}

Status convert_average_pool_2d(Emitter& e) { return convert_pool(e, octet::Op::average_pool); }
Status convert_max_pool_2d(Emitter& e) { return convert_pool(e, octet::Op::max_pool); }

// The root of the mean of the squares.
Status convert_l2_pool_2d(Emitter& e) {
  OCTET_TRY(e.expect_inputs(1, 1));
  OCTET_ASSIGN(const auto* options, e.required_options<fb::Pool2DOptions>());
  OCTET_ASSIGN(const Attributes attrs, pooling(*options));
  OCTET_ASSIGN(const TensorId x, e.input(0, Order::image));
  const TensorId mean = e.emit(octet::Op::average_pool, {e.unary(UnaryKind::square, x)}, attrs);
  return finish_activated(e, e.unary(UnaryKind::sqrt, mean), options->fused_activation_function());
}

Status convert_resize_bilinear(Emitter& e) {
  OCTET_ASSIGN(const auto* options, e.required_options<fb::ResizeBilinearOptions>());
  Attributes attrs;
  attrs.resize = ResizeKind::linear;
  OCTET_ASSIGN(attrs.coordinate, coordinates(*options));
  return resize(e, attrs);
}

Status convert_resize_nearest_neighbor(Emitter& e) {
  OCTET_ASSIGN(const auto* options, e.required_options<fb::ResizeNearestNeighborOptions>());
  Attributes attrs;
  attrs.resize = ResizeKind::nearest;
  OCTET_ASSIGN(attrs.coordinate, coordinates(*options));
  // Without either option the place is rounded down, else to the nearest and up from the middle.
  const bool down = attrs.coordinate == CoordinateKind::asymmetric;
  attrs.nearest = down ? NearestKind::floor : NearestKind::round_prefer_ceil;
  return resize(e, attrs);
}

Status convert_space_to_depth(Emitter& e) {
  OCTET_ASSIGN(const auto* options, e.required_options<fb::SpaceToDepthOptions>());
  return move_block(e, octet::Op::space_to_depth, options->block_size());
}

Status convert_depth_to_space(Emitter& e) {
  OCTET_ASSIGN(const auto* options, e.required_options<fb::DepthToSpaceOptions>());
  return move_block(e, octet::Op::depth_to_space, options->block_size());
}

}  // namespace octet::tflite
