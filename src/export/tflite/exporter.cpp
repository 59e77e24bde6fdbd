#include "base/text.h"
#include "export/export.h"
#include "export/open_shapes.h"
#include "export/tflite/operators.h"
#include "graph/open_sizes.h"
#include "graph/operands.h"

namespace octet {
namespace to_tflite {

Status emit_node(Emitter& e, const Node& node) {
  switch (node.op) {
    case Op::conv:
      return emit_conv(e, node);
    case Op::conv_transpose:
      return emit_conv_transpose(e, node);
    case Op::gemm:
      return emit_gemm(e, node);
    case Op::mat_mul:
      return emit_mat_mul(e, node);
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
    case Op::quantize:
    case Op::requantize:
    case Op::dequantize: {
      const Order order = e.order_of(node.inputs[0]);
      const FileTensor x = e.read(node.inputs[0], order);
      const bool dequantizes = node.op == Op::dequantize;
      e.op(dequantizes ? fb::BuiltinOperator::DEQUANTIZE : fb::BuiltinOperator::QUANTIZE, node.op != Op::quantize, {x},
           {e.write(node.outputs[0], order)});
      return {};
    }
    default:
      if (is_move(node.op)) return emit_move(e, node);
      return unsupported(node, "is no operator of a finished network");
  }
}

}  // namespace to_tflite

namespace {

Status emit_network(to_tflite::Emitter& emitter, const Graph& graph) {
  std::vector<std::string> problems;
  for (const Node& node : graph.nodes) {
    const Status status = to_tflite::emit_node(emitter, node);
    if (status.ok()) continue;
    problems.push_back(status.message());
    // Its results stand for nothing, so that the rest can be looked at.
    for (const TensorId id : node.outputs) emitter.write(id);
  }
  if (!problems.empty()) return fail(Code::unsupported, ".tflite cannot carry: " + whole_list_text(problems));
  emitter.add_outputs();
  return {};
}

// The shapes of the file's own tensors at other sizes are known once it has been written for these. What then is the
// same for both serves all sizes.
Result<std::string> write_open(const Graph& graph) {
  const auto larger = enlarged_graph(graph);
  if (!larger.ok()) return cannot_stay_open(graph, ".tflite", larger.status().message());
  to_tflite::Emitter shapes(*larger, {&graph, nullptr});
  OCTET_TRY(emit_network(shapes, *larger));
  to_tflite::Emitter emitter(graph, {&*larger, &shapes.file()});
  OCTET_TRY(emit_network(emitter, graph));
  to_tflite::Emitter check(*larger, {&graph, &emitter.file()});
  OCTET_TRY(emit_network(check, *larger));
  const std::vector<std::string> differences = emitter.file().differences(check.file());
  if (differences.empty()) return emitter.finish();
  return cannot_stay_open(graph, ".tflite", "written for one size would be " + whole_list_text(differences));
}

Result<std::string> write_tflite(const Graph& graph) {
  if (has_open_sizes(graph)) return write_open(graph);
  to_tflite::Emitter emitter(graph, {});
  OCTET_TRY(emit_network(emitter, graph));
  return emitter.finish();
}

}  // namespace

const Exporter kTfliteExporter{"tflite", ".tflite", write_tflite};

}  // namespace octet
