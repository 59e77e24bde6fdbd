// Operators that pick, repeat and join values.
#include "base/text.h"
#include "import/onnx/operators.h"

namespace octet::onnx {
namespace {

Status convert_concat(NodeContext& node) {
  if (!node.has("axis")) return NodeContext::invalid("its attribute 'axis' is missing");
  for (const TensorId id : node.inputs()) {
    if (id == kNoTensor) return NodeContext::invalid("an input is missing");
  }
  Attributes attrs;
  attrs.axis = node.int_attr("axis", 0);
  return node.result(Op::concat, node.inputs(), attrs);
}

// Sizes: an attribute before opset 13, then an input; equal parts where there are none.
Status convert_split(NodeContext& node) {
  Attributes attrs;
  attrs.axis = node.int_attr("axis", 0);
  if (node.opset() >= 18) {
    const auto parts = node.int_attr("num_outputs", static_cast<std::int64_t>(node.output_count()));
    if (parts != static_cast<std::int64_t>(node.output_count())) {
      return NodeContext::invalid("num_outputs is " + std::to_string(parts) + " where it has " +
                                  std::to_string(node.output_count()) + " outputs");
    }
  }
  if (node.opset() < 13) {
    attrs.sizes = node.ints_attr("split");
    return node.result(Op::split, {node.input(0)}, attrs);
  }
  if (node.input(1) == kNoTensor) return node.result(Op::split, {node.input(0)}, attrs);
  return node.result(Op::split, {node.input(0), node.builder().as_i64(node.input(1))}, attrs);
}

Status convert_slice(NodeContext& node) {
  if (node.opset() >= 10) {
    std::vector<TensorId> inputs = node.inputs();
    if (inputs.size() < 3) return NodeContext::invalid("its inputs 'starts' and 'ends' are missing");
    for (std::size_t i = 1; i < inputs.size(); ++i) inputs[i] = node.builder().as_i64(inputs[i]);
    return node.result(Op::slice, std::move(inputs));
  }
  if (node.input_count() > 1) return NodeContext::invalid("starts are an attribute in this opset, not an input");
  Attributes attrs;
  attrs.starts = node.ints_attr("starts");
  attrs.sizes = node.ints_attr("ends");
  attrs.axes = node.ints_attr("axes");
  if (attrs.starts.empty() || attrs.starts.size() != attrs.sizes.size() ||
      (!attrs.axes.empty() && attrs.axes.size() != attrs.starts.size())) {
    return NodeContext::invalid("starts, ends and axes differ in number");
  }
  return node.result(Op::slice, {node.input(0)}, attrs);
}

// Pads and value: attributes before opset 11, then inputs; axes since 18.
Status convert_pad(NodeContext& node) {
  Attributes attrs;
  const auto mode = node.string_attr("mode", "constant");
  if (mode == "reflect") {
    attrs.pad = PadKind::reflect;
  } else if (mode == "edge") {
    attrs.pad = PadKind::edge;
  } else if (mode != "constant") {
    return NodeContext::unsupported("mode '" + printable(mode) + "' is not supported");
  }
  if (node.opset() < 11) {
    attrs.sizes = node.ints_attr("pads");
    attrs.alpha = node.float_attr("value", 0);
    if (attrs.sizes.empty()) return NodeContext::invalid("its attribute 'pads' is missing");
    return node.result(Op::pad, {node.input(0)}, attrs);
  }
  std::vector<TensorId> inputs = node.inputs();
  if (inputs.size() < 2 || inputs[1] == kNoTensor) return NodeContext::invalid("its input 'pads' is missing");
  inputs[1] = node.builder().as_i64(inputs[1]);
  if (inputs.size() > 3) inputs[3] = node.builder().as_i64(inputs[3]);
  return node.result(Op::pad, std::move(inputs), attrs);
}

Status convert_gather(NodeContext& node) {
  Attributes attrs;
  attrs.axis = node.int_attr("axis", 0);
  return node.result(Op::gather, {node.input(0), node.builder().as_i64(node.input(1))}, attrs);
}

Status convert_expand(NodeContext& node) {
  return node.result(Op::expand, {node.input(0), node.builder().as_i64(node.input(1))});
}

Status convert_tile(NodeContext& node) {
  return node.result(Op::tile, {node.input(0), node.builder().as_i64(node.input(1))});
}

constexpr Operator kOperators[] = {
    {"Concat", 4, kNewestOpset, 1, kAnyCount, convert_concat},
    {"Expand", 8, kNewestOpset, 2, 2, convert_expand},
    {"Gather", 1, kNewestOpset, 2, 2, convert_gather},
    {"Pad", 2, kNewestOpset, 1, 4, convert_pad},
    {"Slice", 1, kNewestOpset, 1, 5, convert_slice},
    {"Split", 2, kNewestOpset, 1, 2, convert_split},
    {"Tile", 6, kNewestOpset, 2, 2, convert_tile},
};

}  // namespace

std::span<const Operator> indexing_operators() { return kOperators; }

}  // namespace octet::onnx
