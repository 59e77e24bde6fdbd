// Windows, reductions and resizing.
#include <algorithm>

#include "export/onnx/operators.h"

namespace octet::to_onnx {
namespace {

std::vector<std::int64_t> list(const std::array<std::int64_t, 2>& values) { return {values.begin(), values.end()}; }

// With ceil_mode a last window may reach beyond the padded input. The same windows without it: pads at the end that
// make room for just as many.
std::vector<std::int64_t> pads_for_all_windows(const Node& node, const Dims& in, const Dims& out) {
  const Window& w = node.attrs.window;
  std::vector<std::int64_t> pads(w.pads.begin(), w.pads.end());
  for (std::size_t axis = 0; axis < 2; ++axis) {
    const std::int64_t extent = (w.kernel[axis] - 1) * w.dilation[axis] + 1;
    const std::int64_t needed = (out[2 + axis] - 1) * w.stride[axis] + extent - in[2 + axis] - pads[axis];
    pads[axis + 2] = std::max<std::int64_t>(0, needed);
  }
  return pads;
}

const char* reduce_operator(ReduceKind kind) {
  static constexpr const char* kOperators[] = {"ReduceMean",   "ReduceSum",      "ReduceMax", "ReduceMin",
                                               "ReduceProd",   "ReduceL1",       "ReduceL2",  "ReduceSumSquare",
                                               "ReduceLogSum", "ReduceLogSumExp"};
  return kOperators[static_cast<std::size_t>(kind)];
}

bool has_open_image(const Emitter& e, const Node& node) {
  return e.is_open(node.inputs[0], 2) || e.is_open(node.inputs[0], 3);
}

}  // namespace

Attribute pads_of(const Emitter& e, const Node& node) {
  const Window& w = node.attrs.window;
  if (has_open_image(e, node)) {
    if (w.auto_pad == AutoPad::same_upper) return {"auto_pad", std::string_view("SAME_UPPER")};
    if (w.auto_pad == AutoPad::same_lower) return {"auto_pad", std::string_view("SAME_LOWER")};
  }
  return {"pads", std::vector<std::int64_t>(w.pads.begin(), w.pads.end())};
}

Status emit_pool(Emitter& e, const Node& node) {
  const Attributes& attrs = node.attrs;
  const bool average = node.op == Op::average_pool;
  // Windows that only padding completes count it as an average with count_include_pad does, so these keep ceil_mode.
  // So do those of images of open sizes, whose last windows differ.
  const bool keep_ceil = attrs.ceil_mode && ((average && attrs.count_include_pad) || has_open_image(e, node));
  Attribute pads = pads_of(e, node);
  if (attrs.ceil_mode && !keep_ceil) {
    pads.name = "pads";
    pads.value = pads_for_all_windows(node, e.graph().at(node.inputs[0]).dims, e.graph().at(node.outputs[0]).dims);
  }
  std::vector<Attribute> attributes = {
      {"kernel_shape", list(attrs.window.kernel)}, {"strides", list(attrs.window.stride)}, std::move(pads)};
  if (attrs.window.dilation != std::array<std::int64_t, 2>{1, 1}) {
    attributes.push_back({"dilations", list(attrs.window.dilation)});
  }
  if (keep_ceil) attributes.push_back({"ceil_mode", std::int64_t{1}});
  if (average) attributes.push_back({"count_include_pad", std::int64_t{attrs.count_include_pad ? 1 : 0}});
  return emit_single(e, node, average ? "AveragePool" : "MaxPool", {}, std::move(attributes));
}

Status emit_reduce(Emitter& e, const Node& node) {
  const Attributes& attrs = node.attrs;
  const bool image =
      e.graph().at(node.inputs[0]).dims.size() == 4 && attrs.keep_dims && attrs.axes == std::vector<std::int64_t>{2, 3};
  if (image && attrs.reduce == ReduceKind::mean) return emit_single(e, node, "GlobalAveragePool");
  if (image && attrs.reduce == ReduceKind::max) return emit_single(e, node, "GlobalMaxPool");
  const char* op_type = reduce_operator(attrs.reduce);
  const Attribute keep_dims = {"keepdims", std::int64_t{attrs.keep_dims ? 1 : 0}};
  // Axes are an input since opset 13 for ReduceSum and since 18 for the others.
  if (attrs.reduce == ReduceKind::sum || e.opset() >= 18) {
    return emit_single(e, node, op_type, {e.ints(node.name + "/axes", attrs.axes)}, {keep_dims});
  }
  return emit_single(e, node, op_type, {}, {{"axes", attrs.axes}, keep_dims});
}

Status emit_resize(Emitter& e, const Node& node) {
  static constexpr std::string_view kModes[] = {"nearest", "linear", "cubic"};
  static constexpr std::string_view kCoordinates[] = {"half_pixel", "asymmetric", "align_corners",
                                                      "pytorch_half_pixel"};
  static constexpr std::string_view kNearest[] = {"round_prefer_floor", "round_prefer_ceil", "floor", "ceil"};
  const Attributes& attrs = node.attrs;
  std::vector<std::string> operands = {""};  // no region of interest
  const TensorId x = node.inputs[0];
  const bool by_axes = attrs.scales.size() != 2 && e.graph().at(x).dims != e.other().at(x).dims;
  if (attrs.scales.size() == 2) {
    operands.push_back(e.floats(node.name + "/scales", {1, 1, attrs.scales[0], attrs.scales[1]}));
  } else {
    const Dims& out = e.graph().at(node.outputs[0]).dims;
    operands.emplace_back();
    operands.push_back(e.ints(node.name + "/sizes", by_axes ? Dims{out[2], out[3]} : out));
  }
  std::vector<Attribute> attributes = {
      {"mode", kModes[static_cast<std::size_t>(attrs.resize)]},
      {"coordinate_transformation_mode", kCoordinates[static_cast<std::size_t>(attrs.coordinate)]}};
  if (attrs.resize == ResizeKind::nearest) {
    attributes.push_back({"nearest_mode", kNearest[static_cast<std::size_t>(attrs.nearest)]});
  }
  if (by_axes) attributes.push_back({"axes", std::vector<std::int64_t>{2, 3}});
  if (attrs.resize == ResizeKind::cubic) attributes.push_back({"cubic_coeff_a", attrs.cubic_a});
  return emit_single(e, node, "Resize", std::move(operands), std::move(attributes));
}

}  // namespace octet::to_onnx
