#include "passes/resolve_operands.h"

#include <numeric>

#include "base/text.h"
#include "graph/infer.h"
#include "passes/evaluate.h"

namespace octet {

namespace {

// Reads operand `index`, where it is given, into an attribute.
Status read(const Graph& graph, const Node& node, std::size_t index, const char* what, std::vector<std::int64_t>* out) {
  if (node.input(index) == kNoTensor) return {};
  OCTET_ASSIGN(*out, read_integers(graph, node, node.inputs[index], what));
  return {};
}

Status resolve_slice(const Graph& graph, Node& node) {
  OCTET_TRY(read(graph, node, 1, "start", &node.attrs.starts));
  OCTET_TRY(read(graph, node, 2, "end", &node.attrs.sizes));
  OCTET_TRY(read(graph, node, 3, "axis", &node.attrs.axes));
  return read(graph, node, 4, "step", &node.attrs.steps);
}

Status read_pad_value(const Graph& graph, Node& node) {
  if (node.input(2) == kNoTensor) return {};
  const Tensor& value = graph.at(node.inputs[2]);
  if (!value.constant) return fail(Code::unsupported, describe(node) + ": the value that it pads with is not constant");
  const Values values = load_values(value);
  if (values.size() == 0) return {};
  if (values.size() != 1) return shape_error(node, "pads with more than one value");
  node.attrs.alpha = values.real ? static_cast<float>(values.reals[0]) : static_cast<float>(values.integers[0]);
  return {};
}

Status resolve_pad(const Graph& graph, Node& node) {
  OCTET_TRY(read(graph, node, 1, "pads", &node.attrs.sizes));
  OCTET_TRY(read_pad_value(graph, node));
  std::vector<std::int64_t> axes;
  OCTET_TRY(read(graph, node, 3, "axes", &axes));
  if (node.input(3) == kNoTensor) return {};
  const std::size_t rank = input_dims(graph, node, 0).size();
  const std::vector<std::int64_t> given = std::move(node.attrs.sizes);
  if (given.size() != 2 * axes.size()) return shape_error(node, "needs two pads for each of its axes");
  node.attrs.sizes.assign(2 * rank, 0);
  for (std::size_t i = 0; i < axes.size(); ++i) {
    OCTET_TRY(resolve_axis(node, rank, &axes[i]));
    node.attrs.sizes[static_cast<std::size_t>(axes[i])] = given[i];
    node.attrs.sizes[static_cast<std::size_t>(axes[i]) + rank] = given[i + axes.size()];
  }
  return {};
}

Status resolve_resize(const Graph& graph, Node& node) {
  if (node.input(2) != kNoTensor) {
    const Tensor& scales = graph.at(node.inputs[2]);
    if (!scales.constant || scales.dtype != DType::f32) {
      return fail(Code::unsupported,
                  describe(node) + ": its scales '" + printable(scales.name) + "' must be float32 and constant");
    }
    const auto values = scales.data.as<float>();
    if (!values.empty()) node.attrs.scales.assign(values.begin(), values.end());
  }
  return read(graph, node, 3, "size", &node.attrs.sizes);
}

}  // namespace

Status resolve_operands(const Graph& graph, Node& node) {
  std::size_t kept = 1;
  switch (node.op) {
    case Op::reduce:
    case Op::squeeze:
    case Op::unsqueeze:
      OCTET_TRY(read(graph, node, 1, "axes", &node.attrs.axes));
      break;
    case Op::split:
      OCTET_TRY(read(graph, node, 1, "sizes", &node.attrs.sizes));
      break;
    case Op::slice:
      OCTET_TRY(resolve_slice(graph, node));
      break;
    case Op::pad:
      OCTET_TRY(resolve_pad(graph, node));
      break;
    case Op::reshape:
    case Op::expand:
      OCTET_TRY(read(graph, node, 1, "shape", &node.attrs.sizes));
      break;
    case Op::resize:
      OCTET_TRY(resolve_resize(graph, node));
      break;
    case Op::tile:
      OCTET_TRY(read(graph, node, 1, "repeats", &node.attrs.sizes));
      break;
    case Op::constant_of_shape:
      OCTET_TRY(read(graph, node, 0, "shape", &node.attrs.sizes));
      break;
    case Op::identity:  // Dropout's ratio and mode mean nothing in inference
      break;
    default:
      kept = node.inputs.size();
  }
  node.inputs.resize(kept);
  return {};
}

}  // namespace octet
