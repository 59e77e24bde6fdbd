#include <algorithm>

#include "base/text.h"
#include "export/export.h"
#include "export/onnx/operators.h"
#include "graph/operands.h"

namespace octet {
namespace to_onnx {

int opset_for(const Graph& graph) {
  int opset = 13;
  for (const Node& node : graph.nodes) {
    if (node.op == Op::unary && node.attrs.unary == UnaryKind::hard_swish) opset = std::max(opset, 14);
    if (node.op == Op::average_pool && node.attrs.window.dilation != std::array<std::int64_t, 2>{1, 1}) opset = 19;
  }
  return opset;
}

Status emit_single(Emitter& e, const Node& node, std::string_view op_type, std::vector<std::string> operands,
                   std::vector<Attribute> attributes) {
  operands.insert(operands.begin(), e.read(node.inputs[0]));
  e.node(op_type, node.name, std::move(operands), {e.write(node.outputs[0])}, std::move(attributes));
  e.written(node.outputs[0]);
  return {};
}

namespace {

Status emit_batch_norm(Emitter& e, const Node& node) {
  std::vector<std::string> parameters;
  for (std::size_t i = 1; i < 5; ++i) parameters.push_back(e.read(node.inputs[i]));
  return emit_single(e, node, "BatchNormalization", std::move(parameters), {{"epsilon", node.attrs.alpha}});
}

}  // namespace

Status emit_node(Emitter& e, const Node& node) {
  switch (node.op) {
    case Op::conv:
    case Op::conv_transpose:
    case Op::gemm:
      return emit_linear(e, node);
    case Op::mat_mul:
      return emit_single(e, node, "MatMul", {e.read(node.inputs[1])});
    case Op::max_pool:
    case Op::average_pool:
      return emit_pool(e, node);
    case Op::reduce:
      return emit_reduce(e, node);
    case Op::unary:
      return emit_unary(e, node);
    case Op::prelu:
      return emit_prelu(e, node);
    case Op::binary:
      return emit_binary(e, node);
    case Op::resize:
      return emit_resize(e, node);
    case Op::softmax:
      return emit_softmax(e, node);
    case Op::batch_norm:
      return emit_batch_norm(e, node);
    case Op::quantize:
    case Op::requantize:
      e.quantize(node.outputs[0], e.read(node.inputs[0]));
      return {};
    case Op::dequantize:
      e.dequantize(node.inputs[0], e.write(node.outputs[0]));
      return {};
    default:
      if (is_move(node.op)) return emit_move(e, node);
      return fail(Code::unsupported, describe(node) + ": is no operator of a finished network");
  }
}

}  // namespace to_onnx

namespace {

Result<std::string> write_onnx(const Graph& graph) {
  to_onnx::Emitter emitter(graph, to_onnx::opset_for(graph));
  std::vector<std::string> problems;
  for (const Node& node : graph.nodes) {
    if (const Status status = to_onnx::emit_node(emitter, node); !status.ok()) problems.push_back(status.message());
  }
  if (!problems.empty()) return fail(Code::unsupported, ".onnx cannot carry: " + whole_list_text(problems));
  return emitter.finish();
}

}  // namespace

const Exporter kOnnxExporter{"onnx", ".onnx", write_onnx};

}  // namespace octet
