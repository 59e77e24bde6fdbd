// Pooling, reductions, softmax and resizing.
#include <algorithm>
#include <cmath>
#include <numeric>

#include "export/int8.h"
#include "export/tflite/operators.h"

namespace octet::to_tflite {
namespace {

using Kind = fb::BuiltinOperator;

std::int32_t narrow(std::int64_t value) { return static_cast<std::int32_t>(value); }

Options pool_options(const Window& w, fb::Padding padding) {
  return options(fb::BuiltinOptions::Pool2DOptions, [=](auto& builder) {
    return fb::CreatePool2DOptions(builder, padding, narrow(w.stride[1]), narrow(w.stride[0]), narrow(w.kernel[1]),
                                   narrow(w.kernel[0]));
  });
}

// Elements of the input that a window sees along an axis, for each place of the window.
std::vector<std::int64_t> seen(const Window& w, std::size_t axis, std::int64_t size, std::int64_t count) {
  std::vector<std::int64_t> result;
  for (std::int64_t i = 0; i < count; ++i) {
    const std::int64_t begin = i * w.stride[axis] - w.pads[axis];
    result.push_back(std::min(begin + w.kernel[axis], size) - std::max<std::int64_t>(begin, 0));
  }
  return result;
}

// What the average over a whole window of a padded image has to be multiplied by where pads do not count.
FileTensor corrections(Emitter& e, const Node& node, const Dims& in, const Dims& out) {
  const Window& w = node.attrs.window;
  const auto rows = seen(w, 0, in[2], out[2]);
  const auto columns = seen(w, 1, in[3], out[3]);
  std::vector<float> factors;
  for (const std::int64_t h : rows) {
    for (const std::int64_t v : columns) {
      factors.push_back(static_cast<float>(w.kernel[0] * w.kernel[1]) / static_cast<float>(h * v));
    }
  }
  return e.floats(node.name + "/counts", {1, out[2], out[3], 1}, factors);
}

Status emit_average_pool(Emitter& e, const Node& node) {
  const TensorId x_id = node.inputs[0];
  const TensorId y_id = node.outputs[0];
  const Dims& in = e.tensor(x_id).dims;
  const Dims& out = e.tensor(y_id).dims;
  const Attributes& attrs = node.attrs;
  OCTET_ASSIGN(const Padding padding, padding_of(e, node));
  const bool padded = padding.pads() || padding.kind == fb::Padding::SAME;
  const bool beyond = padding.before.bottom > attrs.window.pads[2] || padding.before.right > attrs.window.pads[3];
  if (attrs.count_include_pad && beyond) {
    return unsupported(node, "windows that reach beyond the pads that count cannot be said in TFLite");
  }
  // SAME in TFLite does not count pads; where they count, or are others, the image is padded first.
  const bool direct = !padded || (padding.kind == fb::Padding::SAME && !attrs.count_include_pad);
  const bool as_int8 = is_int8(e.graph(), node) && direct && e.tensor(x_id).quant == e.tensor(y_id).quant;
  FileTensor x = as_int8 ? e.read(x_id, kImageOrder) : e.read_float(x_id, kImageOrder);
  const FileTensor y = as_int8 ? e.write(y_id, kImageOrder) : e.write_float(y_id, kImageOrder);
  if (direct) {
    e.op(Kind::AVERAGE_POOL_2D, as_int8, {x}, {y}, pool_options(attrs.window, padding.kind));
  } else {
    const Window& w = attrs.window;
    ImagePads pads = padding.before;
    if (padding.kind == fb::Padding::SAME) pads = {w.pads[0], w.pads[1], w.pads[2], w.pads[3]};
    x = emit_image_pad(e, node.name, x, pads, PadValue::zero, nullptr);
    const FileTensor mean = attrs.count_include_pad ? y : e.temporary(node.name + "/mean", e.file().dims(y));
    e.op(Kind::AVERAGE_POOL_2D, false, {x}, {mean}, pool_options(w, fb::Padding::VALID));
    if (!attrs.count_include_pad) {
      e.op(Kind::MUL, false, {mean, corrections(e, node, in, out)}, {y},
           options(fb::BuiltinOptions::MulOptions, [](auto& builder) { return fb::CreateMulOptions(builder); }));
    }
  }
  if (!as_int8) e.written_float(y_id, y, kImageOrder);
  return {};
}

Options reducer_options(bool keep_dims) {
  return options(fb::BuiltinOptions::ReducerOptions,
                 [keep_dims](auto& builder) { return fb::CreateReducerOptions(builder, keep_dims); });
}

}  // namespace

Status emit_pool(Emitter& e, const Node& node) {
  if (node.attrs.window.dilation != std::array<std::int64_t, 2>{1, 1}) {
    return unsupported(node, "TFLite's pooling has no dilation");
  }
  if (node.op == Op::average_pool) return emit_average_pool(e, node);
  const TensorId x_id = node.inputs[0];
  const Tensor& input = e.tensor(x_id);
  const bool int8 = input.dtype == DType::i8;
  OCTET_ASSIGN(const Padding padding, padding_of(e, node));
  FileTensor x = e.read(x_id, kImageOrder);
  if (padding.pads()) {
    x = emit_image_pad(e, node.name, x, padding.before, PadValue::least, int8 ? &input.quant : nullptr);
  }
  e.op(Kind::MAX_POOL_2D, int8, {x}, {e.write(node.outputs[0], kImageOrder)},
       pool_options(node.attrs.window, padding.kind));
  return {};
}

Status emit_reduce(Emitter& e, const Node& node) {
  const TensorId x_id = node.inputs[0];
  const Attributes& attrs = node.attrs;
  const Order order = e.order_of(x_id);
  // Octet's mean of int8 may be float32.
  const bool int8 = is_int8(e.graph(), node) && e.tensor(node.outputs[0]).dtype == DType::i8;
  std::vector<std::int64_t> axes;
  for (const std::int64_t axis : attrs.axes) axes.push_back(place_of(axis, order));
  std::sort(axes.begin(), axes.end());
  // The order of what is left.
  Order out_order;
  for (const std::int64_t d : order) {
    const bool reduced = std::find(attrs.axes.begin(), attrs.axes.end(), d) != attrs.axes.end();
    if (attrs.keep_dims) {
      out_order.push_back(d);
    } else if (!reduced) {
      const auto before = std::count_if(attrs.axes.begin(), attrs.axes.end(), [d](std::int64_t a) { return a < d; });
      out_order.push_back(d - before);
    }
  }
  const FileTensor x = int8 ? e.read(x_id, order) : e.read_float(x_id, order);
  const FileTensor y = e.write(node.outputs[0], out_order);
  const FileTensor axis_list = e.ints(node.name + "/axes", axes);
  const auto each = [&](Kind kind, FileTensor from) {
    const FileTensor to = e.temporary(node.name + "/each", e.file().dims(x));
    e.op(kind, false, {from}, {to});
    return to;
  };
  const auto reduced = [&](Kind kind, FileTensor from, FileTensor to) {
    e.op(kind, int8, {from, axis_list}, {to}, reducer_options(attrs.keep_dims));
    return to;
  };
  const auto result = [&] { return e.temporary(node.name + "/sum", e.file().dims(y)); };
  switch (attrs.reduce) {
    case ReduceKind::mean:
      reduced(Kind::MEAN, x, y);
      return {};
    case ReduceKind::sum:
      reduced(Kind::SUM, x, y);
      return {};
    case ReduceKind::max:
      reduced(Kind::REDUCE_MAX, x, y);
      return {};
    case ReduceKind::min:
      reduced(Kind::REDUCE_MIN, x, y);
      return {};
    case ReduceKind::prod:
      reduced(Kind::REDUCE_PROD, x, y);
      return {};
    case ReduceKind::l1:
      reduced(Kind::SUM, each(Kind::ABS, x), y);
      return {};
    case ReduceKind::sum_square:
      reduced(Kind::SUM, each(Kind::SQUARE, x), y);
      return {};
    case ReduceKind::l2:
      e.op(Kind::SQRT, false, {reduced(Kind::SUM, each(Kind::SQUARE, x), result())}, {y});
      return {};
    case ReduceKind::log_sum:
      e.op(Kind::LOG, false, {reduced(Kind::SUM, x, result())}, {y});
      return {};
    case ReduceKind::log_sum_exp:
      break;
  }
  // Less the largest, so that no exponent overflows.
  Dims kept = e.file().dims(x);
  for (const std::int64_t axis : axes) kept[static_cast<std::size_t>(axis)] = 1;
  const FileTensor largest = e.temporary(node.name + "/largest", kept);
  e.op(Kind::REDUCE_MAX, false, {x, axis_list}, {largest}, reducer_options(true));
  const FileTensor less = e.temporary(node.name + "/less", e.file().dims(x));
  e.op(Kind::SUB, false, {x, largest}, {less},
       options(fb::BuiltinOptions::SubOptions, [](auto& builder) { return fb::CreateSubOptions(builder); }));
  const FileTensor log = result();
  e.op(Kind::LOG, false, {reduced(Kind::SUM, each(Kind::EXP, less), result())}, {log});
  FileTensor back = largest;
  if (!attrs.keep_dims) {
    back = result();
    e.reshape(largest, back);
  }
  e.op(Kind::ADD, false, {log, back}, {y},
       options(fb::BuiltinOptions::AddOptions, [](auto& builder) { return fb::CreateAddOptions(builder); }));
  return {};
}

// TFLite's softmax is over the last dimension. Its int8 form gives steps of 1/256, as Octet's inside a network; at a
// network's end Octet's gives float32, as the float form does.
Status emit_softmax(Emitter& e, const Node& node) {
  const Graph& graph = e.graph();
  if (is_int8(graph, node)) OCTET_TRY(check_softmax_table(graph, node));
  const TensorId x_id = node.inputs[0];
  Order order = e.order_of(x_id);
  if (order.empty()) return unsupported(node, "it has no dimension");
  if (order.back() != node.attrs.axis) {
    order.erase(std::find(order.begin(), order.end(), node.attrs.axis));
    order.push_back(node.attrs.axis);
  }
  const Tensor& output = e.tensor(node.outputs[0]);
  const bool as_int8 = is_int8(graph, node) && output.quant == Quant{1.0F / 256, -128};
  const FileTensor x = as_int8 ? e.read(x_id, order) : e.read_float(x_id, order);
  const FileTensor y = as_int8 ? e.write(node.outputs[0], order) : e.write_float(node.outputs[0], order);
  if (node.attrs.log) {
    e.op(Kind::LOG_SOFTMAX, as_int8, {x}, {y});
  } else {
    e.op(Kind::SOFTMAX, as_int8, {x}, {y}, options(fb::BuiltinOptions::SoftmaxOptions, [](auto& builder) {
           return fb::CreateSoftmaxOptions(builder, 1.0F);
         }));
  }
  if (!as_int8) e.written_float(node.outputs[0], y, order);
  return {};
}

namespace {

// The size that an image is resized to: of one of open size, whole factors of what it is.
Result<FileTensor> size_of_result(Emitter& e, const Node& node, FileTensor x) {
  const Dims& out = e.tensor(node.outputs[0]).dims;
  const bool open = e.is_open(node.inputs[0], 2) || e.is_open(node.inputs[0], 3);
  if (!open || node.attrs.scales.size() != 2) return e.ints(node.name + "/size", {out[2], out[3]});
  std::vector<std::int64_t> factors;
  for (const float scale : node.attrs.scales) {
    if (scale < 1 || scale > 1024 || scale != std::floor(scale)) {
      return unsupported(node, "its image has an open size, and its factor is no integer");
    }
    factors.push_back(static_cast<std::int64_t>(scale));
  }
  const FileTensor shape = e.computed_ints(node.name + "/shape", 4);
  const FileTensor image = e.computed_ints(node.name + "/image", 2);
  const FileTensor size = e.computed_ints(node.name + "/size", 2);
  e.op(Kind::SHAPE, false, {x}, {shape});
  e.op(Kind::STRIDED_SLICE, false,
       {shape, e.ints(node.name + "/from", {1}), e.ints(node.name + "/to", {3}), e.ints(node.name + "/step", {1})},
       {image}, options(fb::BuiltinOptions::StridedSliceOptions, [](auto& builder) {
         return fb::CreateStridedSliceOptions(builder);
       }));
  e.op(Kind::MUL, false, {image, e.ints(node.name + "/factors", factors)}, {size},
       options(fb::BuiltinOptions::MulOptions, [](auto& builder) { return fb::CreateMulOptions(builder); }));
  return size;
}

}  // namespace

Status emit_resize(Emitter& e, const Node& node) {
  const Attributes& attrs = node.attrs;
  const Dims& in = e.tensor(node.inputs[0]).dims;
  const Dims& out = e.tensor(node.outputs[0]).dims;
  const bool align = attrs.coordinate == CoordinateKind::align_corners;
  // pytorch_half_pixel differs for results of one pixel alone.
  const bool half = attrs.coordinate == CoordinateKind::half_pixel ||
                    (attrs.coordinate == CoordinateKind::pytorch_half_pixel && out[2] > 1 && out[3] > 1);
  if (attrs.coordinate == CoordinateKind::pytorch_half_pixel && !half) {
    return unsupported(node, "TFLite has no coordinates like pytorch_half_pixel's of one pixel");
  }
  // TFLite divides sizes; a scale that is given counts where it says something else.
  for (std::size_t axis = 0; axis < attrs.scales.size(); ++axis) {
    const float by_size = static_cast<float>(out[2 + axis]) / static_cast<float>(in[2 + axis]);
    if (!align && attrs.scales[axis] != by_size) {
      return unsupported(node, "its scale " + std::to_string(attrs.scales[axis]) + " is not that of its sizes, " +
                                   std::to_string(by_size) + ", which TFLite uses");
    }
  }
  if (attrs.resize == ResizeKind::cubic) return unsupported(node, "TFLite resizes bilinearly or to the nearest");
  const bool int8 = is_int8(e.graph(), node);
  const FileTensor x = e.read(node.inputs[0], kImageOrder);
  OCTET_ASSIGN(const FileTensor size, size_of_result(e, node, x));
  if (attrs.resize == ResizeKind::linear) {
    e.op(Kind::RESIZE_BILINEAR, int8, {x, size}, {e.write(node.outputs[0], kImageOrder)},
         options(fb::BuiltinOptions::ResizeBilinearOptions,
                 [=](auto& builder) { return fb::CreateResizeBilinearOptions(builder, align, half); }));
    return {};
  }
  // Rounded down without an option, else to the nearest, upwards from the middle. A whole factor has no middle between
  // half pixels, nor a place that rounding moves.
  const bool whole = out[2] % in[2] == 0 && out[3] % in[3] == 0;
  const bool down = attrs.coordinate == CoordinateKind::asymmetric;
  const bool rounds = attrs.nearest == NearestKind::round_prefer_ceil ||
                      (attrs.nearest == NearestKind::round_prefer_floor && half && whole);
  if (down ? attrs.nearest != NearestKind::floor : !rounds) {
    return unsupported(node, "TFLite rounds the places of its nearest neighbours otherwise");
  }
  e.op(Kind::RESIZE_NEAREST_NEIGHBOR, int8, {x, size}, {e.write(node.outputs[0], kImageOrder)},
       options(fb::BuiltinOptions::ResizeNearestNeighborOptions,
               [=](auto& builder) { return fb::CreateResizeNearestNeighborOptions(builder, align, half); }));
  return {};
}

}  // namespace octet::to_tflite
