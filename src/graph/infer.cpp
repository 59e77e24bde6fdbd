#include "graph/infer.h"

#include <algorithm>
#include <numeric>
#include <utility>

#include "base/text.h"
#include "graph/operands.h"

namespace octet {

Status shape_error(const Node& node, const std::string& message) {
  return fail(Code::shape, describe(node) + ": " + message);
}

Status set_output(Graph& graph, const Node& node, std::size_t index, Dims dims) {
  if (dims.size() > kMaxRank) {
    return shape_error(node, "its result would have " + std::to_string(dims.size()) + " dimensions; at most " +
                                 std::to_string(kMaxRank) + " are supported");
  }
  if (element_count(dims) < 0) {
    return shape_error(node, "its result of shape " + shape_text(dims) + " is impossible or too large");
  }
  graph.at(node.outputs[index]).dims = std::move(dims);
  return {};
}

Status resolve_axis(const Node& node, std::size_t rank, std::int64_t* axis) {
  const auto limit = static_cast<std::int64_t>(rank);
  if (*axis < -limit || *axis >= limit) {
    return shape_error(node, "axis " + std::to_string(*axis) + " does not exist in a tensor of " +
                                 std::to_string(rank) + " dimensions");
  }
  if (*axis < 0) *axis += limit;
  return {};
}

Status broadcast(const Node& node, const Dims& a, const Dims& b, Dims* out) {
  Dims dims(std::max(a.size(), b.size()), 1);
  for (std::size_t i = 0; i < dims.size(); ++i) {  // from the last dimension on
    const std::int64_t dim_a = i < a.size() ? a[a.size() - 1 - i] : 1;
    const std::int64_t dim_b = i < b.size() ? b[b.size() - 1 - i] : 1;
    if (dim_a != dim_b && dim_a != 1 && dim_b != 1) {
      return shape_error(node, "the shapes " + shape_text(a) + " and " + shape_text(b) + " do not broadcast");
    }
    dims[dims.size() - 1 - i] = dim_a == 1 ? dim_b : dim_a;
  }
  *out = std::move(dims);
  return {};
}

namespace {

Status check_inputs_known(const Graph& graph, const Node& node) {
  for (const TensorId id : node.inputs) {
    if (id == kNoTensor) continue;
    const Tensor& tensor = graph.at(id);
    if (tensor.dims.size() > kMaxRank || element_count(tensor.dims) < 0) {
      return shape_error(node, "the shape " + shape_text(tensor.dims) + " of '" + printable(tensor.name) +
                                   "' is not known, or too large; export the network with fixed sizes");
    }
  }
  return {};
}

Status infer_prelu(Graph& graph, Node& node) {
  const Dims& x = input_dims(graph, node, 0);
  const Tensor& slope = graph.at(node.inputs[1]);
  if (slope.dtype == DType::i8) {  // the table of the int8 form
    const Dims expected = {x.size() < 2 ? 0 : x[1], 256};
    if (slope.dims != expected) return shape_error(node, "its table has the shape " + shape_text(slope.dims));
    return set_output(graph, node, 0, x);
  }
  Dims out;
  OCTET_TRY(broadcast(node, x, slope.dims, &out));
  if (out != x) {
    return shape_error(node, "the slope " + shape_text(slope.dims) + " does not broadcast to " + shape_text(x));
  }
  return set_output(graph, node, 0, x);
}

Status infer_broadcast(Graph& graph, Node& node) {
  Dims out = input_dims(graph, node, 0);
  for (std::size_t i = 1; i < node.inputs.size(); ++i) {
    OCTET_TRY(broadcast(node, out, input_dims(graph, node, i), &out));
  }
  return set_output(graph, node, 0, std::move(out));
}

Status infer_softmax(Graph& graph, Node& node) {
  const Dims& x = input_dims(graph, node, 0);
  OCTET_TRY(resolve_axis(node, x.size(), &node.attrs.axis));
  return set_output(graph, node, 0, x);
}

Status infer_batch_norm(Graph& graph, Node& node) {
  const Dims& x = input_dims(graph, node, 0);
  if (x.size() < 2) return shape_error(node, "needs a dimension of channels; its input is " + shape_text(x));
  for (std::size_t i = 1; i < 5; ++i) {
    const Dims& parameter = input_dims(graph, node, i);
    if (parameter != Dims{x[1]}) {
      return shape_error(
          node, "has " + std::to_string(x[1]) + " channels, but a parameter of shape " + shape_text(parameter));
    }
  }
  return set_output(graph, node, 0, x);
}

// [start, end) of a Shape operator, in attributes as ONNX gives them.
Status infer_shape(Graph& graph, Node& node) {
  const auto rank = static_cast<std::int64_t>(input_dims(graph, node, 0).size());
  const auto bound = [&](const std::vector<std::int64_t>& given, std::int64_t otherwise) {
    if (given.empty()) return otherwise;
    return std::clamp(given[0] < 0 ? given[0] + rank : given[0], std::int64_t{0}, rank);
  };
  const std::int64_t start = bound(node.attrs.starts, 0);
  const std::int64_t end = std::max(start, bound(node.attrs.sizes, rank));
  node.attrs.starts = {start};
  node.attrs.sizes = {end};
  return set_output(graph, node, 0, {end - start});
}

Status infer_dims(Graph& graph, Node& node) {
  switch (node.op) {
    case Op::conv:
      return infer_conv(graph, node);
    case Op::conv_transpose:
      return infer_conv_transpose(graph, node);
    case Op::gemm:
      return infer_gemm(graph, node);
    case Op::mat_mul:
      return infer_mat_mul(graph, node);
    case Op::max_pool:
    case Op::average_pool:
      return infer_pool(graph, node);
    case Op::reduce:
      return infer_reduce(graph, node);
    case Op::prelu:
      return infer_prelu(graph, node);
    case Op::binary:
    case Op::compare:
    case Op::where:
      return infer_broadcast(graph, node);
    case Op::concat:
      return infer_concat(graph, node);
    case Op::split:
      return infer_split(graph, node);
    case Op::slice:
      return infer_slice(graph, node);
    case Op::pad:
      return infer_pad(graph, node);
    case Op::reshape:
      return infer_reshape(graph, node);
    case Op::transpose:
      return infer_transpose(graph, node);
    case Op::resize:
      return infer_resize(graph, node);
    case Op::depth_to_space:
      return infer_depth_to_space(graph, node);
    case Op::space_to_depth:
      return infer_space_to_depth(graph, node);
    case Op::softmax:
      return infer_softmax(graph, node);
    case Op::gather:
      return infer_gather(graph, node);
    case Op::expand:
      return infer_expand(graph, node);
    case Op::batch_norm:
      return infer_batch_norm(graph, node);
    case Op::unary:
    case Op::quantize:
    case Op::dequantize:
    case Op::requantize:
    case Op::identity:
    case Op::cast:
      return set_output(graph, node, 0, input_dims(graph, node, 0));
    case Op::shape:
      return infer_shape(graph, node);
    case Op::squeeze:
      return infer_squeeze(graph, node);
    case Op::unsqueeze:
      return infer_unsqueeze(graph, node);
    case Op::flatten:
      return infer_flatten(graph, node);
    case Op::tile:
      return infer_tile(graph, node);
    case Op::constant_of_shape:
      return set_output(graph, node, 0, node.attrs.sizes);
    case Op::range:
      break;
  }
  return shape_error(node, "the shape of its result depends on values that are not constant");
}

DType infer_dtype(const Graph& graph, const Node& node) {
  const DType x = graph.at(node.inputs[0]).dtype;
  switch (node.op) {
    case Op::quantize:
    case Op::requantize:
      return DType::i8;
    case Op::dequantize:
      return DType::f32;
    case Op::softmax:  // of int8: int8 inside the network, float32 at its end; whoever made the graph chose
    case Op::reduce:
      return x == DType::i8 && graph.at(node.outputs[0]).dtype == DType::f32 ? DType::f32 : x;
    case Op::cast:
    case Op::constant_of_shape:
      return node.attrs.to;
    case Op::shape:
      return DType::i64;
    case Op::compare:
      return DType::boolean;
    case Op::where:
      return graph.at(node.inputs[1]).dtype;
    default:
      return x;
  }
}

}  // namespace

Status infer_gemm(Graph& graph, Node& node) {
  const Dims& x = input_dims(graph, node, 0);
  const Dims& weight = input_dims(graph, node, 1);
  if (x.empty() || weight.size() != 2 || x.back() != weight[1]) {
    return shape_error(node, "an input of shape " + shape_text(x) + " does not fit weights of shape " +
                                 shape_text(weight) + " (outputs x inputs)");
  }
  if (node.input(2) != kNoTensor && input_dims(graph, node, 2) != Dims{weight[0]}) {
    return shape_error(node, "has " + std::to_string(weight[0]) + " outputs, but a bias of shape " +
                                 shape_text(input_dims(graph, node, 2)));
  }
  Dims out = x;
  out.back() = weight[0];
  return set_output(graph, node, 0, std::move(out));
}

Status infer_mat_mul(Graph& graph, Node& node) {
  Dims a = input_dims(graph, node, 0);
  Dims b = input_dims(graph, node, 1);
  const Status mismatch =
      shape_error(node, "the shapes " + shape_text(a) + " and " + shape_text(b) + " cannot be multiplied");
  if (a.empty() || b.empty()) return mismatch;
  const bool vector_a = a.size() == 1;  // a row, whose dimension does not appear in the result
  const bool vector_b = b.size() == 1;  // a column
  if (vector_a) a = Dims{1, a[0]};
  if (vector_b) b = Dims{b[0], 1};
  if (a.back() != b[b.size() - 2]) return mismatch;
  const std::int64_t rows = a[a.size() - 2];
  const std::int64_t columns = b.back();
  a.resize(a.size() - 2);
  b.resize(b.size() - 2);
  Dims out;
  OCTET_TRY(broadcast(node, a, b, &out));
  if (!vector_a) out.push_back(rows);
  if (!vector_b) out.push_back(columns);
  return set_output(graph, node, 0, std::move(out));
}

Status infer_reduce(Graph& graph, Node& node) {
  const Dims& x = input_dims(graph, node, 0);
  std::vector<std::int64_t>& axes = node.attrs.axes;
  if (axes.empty()) {
    axes.resize(x.size());
    std::iota(axes.begin(), axes.end(), 0);
  }
  for (std::int64_t& axis : axes) OCTET_TRY(resolve_axis(node, x.size(), &axis));
  std::sort(axes.begin(), axes.end());
  if (std::adjacent_find(axes.begin(), axes.end()) != axes.end()) return shape_error(node, "names an axis twice");
  Dims out;
  for (std::size_t i = 0; i < x.size(); ++i) {
    const bool reduced = std::binary_search(axes.begin(), axes.end(), static_cast<std::int64_t>(i));
    if (!reduced) out.push_back(x[i]);
    if (reduced && node.attrs.keep_dims) out.push_back(1);
  }
  return set_output(graph, node, 0, std::move(out));
}

Status infer_node(Graph& graph, Node& node) {
  OCTET_TRY(check_operand_counts(node));
  OCTET_TRY(check_inputs_known(graph, node));
  OCTET_TRY(infer_dims(graph, node));
  const DType dtype = infer_dtype(graph, node);
  for (const TensorId id : node.outputs) graph.at(id).dtype = dtype;
  return {};
}

Status infer_shapes(Graph& graph) {
  for (Node& node : graph.nodes) OCTET_TRY(infer_node(graph, node));
  return {};
}

}  // namespace octet
