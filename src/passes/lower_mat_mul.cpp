#include <algorithm>

#include "passes/passes.h"
#include "passes/rewrite.h"

namespace octet {

namespace {

// [K, N] to [N, K].
std::vector<float> transposed(std::span<const float> values, std::size_t rows, std::size_t columns) {
  std::vector<float> out(values.size());
  for (std::size_t row = 0; row < rows; ++row) {
    for (std::size_t column = 0; column < columns; ++column) {
      out[column * rows + row] = values[row * columns + column];
    }
  }
  return out;
}

// A constant matrix, perhaps with dimensions of 1 before it that add none to the result.
bool is_weight(const Graph& graph, const Node& node) {
  const TensorId id = node.inputs[1];
  if (!graph.is_constant(id) || graph.at(id).dtype != DType::f32 || graph.is_constant(node.inputs[0])) return false;
  const Dims& dims = graph.at(id).dims;
  const std::size_t rank = graph.at(node.inputs[0]).dims.size();
  const auto is_one = [](std::int64_t dim) { return dim == 1; };
  return dims.size() >= 2 && (dims.size() == 2 || dims.size() <= rank) &&
         std::all_of(dims.begin(), dims.end() - 2, is_one);
}

void to_gemm(Graph& graph, Node& node) {
  const Tensor weight = graph.at(node.inputs[1]);
  const std::int64_t depth = weight.dims[weight.dims.size() - 2];
  const std::int64_t outputs = weight.dims.back();
  const std::vector<float> values =
      transposed(weight.data.as<float>(), static_cast<std::size_t>(depth), static_cast<std::size_t>(outputs));
  node.op = Op::gemm;
  node.inputs[1] = graph.add_constant(weight.name, DType::f32, {outputs, depth}, values);
  graph.at(node.inputs[1]).scales = weight.scales;
  graph.at(node.inputs[1]).scale_axis = weight.scale_axis + 1 == weight.dims.size() ? 0 : 1;
}

Node step_of(const Node& node, Op op, std::vector<TensorId> inputs, TensorId output) {
  Node step;
  step.op = op;
  step.name = node.name;
  step.inputs = std::move(inputs);
  step.outputs = {output};
  return step;
}

Status emit(Rewriter& rewriter, Node node) {
  OCTET_TRY(infer_node(rewriter.graph(), node));
  rewriter.emit(std::move(node));
  return {};
}

// Weights that another node makes: transpose, mat_mul, add.
Status to_mat_mul(Rewriter& rewriter, const Node& node) {
  Graph& graph = rewriter.graph();
  const std::string name = graph.at(node.outputs[0]).name;
  const TensorId weight = graph.add_tensor(name + "/weight", DType::f32, {});
  Node transpose = step_of(node, Op::transpose, {node.inputs[1]}, weight);
  transpose.attrs.axes = {1, 0};
  OCTET_TRY(emit(rewriter, std::move(transpose)));
  const bool biased = node.input(2) != kNoTensor;
  const bool limited = node.attrs.clamp.active();
  const TensorId product = biased || limited ? graph.add_tensor(name + "/product", DType::f32, {}) : node.outputs[0];
  OCTET_TRY(emit(rewriter, step_of(node, Op::mat_mul, {node.inputs[0], weight}, product)));
  if (biased) {
    Node add = step_of(node, Op::binary, {product, node.inputs[2]}, node.outputs[0]);
    add.attrs.binary = BinaryKind::add;
    add.attrs.clamp = node.attrs.clamp;
    return emit(rewriter, std::move(add));
  }
  if (!limited) return {};
  Node clip = step_of(node, Op::unary, {product}, node.outputs[0]);
  clip.attrs.unary = UnaryKind::clip;
  clip.attrs.alpha = node.attrs.clamp.low;
  clip.attrs.beta = node.attrs.clamp.high;
  return emit(rewriter, std::move(clip));
}

}  // namespace

Status lower_mat_mul(Graph& graph) {
  return rewrite(graph, [&](Rewriter& rewriter, Node& node) -> Status {
    if (node.op == Op::mat_mul && is_weight(graph, node)) to_gemm(graph, node);
    const bool floats = node.op == Op::gemm && graph.at(node.inputs[0]).dtype == DType::f32;
    if (floats && !graph.is_constant(node.inputs[1])) return to_mat_mul(rewriter, node);
    rewriter.emit(std::move(node));
    return {};
  });
}

}  // namespace octet
