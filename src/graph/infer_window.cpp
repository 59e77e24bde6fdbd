// Shapes of operators that slide a window over H and W, and of resizing.
#include <algorithm>
#include <cmath>

#include "base/checked.h"
#include "base/text.h"
#include "graph/infer.h"

namespace octet {

namespace {

constexpr std::int64_t kLargestStep = std::int64_t{1} << 20;  // of kernel, stride, dilation and pad

Status check_window(const Node& node) {
  const Window& window = node.attrs.window;
  const auto positive = [](std::int64_t value) { return value >= 1 && value < kLargestStep; };
  for (int axis = 0; axis < 2; ++axis) {
    if (!positive(window.kernel[axis]) || !positive(window.stride[axis]) || !positive(window.dilation[axis])) {
      return shape_error(node, "kernel, stride and dilation must be positive and below 2^20");
    }
  }
  for (const std::int64_t pad : window.pads) {
    if (pad < 0 || pad >= kLargestStep) return shape_error(node, "padding must not be negative, and below 2^20");
  }
  if (static_cast<int>(window.auto_pad) > static_cast<int>(AutoPad::valid)) {
    return shape_error(node, "unknown kind of automatic padding");
  }
  return {};
}

// Pixels that a window covers along an axis.
std::int64_t extent(const Window& window, int axis) { return (window.kernel[axis] - 1) * window.dilation[axis] + 1; }

// Divides `total` between both ends of an axis; the odd pixel goes to the end for same_upper.
void set_pads(Window& window, int axis, std::int64_t total) {
  const std::int64_t less = total / 2;
  window.pads[axis] = window.auto_pad == AutoPad::same_upper ? less : total - less;
  window.pads[axis + 2] = total - window.pads[axis];
}

// Pads of `same` depend on the input's size where the window strides, and are found again for another size.
void forget_auto_pad(Window& window) {
  const bool strides = window.stride[0] > 1 || window.stride[1] > 1;
  if (window.auto_pad == AutoPad::valid || !strides) window.auto_pad = AutoPad::none;
}

Status require_image(const Node& node, const Dims& dims) {
  if (dims.size() == 4 && dims[2] >= 1 && dims[3] >= 1) return {};
  return shape_error(node, "works on images N x C x H x W; its input is " + shape_text(dims));
}

Status check_convolution(const Graph& graph, Node& node, std::int64_t inputs_of_weight, std::int64_t outputs) {
  const Dims& x = input_dims(graph, node, 0);
  const Dims& weight = input_dims(graph, node, 1);
  const std::int64_t groups = node.attrs.groups;
  if (groups < 1 || x[1] % groups != 0 || outputs % groups != 0) {
    return shape_error(node, std::to_string(groups) + " groups do not divide " + std::to_string(x[1]) + " input and " +
                                 std::to_string(outputs) + " output channels");
  }
  if (x[1] != inputs_of_weight) {
    return shape_error(node, "its input " + shape_text(x) + " has " + std::to_string(x[1]) +
                                 " channels, but the weights " + shape_text(weight) + " are for " +
                                 std::to_string(inputs_of_weight));
  }
  if (node.input(2) != kNoTensor && input_dims(graph, node, 2) != Dims{outputs}) {
    return shape_error(node, "has " + std::to_string(outputs) + " output channels, but a bias of shape " +
                                 shape_text(input_dims(graph, node, 2)));
  }
  node.attrs.window.kernel = {weight[2], weight[3]};
  return check_window(node);
}

Status check_weight(const Node& node, const Dims& weight) {
  if (weight.size() == 4 && element_count(weight) > 0) return {};
  return shape_error(node, "its weights must have 4 dimensions (2-D convolution), but are " + shape_text(weight));
}

}  // namespace

Status infer_conv(Graph& graph, Node& node) {
  const Dims x = input_dims(graph, node, 0);
  const Dims weight = input_dims(graph, node, 1);
  OCTET_TRY(require_image(node, x));
  OCTET_TRY(check_weight(node, weight));
  std::int64_t inputs = 0;
  if (!checked_mul(weight[1], node.attrs.groups, &inputs)) return shape_error(node, "has too many groups");
  OCTET_TRY(check_convolution(graph, node, inputs, weight[0]));
  Window& window = node.attrs.window;
  Dims out = {x[0], weight[0], 0, 0};
  for (int axis = 0; axis < 2; ++axis) {
    const std::int64_t size = x[2 + axis];
    if (window.auto_pad == AutoPad::valid) set_pads(window, axis, 0);
    if (window.auto_pad == AutoPad::same_upper || window.auto_pad == AutoPad::same_lower) {
      const std::int64_t wanted = (ceil_div(size, window.stride[axis]) - 1) * window.stride[axis];
      set_pads(window, axis, std::max<std::int64_t>(0, wanted + extent(window, axis) - size));
    }
    const std::int64_t room = size + window.pads[axis] + window.pads[axis + 2] - extent(window, axis);
    if (room < 0) return shape_error(node, "its kernel is larger than the padded input " + shape_text(x));
    out[2 + axis] = room / window.stride[axis] + 1;
  }
  forget_auto_pad(window);
  OCTET_TRY(check_window(node));
  return set_output(graph, node, 0, std::move(out));
}

Status infer_conv_transpose(Graph& graph, Node& node) {
  const Dims x = input_dims(graph, node, 0);
  const Dims weight = input_dims(graph, node, 1);
  OCTET_TRY(require_image(node, x));
  OCTET_TRY(check_weight(node, weight));
  std::int64_t outputs = 0;
  if (!checked_mul(weight[1], node.attrs.groups, &outputs)) return shape_error(node, "has too many groups");
  OCTET_TRY(check_convolution(graph, node, weight[0], outputs));
  Attributes& attrs = node.attrs;
  Window& window = attrs.window;
  Dims out = {x[0], outputs, 0, 0};
  // A size that is given becomes pads for good; `same` alone would find another one when it is asked again.
  const bool sized = attrs.output_size[0] > 0 || attrs.output_size[1] > 0;
  for (int axis = 0; axis < 2; ++axis) {
    std::int64_t& extra = attrs.output_padding[axis];
    std::int64_t& wanted = attrs.output_size[axis];
    if (extra < 0 || extra >= kLargestStep || wanted < 0 || wanted > kMaxElements) {
      return shape_error(node, "output padding or output size is out of range");
    }
    const bool same = window.auto_pad == AutoPad::same_upper || window.auto_pad == AutoPad::same_lower;
    if (wanted == 0 && same) wanted = x[2 + axis] * window.stride[axis];
    if (window.auto_pad == AutoPad::valid) set_pads(window, axis, 0);
    const std::int64_t full = (x[2 + axis] - 1) * window.stride[axis] + extent(window, axis) + extra;
    if (wanted > 0) {
      set_pads(window, axis, std::max<std::int64_t>(0, full - wanted));
      extra += std::max<std::int64_t>(0, wanted - full);
      wanted = 0;
    }
    if (extra >= kLargestStep) return shape_error(node, "its output size is far from what its window gives");
    out[2 + axis] = (x[2 + axis] - 1) * window.stride[axis] + extent(window, axis) + extra - window.pads[axis] -
                    window.pads[axis + 2];
    if (out[2 + axis] < 1) return shape_error(node, "nothing is left of its result after padding is taken away");
  }
  if (sized) window.auto_pad = AutoPad::none;
  forget_auto_pad(window);
  OCTET_TRY(check_window(node));
  return set_output(graph, node, 0, std::move(out));
}

Status infer_pool(Graph& graph, Node& node) {
  const Dims x = input_dims(graph, node, 0);
  OCTET_TRY(require_image(node, x));
  OCTET_TRY(check_window(node));
  Window& window = node.attrs.window;
  Dims out = {x[0], x[1], 0, 0};
  const bool automatic = window.auto_pad != AutoPad::none;
  if (automatic) node.attrs.ceil_mode = false;  // the pads of `same` make every window fit, `valid` drops the rest
  for (int axis = 0; axis < 2; ++axis) {
    const std::int64_t size = x[2 + axis];
    const std::int64_t stride = window.stride[axis];
    if (window.auto_pad == AutoPad::valid) set_pads(window, axis, 0);
    if (automatic && window.auto_pad != AutoPad::valid) {
      const std::int64_t wanted = (ceil_div(size, stride) - 1) * stride;
      set_pads(window, axis, std::max<std::int64_t>(0, wanted + extent(window, axis) - size));
    }
    const std::int64_t before = window.pads[axis];
    const std::int64_t room = size + before + window.pads[axis + 2] - extent(window, axis);
    if (before >= extent(window, axis) || window.pads[axis + 2] >= extent(window, axis)) {
      return shape_error(node, "its padding must be smaller than its window");
    }
    if (room < 0 && !(node.attrs.ceil_mode && room > -stride)) {
      return shape_error(node, "its window is larger than the padded input " + shape_text(x));
    }
    std::int64_t& count = out[2 + axis];
    count = (node.attrs.ceil_mode ? ceil_div(room, stride) : room / stride) + 1;
    // A last window that would begin behind the input sees padding alone and is dropped.
    if (node.attrs.ceil_mode && (count - 1) * stride >= size + before) --count;
    // With dilation a window can lie around the input without touching it: its result would be undefined.
    for (std::int64_t start = -before; start < 0 && start < count * stride - before; start += stride) {
      const std::int64_t first = start + ceil_div(-start, window.dilation[axis]) * window.dilation[axis];
      if (first >= size || first >= start + extent(window, axis)) {
        return shape_error(node, "one of its windows sees no pixel of the input");
      }
    }
  }
  forget_auto_pad(window);
  OCTET_TRY(check_window(node));
  return set_output(graph, node, 0, std::move(out));
}

Status infer_resize(Graph& graph, Node& node) {
  const Dims x = input_dims(graph, node, 0);
  OCTET_TRY(require_image(node, x));
  std::vector<float>& scales = node.attrs.scales;
  std::vector<std::int64_t>& sizes = node.attrs.sizes;
  if (scales.size() == 4) {
    if (scales[0] != 1 || scales[1] != 1) return shape_error(node, "only height and width can be resized");
    scales.erase(scales.begin(), scales.begin() + 2);
  }
  if (sizes.size() == 4) {
    if (sizes[0] != x[0] || sizes[1] != x[1]) return shape_error(node, "only height and width can be resized");
    sizes.erase(sizes.begin(), sizes.begin() + 2);
  }
  if (!scales.empty()) {
    if (scales.size() != 2) return shape_error(node, "needs one scale for each dimension of " + shape_text(x));
    sizes.assign(2, 0);
    for (std::size_t axis = 0; axis < 2; ++axis) {
      const float size = std::floor(static_cast<float>(x[2 + axis]) * scales[axis]);
      if (!(scales[axis] > 0) || !(size >= 1) || !(size < static_cast<float>(kMaxElements))) {
        return shape_error(node,
                           "the scale " + std::to_string(scales[axis]) + " of " + shape_text(x) + " is out of range");
      }
      sizes[axis] = static_cast<std::int64_t>(size);
    }
  }
  if (sizes.size() != 2 || sizes[0] < 1 || sizes[1] < 1) {
    return shape_error(node, "needs the size, or the scale, of its result");
  }
  return set_output(graph, node, 0, {x[0], x[1], sizes[0], sizes[1]});
}

}  // namespace octet
