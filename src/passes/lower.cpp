#include "passes/lower.h"

#include <algorithm>

#include "base/text.h"
#include "graph/infer.h"
#include "graph/operands.h"
#include "passes/evaluate.h"

namespace octet {

namespace {

constexpr std::int64_t kMostRepeats = 4096;  // of one dimension, as inputs of one concat

Status needs_constants(const Graph& graph, const Node& node) {
  const Tensor& x = graph.at(node.inputs[0]);
  return fail(Code::unsupported, describe(node) + ": " + name_of(node.op) + " of '" + printable(x.name) + "' (" +
                                     name_of(x.dtype) +
                                     ") is supported only where its inputs are constant for a fixed input size");
}

// Infers and emits a node that takes the place of `node` or a step towards it.
Status emit(Rewriter& rewriter, Node node) {
  OCTET_TRY(infer_node(rewriter.graph(), node));
  rewriter.emit(std::move(node));
  return {};
}

Node step_of(const Node& node, Op op, TensorId input, TensorId output) {
  Node step;
  step.op = op;
  step.name = node.name;
  step.inputs = {input};
  step.outputs = {output};
  return step;
}

TensorId add_intermediate(Graph& graph, const Node& node, const std::string& suffix) {
  const DType dtype = graph.at(node.outputs[0]).dtype;
  return graph.add_tensor(graph.at(node.outputs[0]).name + suffix, dtype, {});
}

Status lower_to_reshape(Rewriter& rewriter, const Node& node) {
  Node reshape = step_of(node, Op::reshape, node.inputs[0], node.outputs[0]);
  const Dims& x = rewriter.graph().at(node.inputs[0]).dims;
  const Dims& out = rewriter.graph().at(node.outputs[0]).dims;
  reshape.attrs.sizes = reshape.attrs.starts = out;
  // What follows the input whatever its sizes are: dimensions before those that change, and a single one behind them.
  std::size_t same = 0;
  while (same < out.size() && same < x.size() && out[same] == x[same]) ++same;
  std::fill_n(reshape.attrs.starts.begin(), same, 0);
  if (same + 1 == out.size()) reshape.attrs.starts.back() = -1;
  return emit(rewriter, std::move(reshape));
}

Status lower_to_expand(Rewriter& rewriter, const Node& node, TensorId value) {
  Graph& graph = rewriter.graph();
  const Dims& out = graph.at(node.outputs[0]).dims;
  if (graph.at(value).dims == out) {
    rewriter.forward(node, value);
    return {};
  }
  Node expand = step_of(node, Op::expand, value, node.outputs[0]);
  expand.attrs.sizes = out;
  return emit(rewriter, std::move(expand));
}

// Dimensions of 1 are expanded; others are put beside themselves, one dimension after another.
Status lower_tile(Rewriter& rewriter, const Node& node) {
  Graph& graph = rewriter.graph();
  const Dims x = graph.at(node.inputs[0]).dims;
  std::vector<std::size_t> repeated;
  bool expandable = true;
  for (std::size_t axis = 0; axis < x.size(); ++axis) {
    if (node.attrs.sizes[axis] == 1) continue;
    repeated.push_back(axis);
    expandable = expandable && x[axis] == 1;
  }
  if (expandable) return lower_to_expand(rewriter, node, node.inputs[0]);
  TensorId value = node.inputs[0];
  for (const std::size_t axis : repeated) {
    const std::int64_t repeats = node.attrs.sizes[axis];
    if (repeats < 1 || repeats > kMostRepeats) {
      return shape_error(node, "repeats a dimension " + std::to_string(repeats) + " times; 1 to " +
                                   std::to_string(kMostRepeats) + " are supported");
    }
    const bool last = axis == repeated.back();
    const TensorId out = last ? node.outputs[0] : add_intermediate(graph, node, "/axis" + std::to_string(axis));
    Node concat = step_of(node, Op::concat, value, out);
    concat.inputs.assign(static_cast<std::size_t>(repeats), value);
    concat.attrs.axis = static_cast<std::int64_t>(axis);
    OCTET_TRY(emit(rewriter, std::move(concat)));
    value = out;
  }
  return {};
}

// Negative pads cut off: first a slice, then a pad by what is positive.
Status lower_pad(Rewriter& rewriter, Node& node) {
  Graph& graph = rewriter.graph();
  std::vector<std::int64_t>& pads = node.attrs.sizes;
  const bool crops = std::any_of(pads.begin(), pads.end(), [](std::int64_t pad) { return pad < 0; });
  if (!crops) {
    rewriter.emit(node);
    return {};
  }
  const Dims x = graph.at(node.inputs[0]).dims;
  const bool grows = std::any_of(pads.begin(), pads.end(), [](std::int64_t pad) { return pad > 0; });
  Node slice =
      step_of(node, Op::slice, node.inputs[0], grows ? add_intermediate(graph, node, "/cropped") : node.outputs[0]);
  for (std::size_t axis = 0; axis < x.size(); ++axis) {
    std::int64_t& before = pads[axis];
    std::int64_t& after = pads[axis + x.size()];
    if (before >= 0 && after >= 0) continue;
    slice.attrs.axes.push_back(static_cast<std::int64_t>(axis));
    slice.attrs.starts.push_back(std::max<std::int64_t>(0, -before));
    slice.attrs.sizes.push_back(x[axis] + std::min<std::int64_t>(0, after));
    before = std::max<std::int64_t>(0, before);
    after = std::max<std::int64_t>(0, after);
  }
  const TensorId cropped = slice.outputs[0];
  OCTET_TRY(emit(rewriter, std::move(slice)));
  if (!grows) return {};
  node.inputs[0] = cropped;
  return emit(rewriter, std::move(node));
}

Status lower_gather(Rewriter& rewriter, Node& node) {
  Graph& graph = rewriter.graph();
  OCTET_ASSIGN(auto indices, read_integers(graph, node, node.inputs[1], "index"));
  const std::int64_t dim = input_dims(graph, node, 0)[static_cast<std::size_t>(node.attrs.axis)];
  for (std::int64_t& index : indices) {
    if (index < -dim || index >= dim) {
      return shape_error(node, "index " + std::to_string(index) + " is outside a dimension of " + std::to_string(dim));
    }
    if (index < 0) index += dim;
  }
  const Tensor given = graph.at(node.inputs[1]);
  node.inputs[1] = graph.add_constant(given.name, DType::i64, given.dims, indices);
  rewriter.emit(std::move(node));
  return {};
}

// A condition that is the same everywhere chooses one of both values.
Status lower_where(Rewriter& rewriter, const Node& node) {
  const Graph& graph = rewriter.graph();
  if (!graph.is_constant(node.inputs[0])) return needs_constants(graph, node);
  const Values condition = load_values(graph.at(node.inputs[0]));
  const auto count = std::count_if(condition.integers.begin(), condition.integers.end(),
                                   [](std::int64_t value) { return value != 0; });
  const bool all = count == static_cast<std::ptrdiff_t>(condition.integers.size());
  if (condition.integers.empty() || (count != 0 && !all)) return needs_constants(graph, node);
  return lower_to_expand(rewriter, node, node.inputs[all ? 1 : 2]);
}

// One window over the whole image is a mean, of which int8 has more forms.
bool covers_image(const Graph& graph, const Node& node) {
  const Dims& x = input_dims(graph, node, 0);
  const Window& w = node.attrs.window;
  return w.kernel[0] == x[2] && w.kernel[1] == x[3] && w.dilation == std::array<std::int64_t, 2>{1, 1} &&
         w.pads == std::array<std::int64_t, 4>{0, 0, 0, 0};
}

Status lower_average_pool(Rewriter& rewriter, Node& node) {
  if (covers_image(rewriter.graph(), node)) {
    Node mean = step_of(node, Op::reduce, node.inputs[0], node.outputs[0]);
    mean.attrs.reduce = ReduceKind::mean;
    mean.attrs.axes = {2, 3};
    return emit(rewriter, std::move(mean));
  }
  rewriter.emit(std::move(node));
  return {};
}

}  // namespace

Status lower(Rewriter& rewriter, Node& node) {
  Graph& graph = rewriter.graph();
  const DType x = graph.at(node.inputs[0]).dtype;
  const bool runs = x == DType::f32 || x == DType::i8;
  switch (node.op) {
    case Op::identity:
      rewriter.forward(node, node.inputs[0]);
      return {};
    case Op::cast:
      if (x != node.attrs.to) return needs_constants(graph, node);
      rewriter.forward(node, node.inputs[0]);
      return {};
    case Op::squeeze:
    case Op::unsqueeze:
    case Op::flatten:
      if (runs) return lower_to_reshape(rewriter, node);
      break;
    case Op::expand:
      if (runs) return lower_to_expand(rewriter, node, node.inputs[0]);
      break;
    case Op::tile:
      if (runs) return lower_tile(rewriter, node);
      break;
    case Op::pad:
      if (runs) return lower_pad(rewriter, node);
      break;
    case Op::gather:
      if (runs) return lower_gather(rewriter, node);
      break;
    case Op::average_pool:
      if (runs) return lower_average_pool(rewriter, node);
      break;
    case Op::where:
      return lower_where(rewriter, node);
    default:
      if (!runs || !is_executable(node.op)) break;
      rewriter.emit(std::move(node));
      return {};
  }
  return needs_constants(graph, node);
}

}  // namespace octet
