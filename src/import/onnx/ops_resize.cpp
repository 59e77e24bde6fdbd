// Resize and its predecessor Upsample.
#include "base/text.h"
#include "import/onnx/operators.h"

namespace octet::onnx {
namespace {

Status parse_mode(NodeContext& node, Attributes* attrs) {
  const auto mode = node.string_attr("mode", "nearest");
  if (mode == "nearest") {
    attrs->resize = ResizeKind::nearest;
  } else if (mode == "linear" || mode == "bilinear") {
    attrs->resize = ResizeKind::linear;
  } else if (mode == "cubic" && node.opset() >= 11) {
    attrs->resize = ResizeKind::cubic;
  } else {
    return NodeContext::unsupported("mode '" + printable(mode) + "' is not supported");
  }
  return {};
}

// Before opset 11 there was one way to map coordinates.
void set_old_coordinates(Attributes* attrs) {
  attrs->coordinate = CoordinateKind::asymmetric;
  attrs->nearest = NearestKind::floor;
}

Status parse_coordinates(NodeContext& node, Attributes* attrs) {
  const auto mode = node.string_attr("coordinate_transformation_mode", "half_pixel");
  if (mode == "half_pixel") {
    attrs->coordinate = CoordinateKind::half_pixel;
  } else if (mode == "asymmetric") {
    attrs->coordinate = CoordinateKind::asymmetric;
  } else if (mode == "align_corners") {
    attrs->coordinate = CoordinateKind::align_corners;
  } else if (mode == "pytorch_half_pixel") {
    attrs->coordinate = CoordinateKind::pytorch_half_pixel;
  } else {
    return NodeContext::unsupported("coordinate_transformation_mode '" + printable(mode) + "' is not supported");
  }
  const auto nearest = node.string_attr("nearest_mode", "round_prefer_floor");
  if (nearest == "round_prefer_floor") {
    attrs->nearest = NearestKind::round_prefer_floor;
  } else if (nearest == "round_prefer_ceil") {
    attrs->nearest = NearestKind::round_prefer_ceil;
  } else if (nearest == "floor") {
    attrs->nearest = NearestKind::floor;
  } else if (nearest == "ceil") {
    attrs->nearest = NearestKind::ceil;
  } else {
    return NodeContext::invalid("attribute 'nearest_mode' is '" + printable(nearest) + "'");
  }
  return {};
}

// Sizes and scales are given for all four dimensions, or by `axes` for height and width alone.
Status check_axes(const std::vector<std::int64_t>& axes) {
  std::vector<std::int64_t> positive = axes;
  for (auto& axis : positive) axis = axis < 0 ? axis + 4 : axis;
  if (positive.empty() || positive == std::vector<std::int64_t>{2, 3} ||
      positive == std::vector<std::int64_t>{0, 1, 2, 3}) {
    return {};
  }
  return NodeContext::unsupported("only height and width (axes 2, 3) of images can be resized");
}

// The operand, or kNoTensor where it is an empty list, which means the same.
TensorId unless_empty(NodeContext& node, std::size_t i) {
  const Tensor* constant = node.constant(i);
  return constant != nullptr && constant->data.empty() ? kNoTensor : node.input(i);
}

Status convert_resize(NodeContext& node) {
  Attributes attrs;
  OCTET_TRY(parse_mode(node, &attrs));
  if (node.opset() == 10) {
    if (node.input(1) == kNoTensor) return NodeContext::invalid("its input 'scales' is missing");
    set_old_coordinates(&attrs);
    return node.result(Op::resize, {node.input(0), kNoTensor, node.input(1)}, attrs);
  }
  OCTET_TRY(parse_coordinates(node, &attrs));
  attrs.cubic_a = node.float_attr("cubic_coeff_a", -0.75f);
  node.ignore({"extrapolation_value"});  // of the mode tf_crop_and_resize
  if (node.flag_attr("exclude_outside") && attrs.resize == ResizeKind::cubic) {
    return NodeContext::unsupported("exclude_outside = 1 is not supported");
  }
  if (node.flag_attr("antialias") && attrs.resize != ResizeKind::nearest) {
    return NodeContext::unsupported("antialias = 1 is not supported");
  }
  const auto policy = node.string_attr("keep_aspect_ratio_policy", "stretch");
  OCTET_TRY(check_axes(node.ints_attr("axes")));
  const TensorId scales = unless_empty(node, 2);
  const TensorId sizes = unless_empty(node, 3);
  if ((scales == kNoTensor) == (sizes == kNoTensor)) {
    return NodeContext::invalid("it needs either 'scales' or 'sizes'");
  }
  if (policy != "stretch" && sizes != kNoTensor) {
    return NodeContext::unsupported("keep_aspect_ratio_policy '" + printable(policy) + "' is not supported");
  }
  if (sizes == kNoTensor) return node.result(Op::resize, {node.input(0), kNoTensor, scales}, attrs);
  return node.result(Op::resize, {node.input(0), kNoTensor, kNoTensor, node.builder().as_i64(sizes)}, attrs);
}

// Scales are an attribute in opset 7 and 8, an input in 9.
Status convert_upsample(NodeContext& node) {
  Attributes attrs;
  OCTET_TRY(parse_mode(node, &attrs));
  set_old_coordinates(&attrs);
  if (node.opset() >= 9) {
    if (node.input(1) == kNoTensor) return NodeContext::invalid("its input 'scales' is missing");
    return node.result(Op::resize, {node.input(0), kNoTensor, node.input(1)}, attrs);
  }
  attrs.scales = node.floats_attr("scales");
  if (attrs.scales.empty()) return NodeContext::invalid("its attribute 'scales' is missing");
  return node.result(Op::resize, {node.input(0)}, attrs);
}

constexpr Operator kOperators[] = {
    {"Resize", 10, kNewestOpset, 1, 4, convert_resize},
    {"Upsample", 7, 9, 1, 2, convert_upsample},
};

}  // namespace

std::span<const Operator> resize_operators() { return kOperators; }

}  // namespace octet::onnx
