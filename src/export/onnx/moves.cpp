// Operators that move values.
#include "export/onnx/operators.h"
#include "export/open_shapes.h"

namespace octet::to_onnx {
namespace {

Status emit_concat(Emitter& e, const Node& node) {
  std::vector<std::string> inputs;
  for (const TensorId id : node.inputs) inputs.push_back(e.read(id));
  e.node("Concat", node.name, std::move(inputs), {e.write(node.outputs[0])}, {{"axis", node.attrs.axis}});
  e.written(node.outputs[0]);
  return {};
}

Status emit_split(Emitter& e, const Node& node) {
  std::vector<std::string> inputs = {e.read(node.inputs[0])};
  std::vector<Attribute> attributes = {{"axis", node.attrs.axis}};
  if (!e.is_open(node.inputs[0], static_cast<std::size_t>(node.attrs.axis))) {
    inputs.push_back(e.ints(node.name + "/sizes", node.attrs.sizes));
  } else if (e.opset() >= 18) {  // before, equal parts need no number
    attributes.push_back({"num_outputs", static_cast<std::int64_t>(node.outputs.size())});
  }
  std::vector<std::string> outputs;
  for (const TensorId id : node.outputs) outputs.push_back(e.write(id));
  e.node("Split", node.name, inputs, std::move(outputs), std::move(attributes));
  for (const TensorId id : node.outputs) e.written(id);
  return {};
}

Status emit_slice(Emitter& e, const Node& node) {
  const Attributes& attrs = node.attrs;
  const TensorId x = node.inputs[0];
  const SliceLists lists = open_slice(attrs, e.graph().at(x).dims, e.other().at(x).dims);
  return emit_single(e, node, "Slice",
                     {e.ints(node.name + "/starts", lists.starts), e.ints(node.name + "/ends", lists.ends),
                      e.ints(node.name + "/axes", attrs.axes), e.ints(node.name + "/steps", attrs.steps)});
}

Status emit_reshape(Emitter& e, const Node& node) {
  const TensorId x = node.inputs[0], y = node.outputs[0];
  const auto list =
      open_reshape(e.graph().at(x).dims, e.other().at(x).dims, e.graph().at(y).dims, e.other().at(y).dims, true);
  if (!list) return fail(Code::unsupported, describe(node) + ": more than one size of its result is computed");
  return emit_single(e, node, "Reshape", {e.ints(node.name + "/shape", *list)});
}

// A size of 1 leaves the input's as it is.
Status emit_expand(Emitter& e, const Node& node) {
  const TensorId x = node.inputs[0], y = node.outputs[0];
  const Dims &in = e.graph().at(x).dims, &in_other = e.other().at(x).dims;
  Dims list = e.graph().at(y).dims;
  const std::size_t added = list.size() - in.size();
  for (std::size_t i = 0; i < in.size(); ++i) {
    if (in[i] != in_other[i] && in[i] == list[i + added]) list[i + added] = 1;
  }
  return emit_single(e, node, "Expand", {e.ints(node.name + "/shape", list)});
}

Status emit_pad(Emitter& e, const Node& node) {
  static constexpr std::string_view kModes[] = {"constant", "reflect", "edge"};
  std::vector<std::string> operands = {e.ints(node.name + "/pads", node.attrs.sizes)};
  if (node.attrs.pad == PadKind::constant) operands.push_back(e.scalar(node.name + "/value", node.attrs.alpha));
  return emit_single(e, node, "Pad", std::move(operands), {{"mode", kModes[static_cast<std::size_t>(node.attrs.pad)]}});
}

}  // namespace

Status emit_move(Emitter& e, const Node& node) {
  switch (node.op) {
    case Op::concat:
      return emit_concat(e, node);
    case Op::split:
      return emit_split(e, node);
    case Op::slice:
      return emit_slice(e, node);
    case Op::pad:
      return emit_pad(e, node);
    case Op::reshape:
      return emit_reshape(e, node);
    case Op::expand:
      return emit_expand(e, node);
    case Op::transpose:
      return emit_single(e, node, "Transpose", {}, {{"perm", node.attrs.axes}});
    case Op::gather:
      return emit_single(e, node, "Gather", {e.read(node.inputs[1])}, {{"axis", node.attrs.axis}});
    case Op::depth_to_space:
      return emit_single(e, node, "DepthToSpace", {},
                         {{"blocksize", node.attrs.block}, {"mode", std::string_view(node.attrs.crd ? "CRD" : "DCR")}});
    case Op::space_to_depth:
      return emit_single(e, node, "SpaceToDepth", {}, {{"blocksize", node.attrs.block}});
    default:
      return fail(Code::internal, describe(node) + " moves no values");
  }
}

}  // namespace octet::to_onnx
