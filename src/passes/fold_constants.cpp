#include <algorithm>
#include <iterator>

#include "base/text.h"
#include "passes/evaluate.h"
#include "passes/lower.h"
#include "passes/passes.h"
#include "passes/resolve_operands.h"
#include "passes/rewrite.h"

namespace octet {

namespace {

// What all evaluations of one network may produce together, beyond some copies of its own constants: shapes and small
// tables are far below it, a file that wants to fill the memory is not.
constexpr std::size_t kBudget = std::size_t{256} << 20;  // bytes
constexpr std::size_t kCopies = 4;

Status check_inputs(const Graph& graph) {
  for (const TensorId id : graph.inputs) {
    const Tensor& tensor = graph.at(id);
    const bool known = std::all_of(tensor.dims.begin(), tensor.dims.end(), [](std::int64_t dim) { return dim > 0; });
    if (known && element_count(tensor.dims) > 0) continue;
    return fail(Code::shape,
                "input '" + printable(tensor.name) + "' has the shape " + shape_text(tensor.dims) +
                    ", of which the file leaves sizes open: give its shape when the model is loaded (--shape)");
  }
  return {};
}

bool is_constant_node(const Graph& graph, const Node& node) {
  if (!can_evaluate(node.op)) return false;
  if (node.op == Op::shape) return true;
  return std::all_of(node.inputs.begin(), node.inputs.end(),
                     [&](TensorId id) { return id == kNoTensor || graph.is_constant(id); });
}

// What Dropout makes beside its result is made no more.
Status check_dropped_outputs(const Rewriter& rewriter, const Node& node) {
  if (node.op != Op::identity || node.outputs.size() < 2 || !rewriter.used(node.outputs[1])) return {};
  return fail(Code::unsupported, describe(node) + ": its second output is used, which only training needs");
}

// A constant cannot be an output of a network that runs: a reshape brings it there.
void keep_constant_outputs(Graph& graph) {
  std::vector<TensorId> replaced(graph.tensors.size(), kNoTensor);
  std::vector<Node> added;
  for (const TensorId id : graph.outputs) {
    if (!graph.at(id).constant) continue;
    const Tensor constant = graph.at(id);
    Node node;
    node.op = Op::reshape;
    node.name = constant.name;
    node.inputs = {graph.add_constant(constant.name + "/constant", constant.dtype, constant.dims, constant.data)};
    node.outputs = {id};
    node.attrs.sizes = constant.dims;
    graph.at(id).constant = false;
    graph.at(id).data = {};
    replaced[static_cast<std::size_t>(id)] = node.inputs[0];
    added.push_back(std::move(node));
  }
  for (Node& node : graph.nodes) {
    for (TensorId& id : node.inputs) {
      if (id != kNoTensor && replaced[static_cast<std::size_t>(id)] != kNoTensor) {
        id = replaced[static_cast<std::size_t>(id)];
      }
    }
  }
  graph.nodes.insert(graph.nodes.end(), std::make_move_iterator(added.begin()), std::make_move_iterator(added.end()));
}

// The shape that a reshape was given, for inputs of other sizes (rebind): where it leaves nothing open, leading
// dimensions that are those of the input follow it.
void keep_pattern(const Graph& graph, Node& node) {
  if (node.op != Op::reshape) return;
  const Dims& x = graph.at(node.inputs[0]).dims;
  std::vector<std::int64_t> pattern = node.attrs.sizes;
  if (node.attrs.allow_zero && std::find(pattern.begin(), pattern.end(), 0) != pattern.end()) return;
  node.attrs.allow_zero = false;  // there is no zero that it could mean
  const bool open = std::find(pattern.begin(), pattern.end(), -1) != pattern.end();
  for (std::size_t i = 0; !open && i < pattern.size() && i < x.size(); ++i) {
    if (pattern[i] != x[i] && pattern[i] != 0) break;
    pattern[i] = 0;
  }
  node.attrs.starts = std::move(pattern);
}

// A size that was computed from others (that of the tensor to add to, say) follows them: it becomes a scale.
void size_to_scale(const Graph& graph, Node& node) {
  const Dims& x = graph.at(node.inputs[0]).dims;
  const Dims& out = graph.at(node.outputs[0]).dims;
  if (!node.attrs.scales.empty() || out[2] % x[2] != 0 || out[3] % x[3] != 0) return;
  node.attrs.scales = {static_cast<float>(out[2] / x[2]), static_cast<float>(out[3] / x[3])};
}

// `given`: tensors that were constant in the file.
Status fold_node(Rewriter& rewriter, Node& node, const std::vector<bool>& given, std::size_t* budget) {
  Graph& graph = rewriter.graph();
  const TensorId size = node.op == Op::resize ? node.input(3) : kNoTensor;
  const bool computed_size = size != kNoTensor && !given[static_cast<std::size_t>(size)];
  OCTET_TRY(check_dropped_outputs(rewriter, node));
  OCTET_TRY(resolve_operands(graph, node));
  keep_pattern(graph, node);
  const bool constant = is_constant_node(graph, node);
  if (node.op != Op::range) OCTET_TRY(infer_node(graph, node));
  if (computed_size) size_to_scale(graph, node);
  return constant ? evaluate(graph, node, budget) : lower(rewriter, node);
}

}  // namespace

Status fold_constants(Graph& graph) {
  OCTET_TRY(validate_structure(graph));
  OCTET_TRY(check_inputs(graph));
  std::size_t budget = kBudget;
  for (const Tensor& tensor : graph.tensors) budget += kCopies * tensor.data.size();

  std::vector<bool> given;
  for (const Tensor& tensor : graph.tensors) given.push_back(tensor.constant);
  OCTET_TRY(rewrite(graph, [&](Rewriter& rewriter, Node& node) { return fold_node(rewriter, node, given, &budget); }));
  keep_constant_outputs(graph);
  return {};
}

}  // namespace octet
