// Fused activations and the pads of windows, which TFLite knows a few of by name.
#include <algorithm>
#include <cmath>
#include <limits>

#include "export/int8.h"
#include "export/tflite/operators.h"

namespace octet::to_tflite {
namespace {

// NONE where TFLite has no name for it.
fb::Activation activation_of(const Clamp& clamp) {
  constexpr float kInfinite = std::numeric_limits<float>::infinity();
  if (clamp == Clamp{0, kInfinite}) return fb::Activation::RELU;
  if (clamp == Clamp{0, 6}) return fb::Activation::RELU6;
  if (clamp == Clamp{-1, 1}) return fb::Activation::RELU_N1_TO_1;
  return fb::Activation::NONE;
}

FileTensor limit(Emitter& e, const std::string& name, float value, const Quant* quant) {
  if (quant == nullptr) return e.scalar(name, value);
  const float q =
      std::clamp(std::nearbyint(value / quant->scale) + static_cast<float>(quant->zero_point), -128.0F, 127.0F);
  const auto byte = static_cast<std::int8_t>(q);
  return e.constant(name, fb::TensorType::INT8, {}, Bytes::copy_of(&byte, 1), per_tensor(*quant));
}

std::int64_t extent(const Window& window, std::size_t axis) {
  return (window.kernel[axis] - 1) * window.dilation[axis] + 1;
}

}  // namespace

Limits limits_of(const Emitter& e, const Node& node, bool as_float) {
  const Tensor& output = e.tensor(node.outputs[0]);
  // A named activation stays where its bounds are those of int8 already: it says what the layer is.
  const fb::Activation whole = activation_of(node.attrs.clamp);
  if (whole != fb::Activation::NONE) return {whole, {}};
  const bool int8 = output.dtype == DType::i8 && !as_float;
  const Clamp rest = int8 ? clamp_within(node.attrs.clamp, output.quant) : node.attrs.clamp;
  const fb::Activation part = activation_of(rest);
  return part != fb::Activation::NONE ? Limits{part, {}} : Limits{fb::Activation::NONE, rest};
}

void emit_limits(Emitter& e, const Node& node, FileTensor from, FileTensor to, const Clamp& clamp, const Quant* quant) {
  const bool both = std::isfinite(clamp.low) && std::isfinite(clamp.high);
  FileTensor x = from;
  if (std::isfinite(clamp.low)) {
    const FileTensor y = both ? e.temporary(node.name + "/low", Dims(e.file().dims(to)), quant) : to;
    e.op(fb::BuiltinOperator::MAXIMUM, quant != nullptr, {x, limit(e, node.name + "/least", clamp.low, quant)}, {y});
    x = y;
  }
  if (std::isfinite(clamp.high)) {
    e.op(fb::BuiltinOperator::MINIMUM, quant != nullptr, {x, limit(e, node.name + "/most", clamp.high, quant)}, {to});
  }
}

Target::Target(Emitter& e, const Node& node, const Order& order, bool as_float)
    : e_(e), node_(node), order_(order), as_float_(as_float), limits_(limits_of(e, node, as_float)) {
  const TensorId id = node.outputs[0];
  const bool int8 = e.tensor(id).dtype == DType::i8 && !as_float;
  output_ = as_float ? e.write_float(id, order) : e.write(id, order);
  before_ = output_;
  if (limits_.rest.active()) {
    before_ =
        e.temporary(node.name + "/unlimited", permuted(e.tensor(id).dims, order), int8 ? &e.tensor(id).quant : nullptr);
  }
}

void Target::done() {
  const TensorId id = node_.outputs[0];
  const bool int8 = e_.tensor(id).dtype == DType::i8 && !as_float_;
  if (limits_.rest.active()) {
    emit_limits(e_, node_, before_, output_, limits_.rest, int8 ? &e_.tensor(id).quant : nullptr);
  }
  if (as_float_) e_.written_float(id, output_, order_);
}

FileTensor emit_image_pad(Emitter& e, const std::string& name, FileTensor image, const ImagePads& pads, PadValue value,
                          const Quant* quant) {
  Dims dims = e.file().dims(image);
  dims[1] += pads.top + pads.bottom;
  dims[2] += pads.left + pads.right;
  const FileTensor padded = e.temporary(name + "/padded", dims, quant);
  const std::vector<std::int32_t> list = {0,
                                          0,
                                          static_cast<std::int32_t>(pads.top),
                                          static_cast<std::int32_t>(pads.bottom),
                                          static_cast<std::int32_t>(pads.left),
                                          static_cast<std::int32_t>(pads.right),
                                          0,
                                          0};
  const FileTensor sizes = e.constant(name + "/pads", fb::TensorType::INT32, {4, 2}, Bytes::from(list), {});
  if (value == PadValue::zero) {
    e.op(fb::BuiltinOperator::PAD, quant != nullptr, {image, sizes}, {padded});
    return padded;
  }
  const FileTensor least = limit(e, name + "/least", std::numeric_limits<float>::lowest(), quant);
  e.op(fb::BuiltinOperator::PADV2, quant != nullptr, {image, sizes, least}, {padded});
  return padded;
}

namespace {

// The whole pads: of an image of another size the last window may see more of them than it does here.
Result<Padding> padding_of_open_image(const Node& node) {
  const Window& w = node.attrs.window;
  if (w.auto_pad == AutoPad::same_upper) return Padding{fb::Padding::SAME, {}};
  if (w.auto_pad == AutoPad::same_lower) {
    return unsupported(node, "its image has an open size, and TFLite pads more at the end, not at the beginning");
  }
  if (node.attrs.ceil_mode) {
    return unsupported(node, "its image has an open size, and TFLite does not round the number of windows up");
  }
  bool same = w.stride == std::array<std::int64_t, 2>{1, 1};
  for (std::size_t axis = 0; axis < 2; ++axis) {
    const std::int64_t overhang = extent(w, axis) - 1;
    same = same && w.pads[axis] == overhang / 2 && w.pads[axis] + w.pads[axis + 2] == overhang;
  }
  const bool none = w.pads == std::array<std::int64_t, 4>{0, 0, 0, 0};
  if (same && !none) return Padding{fb::Padding::SAME, {}};
  return Padding{fb::Padding::VALID, {w.pads[0], w.pads[1], w.pads[2], w.pads[3]}};
}

}  // namespace

Result<Padding> padding_of(const Emitter& e, const Node& node) {
  if (e.is_open(node.inputs[0], 2) || e.is_open(node.inputs[0], 3)) return padding_of_open_image(node);
  const Window& window = node.attrs.window;
  const Dims &in = e.tensor(node.inputs[0]).dims, &out = e.tensor(node.outputs[0]).dims;
  bool same = true;
  bool valid = true;
  std::array<std::int64_t, 2> begin{};
  std::array<std::int64_t, 2> end{};
  for (std::size_t axis = 0; axis < 2; ++axis) {
    const std::int64_t size = in[2 + axis];
    const std::int64_t count = out[2 + axis];
    const std::int64_t reach = (count - 1) * window.stride[axis] + extent(window, axis);  // of all windows
    begin[axis] = window.pads[axis];
    end[axis] = std::max<std::int64_t>(0, reach - size - begin[axis]);
    same = same && count == (size + window.stride[axis] - 1) / window.stride[axis] &&
           begin[axis] == std::max<std::int64_t>(0, reach - size) / 2;
    valid = valid && begin[axis] == 0 && count == (size - extent(window, axis)) / window.stride[axis] + 1 &&
            size >= extent(window, axis);
  }
  if (valid) return Padding{};
  if (same) return Padding{fb::Padding::SAME, {}};
  return Padding{fb::Padding::VALID, {begin[0], begin[1], end[0], end[1]}};
}

}  // namespace octet::to_tflite
