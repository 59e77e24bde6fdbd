#include "graph/rebind.h"

#include <algorithm>
#include <string>

#include "base/text.h"

namespace octet {
namespace {

// Ends that reached the end of a dimension still do.
void follow_slice(Attributes& attrs, const Dims& before, const Dims& after) {
  for (std::size_t i = 0; i < attrs.axes.size(); ++i) {
    const auto axis = static_cast<std::size_t>(attrs.axes[i]);
    if (attrs.steps[i] > 0) {
      if (attrs.sizes[i] == before[axis]) attrs.sizes[i] = after[axis];
    } else {
      if (attrs.starts[i] == before[axis] - 1) attrs.starts[i] = after[axis] - 1;
      if (attrs.sizes[i] == -before[axis] - 1) attrs.sizes[i] = -after[axis] - 1;
    }
  }
}

// Equal parts stay equal.
void follow_split(Attributes& attrs, const Dims& after) {
  const std::int64_t dim = after[static_cast<std::size_t>(attrs.axis)];
  const auto parts = static_cast<std::int64_t>(attrs.sizes.size());
  const bool equal = std::all_of(attrs.sizes.begin(), attrs.sizes.end(),
                                 [&](std::int64_t size) { return size == attrs.sizes.front(); });
  if (equal && dim % parts == 0) attrs.sizes.assign(attrs.sizes.size(), dim / parts);
}

// Dimensions that were not expanded are those of the input.
void follow_expand(Attributes& attrs, const Dims& before, const Dims& after) {
  const std::size_t added = attrs.sizes.size() - before.size();
  for (std::size_t i = 0; i < before.size(); ++i) {
    if (attrs.sizes[i + added] == before[i]) attrs.sizes[i + added] = after[i];
  }
}

void follow(Node& node, const Dims& before, const Dims& after) {
  if (before == after || before.size() != after.size()) return;
  if (node.op == Op::slice) follow_slice(node.attrs, before, after);
  if (node.op == Op::split) follow_split(node.attrs, after);
  if (node.op == Op::expand) follow_expand(node.attrs, before, after);
}

Status check_dims(const Tensor& input, const Dims& dims) {
  const std::string what = "input '" + printable(input.name) + "' ";
  if (dims.size() != input.dims.size()) {
    return fail(Code::shape, what + "has " + std::to_string(input.dims.size()) + " dimensions, and " +
                                 std::to_string(dims.size()) + " are given");
  }
  const bool positive = std::all_of(dims.begin(), dims.end(), [](std::int64_t dim) { return dim >= 1; });
  if (positive && element_count(dims) > 0) return {};
  return fail(Code::shape, what + "cannot have the shape " + shape_text(dims));
}

std::string shapes_text(const Graph& graph) {
  std::string text;
  for (const TensorId id : graph.inputs) {
    text += (text.empty() ? "" : ", ") + ("'" + printable(graph.at(id).name) + "' ") + shape_text(graph.at(id).dims);
  }
  return "with the input " + text;
}

}  // namespace

Status follow_inputs(Graph& graph, std::span<const Dims> inputs) {
  if (inputs.size() != graph.inputs.size()) {
    return fail(Code::shape, "the network has " + std::to_string(graph.inputs.size()) + " inputs; shapes for " +
                                 std::to_string(inputs.size()) + " are given");
  }
  std::vector<Dims> before(graph.tensors.size());
  for (std::size_t t = 0; t < before.size(); ++t) before[t] = graph.tensors[t].dims;
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    if (inputs[i].empty()) continue;
    OCTET_TRY(check_dims(graph.at(graph.inputs[i]), inputs[i]));
    graph.at(graph.inputs[i]).dims = inputs[i];
  }
  const std::string where = shapes_text(graph);
  for (Node& node : graph.nodes) {
    const TensorId x = node.inputs[0];
    follow(node, before[static_cast<std::size_t>(x)], graph.at(x).dims);
    if (const Status status = infer_node(graph, node); !status.ok()) return status.within(where);
  }
  return {};
}

Status rebind(Graph& graph, std::span<const Dims> inputs) {
  OCTET_TRY(follow_inputs(graph, inputs));
  return validate(graph).within(shapes_text(graph));
}

}  // namespace octet
