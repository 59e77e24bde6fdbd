#include <algorithm>
#include <optional>

#include "base/text.h"
#include "export/export.h"
#include "export/onnx/operators.h"
#include "export/open_shapes.h"
#include "graph/open_sizes.h"
#include "graph/operands.h"

namespace octet {
namespace to_onnx {

int opset_for(const Graph& graph, const Graph& other) {
  int opset = 13;
  for (const Node& node : graph.nodes) {
    if (node.op == Op::unary && node.attrs.unary == UnaryKind::hard_swish) opset = std::max(opset, 14);
    if (node.op == Op::average_pool && node.attrs.window.dilation != std::array<std::int64_t, 2>{1, 1}) opset = 19;
    const TensorId x = node.inputs[0];
    const bool sized = node.op == Op::resize && node.attrs.scales.size() != 2;
    if (sized && graph.at(x).dims != other.at(x).dims) opset = std::max(opset, 18);
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

// What of `emitted` came behind its first `start` bytes.
std::string_view added(std::string_view emitted, std::size_t start) { return emitted.substr(start); }

// What is written for one size is what is written for another: each node is, and so the file serves all sizes.
Status check_open(const Graph& graph, const Graph& larger, int opset) {
  to_onnx::Emitter one(graph, &larger, opset);
  to_onnx::Emitter two(larger, &graph, opset);
  std::vector<std::string> problems;
  for (std::size_t n = 0; n < graph.nodes.size(); ++n) {
    const std::size_t nodes = one.model().nodes().size(), other_nodes = two.model().nodes().size();
    const std::size_t values = one.model().initializers().size(), other_values = two.model().initializers().size();
    OCTET_TRY(to_onnx::emit_node(one, graph.nodes[n]));
    OCTET_TRY(to_onnx::emit_node(two, larger.nodes[n]));
    if (added(one.model().nodes(), nodes) != added(two.model().nodes(), other_nodes) ||
        added(one.model().initializers(), values) != added(two.model().initializers(), other_values)) {
      problems.push_back(describe(graph.nodes[n]) + " would be written for one size");
    }
  }
  return problems.empty() ? Status() : cannot_stay_open(graph, ".onnx", whole_list_text(problems));
}

Result<std::string> write_onnx(const Graph& graph) {
  std::optional<Graph> larger;
  if (has_open_sizes(graph)) {
    auto made = enlarged_graph(graph);
    if (!made.ok()) return cannot_stay_open(graph, ".onnx", made.status().message());
    larger = *std::move(made);
  }
  const int opset = to_onnx::opset_for(graph, larger ? *larger : graph);
  to_onnx::Emitter emitter(graph, larger ? &*larger : nullptr, opset);
  std::vector<std::string> problems;
  for (const Node& node : graph.nodes) {
    if (const Status status = to_onnx::emit_node(emitter, node); !status.ok()) problems.push_back(status.message());
  }
  if (!problems.empty()) return fail(Code::unsupported, ".onnx cannot carry: " + whole_list_text(problems));
  if (larger) OCTET_TRY(check_open(graph, *larger, opset));
  return emitter.finish();
}

}  // namespace

const Exporter kOnnxExporter{"onnx", ".onnx", write_onnx};

}  // namespace octet
