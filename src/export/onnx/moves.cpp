// Operators that move values.
#include "export/onnx/operators.h"

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
  const std::vector<std::string> inputs = {e.read(node.inputs[0]), e.ints(node.name + "/sizes", node.attrs.sizes)};
  std::vector<std::string> outputs;
  for (const TensorId id : node.outputs) outputs.push_back(e.write(id));
  e.node("Split", node.name, inputs, std::move(outputs), {{"axis", node.attrs.axis}});
  for (const TensorId id : node.outputs) e.written(id);
  return {};
}

Status emit_slice(Emitter& e, const Node& node) {
  const Attributes& attrs = node.attrs;
  return emit_single(e, node, "Slice",
                     {e.ints(node.name + "/starts", attrs.starts), e.ints(node.name + "/ends", attrs.sizes),
                      e.ints(node.name + "/axes", attrs.axes), e.ints(node.name + "/steps", attrs.steps)});
}

Status emit_pad(Emitter& e, const Node& node) {
  static constexpr std::string_view kModes[] = {"constant", "reflect", "edge"};
  std::vector<std::string> operands = {e.ints(node.name + "/pads", node.attrs.sizes)};
  if (node.attrs.pad == PadKind::constant) operands.push_back(e.scalar(node.name + "/value", node.attrs.alpha));
  return emit_single(e, node, "Pad", std::move(operands), {{"mode", kModes[static_cast<std::size_t>(node.attrs.pad)]}});
}

}  // namespace

Status emit_move(Emitter& e, const Node& node) {
  const Dims& out = e.graph().at(node.outputs[0]).dims;
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
      return emit_single(e, node, "Reshape", {e.ints(node.name + "/shape", out)});
    case Op::expand:
      return emit_single(e, node, "Expand", {e.ints(node.name + "/shape", out)});
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
