// A Graph becomes a .mnn file that MNN's own runtime loads and runs: a float network as MNN's converter writes it, an
// int8 network as its quantizer does. Such a file is a network of float operators whose tensors have scales and whose
// convolutions have int8 weights; MNN's runtime computes in int8 where it has an int8 form of the operator and in float
// between conversions where it has none.
#include <algorithm>
#include <optional>
#include <string_view>
#include <unordered_set>

#include "base/text.h"
#include "export/export.h"
#include "export/mnn/write.h"
#include "export/open_shapes.h"
#include "graph/open_sizes.h"

namespace octet {
namespace {

using namespace mnn;

using Write = Status (*)(Writer&, const Node&);

Write find_write(Op op) {
  switch (op) {
    case Op::conv:
      return write_conv;
    case Op::conv_transpose:
      return write_conv_transpose;
    case Op::gemm:
      return write_gemm;
    case Op::mat_mul:
      return write_mat_mul;
    case Op::max_pool:
    case Op::average_pool:
      return write_pool;
    case Op::reduce:
      return write_reduce;
    case Op::unary:
      return write_unary;
    case Op::prelu:
      return write_prelu;
    case Op::binary:
      return write_binary;
    case Op::concat:
      return write_concat;
    case Op::split:
      return write_split;
    case Op::slice:
      return write_slice;
    case Op::pad:
      return write_pad;
    case Op::reshape:
      return write_reshape;
    case Op::transpose:
      return write_transpose;
    case Op::resize:
      return write_resize;
    case Op::depth_to_space:
      return write_depth_to_space;
    case Op::space_to_depth:
      return write_space_to_depth;
    case Op::softmax:
      return write_softmax;
    case Op::gather:
      return write_gather;
    case Op::expand:
      return write_expand;
    case Op::quantize:
      return write_quantize;
    case Op::dequantize:
      return write_dequantize;
    case Op::requantize:
      return write_requantize;
    default:
      return nullptr;
  }
}

Status write_node(Writer& writer, const Node& node) {
  const Write write = find_write(node.op);
  if (write == nullptr) return fail(Code::unsupported, "this operator");
  return write(writer, node);
}

// Outputs are tensors of their own, one each; what is an input, a constant or another output too gets a copy.
std::vector<std::int32_t> write_outputs(Writer& writer) {
  const Graph& graph = writer.graph();
  std::vector<std::int32_t> outputs;
  std::unordered_set<std::int32_t> taken;
  for (const TensorId id : graph.inputs) taken.insert(writer.read(id));
  for (const TensorId id : graph.outputs) {
    std::int32_t index = writer.read(id);
    if (graph.is_constant(id) || taken.count(index) > 0) {
      index = write_copy(writer, index, id, graph.at(id).name);
    }
    taken.insert(index);
    outputs.push_back(index);
  }
  return outputs;
}

// The bytes that a builder, which grows from the end, has more than `before`.
std::string_view added(Writer& writer, std::size_t before) {
  const auto& builder = writer.builder();
  return {reinterpret_cast<const char*>(builder.GetCurrentBufferPointer()), builder.GetSize() - before};
}

// What is written for one size is what is written for another: each node is, and so the file serves all sizes.
Status check_open(const Graph& graph, const Graph& larger) {
  Writer one(graph, &larger), two(larger, &graph);
  for (const TensorId id : graph.inputs) one.input(id);
  for (const TensorId id : larger.inputs) two.input(id);
  std::vector<std::string> problems;
  for (std::size_t n = 0; n < graph.nodes.size(); ++n) {
    const std::size_t before = one.builder().GetSize(), other_before = two.builder().GetSize();
    OCTET_TRY(write_node(one, graph.nodes[n]));
    OCTET_TRY(write_node(two, larger.nodes[n]));
    if (added(one, before) == added(two, other_before)) continue;
    problems.push_back(describe(graph.nodes[n]) + " would be written for one size");
  }
  return problems.empty() ? Status() : cannot_stay_open(graph, ".mnn", whole_list_text(problems));
}

Status check_inputs(const Graph& graph) {
  for (const TensorId id : graph.inputs) {
    if (!graph.at(id).dims.empty()) continue;
    return fail(Code::unsupported, "a .mnn file cannot carry the input '" + printable(graph.at(id).name) +
                                       "': inputs have 1 dimension at least; give it the shape 1");
  }
  return {};
}

Result<std::string> write(const Graph& graph) {
  OCTET_TRY(check_inputs(graph));
  std::optional<Graph> larger;
  if (has_open_sizes(graph)) {
    auto made = enlarged_graph(graph);
    if (!made.ok()) return cannot_stay_open(graph, ".mnn", made.status().message());
    larger = *std::move(made);
  }
  Writer writer(graph, larger ? &*larger : nullptr);
  for (const TensorId id : graph.inputs) writer.input(id);
  std::vector<std::string> refused;
  for (const Node& node : graph.nodes) {
    const Status status = write_node(writer, node);
    if (status.ok()) continue;
    if (status.code() != Code::unsupported) return status.within(describe(node));
    refused.push_back(describe(node) + ": " + status.message());
    for (const TensorId id : node.outputs) writer.make(id, fb::DataFormat::NCHW);  // for those that read it
  }
  if (!refused.empty()) return fail(Code::unsupported, "a .mnn file cannot carry " + whole_list_text(refused));
  if (larger) OCTET_TRY(check_open(graph, *larger));
  return writer.finish(write_outputs(writer));
}

}  // namespace

const Exporter kMnnExporter{"mnn", ".mnn", write};

}  // namespace octet
