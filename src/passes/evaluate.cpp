#include "passes/evaluate.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "base/checked.h"
#include "base/text.h"
#include "graph/infer.h"

namespace octet {

namespace {

// One evaluation may produce this much, and more where it only moves what the file holds anyway.
constexpr std::size_t kLargestResult = std::size_t{64} << 20;  // bytes

bool moves_values(Op op) {
  switch (op) {
    case Op::concat:
    case Op::split:
    case Op::slice:
    case Op::pad:
    case Op::reshape:
    case Op::transpose:
    case Op::gather:
    case Op::expand:
    case Op::identity:
    case Op::squeeze:
    case Op::unsqueeze:
    case Op::flatten:
    case Op::tile:
      return true;
    default:
      return false;
  }
}

std::size_t bytes_of(const Graph& graph, const std::vector<TensorId>& ids, std::size_t least_per_element) {
  std::size_t sum = 0;
  for (const TensorId id : ids) {
    if (id == kNoTensor) continue;
    const Tensor& tensor = graph.at(id);
    sum += static_cast<std::size_t>(element_count(tensor.dims)) * std::max(size_of(tensor.dtype), least_per_element);
  }
  return sum;
}

// What computes takes 8 bytes for each element while it does, and as much time for a bool as for a float32; what moves
// has a list of 8 bytes for each element of a dimension.
Status check_size(const Graph& graph, const Node& node, std::size_t* budget) {
  const bool moves = moves_values(node.op);
  const std::size_t given = bytes_of(graph, node.inputs, moves ? sizeof(float) : sizeof(double));
  const std::size_t made = bytes_of(graph, node.outputs, moves ? sizeof(float) : sizeof(double));
  const std::size_t spent = bytes_of(graph, node.outputs, moves ? 1 : sizeof(float));
  if (made > std::max(kLargestResult, given) || spent > *budget) {
    return shape_error(
        node, "makes a constant of " + std::to_string(bytes_of(graph, node.outputs, 1)) + " bytes, which is too large");
  }
  *budget -= spent;
  return {};
}

// Start, limit and delta to shape and values at once: the shape cannot be inferred without them.
Status evaluate_range(Graph& graph, const Node& node, std::size_t* budget) {
  Tensor& out = graph.at(node.outputs[0]);
  out.dtype = graph.at(node.inputs[0]).dtype;
  Values parts[3];
  for (std::size_t i = 0; i < 3; ++i) {
    const Tensor& tensor = graph.at(node.inputs[i]);
    parts[i] = load_values(tensor);
    if (parts[i].size() != 1 || tensor.dtype != out.dtype) return shape_error(node, "needs three scalars of one type");
  }
  constexpr std::size_t kMostElements = kLargestResult / sizeof(std::int64_t);
  const bool real = parts[0].real;
  const auto number = [&](std::size_t i) {
    return real ? parts[i].reals[0] : static_cast<double>(parts[i].integers[0]);
  };
  const double count = std::max(0.0, std::ceil((number(1) - number(0)) / number(2)));
  if (!(count <= static_cast<double>(kMostElements))) {
    return shape_error(node, "its step is 0, or its result too large");
  }
  OCTET_TRY(set_output(graph, node, 0, {static_cast<std::int64_t>(count)}));
  OCTET_TRY(check_size(graph, node, budget));
  Values values;
  values.real = real;
  for (std::int64_t i = 0; i < static_cast<std::int64_t>(count); ++i) {
    if (real) {
      values.reals.push_back(number(0) + static_cast<double>(i) * number(2));
    } else {
      const std::int64_t distance = apply_binary(BinaryKind::mul, i, parts[2].integers[0]);
      values.integers.push_back(apply_binary(BinaryKind::add, parts[0].integers[0], distance));
    }
  }
  set_constant(graph, node, 0, store_values(values, out.dtype));
  return {};
}

template <class T>
void load_as(const Tensor& tensor, std::vector<std::int64_t>* out) {
  const auto values = tensor.data.as<T>();
  out->assign(values.begin(), values.end());
}

template <class T, class V>
Bytes store_as(const std::vector<V>& values) {
  std::vector<T> out(values.size());
  std::transform(values.begin(), values.end(), out.begin(), [](V value) { return static_cast<T>(value); });
  return Bytes::from(out);
}

std::int64_t truncate(double value) {
  if (std::isnan(value)) return 0;
  if (value >= 0x1p63) return std::numeric_limits<std::int64_t>::max();
  if (value < -0x1p63) return std::numeric_limits<std::int64_t>::min();
  return static_cast<std::int64_t>(value);
}

}  // namespace

bool can_evaluate(Op op) {
  switch (op) {
    case Op::unary:
    case Op::binary:
    case Op::reduce:
    case Op::cast:
    case Op::compare:
    case Op::where:
    case Op::range:
    case Op::constant_of_shape:
    case Op::shape:
      return true;
    default:
      return moves_values(op);
  }
}

Status evaluate(Graph& graph, const Node& node, std::size_t* budget) {
  if (node.op == Op::range) return evaluate_range(graph, node, budget);
  OCTET_TRY(check_size(graph, node, budget));
  // Nothing is to be computed, but one dimension beside the empty one may be of any size.
  if (bytes_of(graph, node.outputs, 1) == 0) {
    for (std::size_t i = 0; i < node.outputs.size(); ++i) set_constant(graph, node, i, {});
    return {};
  }
  return moves_values(node.op) ? evaluate_move(graph, node) : evaluate_math(graph, node);
}

Result<std::vector<std::int64_t>> read_integers(const Graph& graph, const Node& node, TensorId id,
                                                const std::string& what) {
  const Tensor& tensor = graph.at(id);
  if (!tensor.constant) {
    return fail(Code::unsupported, describe(node) + ": its " + what + " '" + printable(tensor.name) +
                                       "' depends on values that are known only when the network runs; it must be "
                                       "constant for a fixed input size");
  }
  if (tensor.dtype != DType::i64 && tensor.dtype != DType::i32) {
    return fail(Code::format, describe(node) + ": its " + what + " '" + printable(tensor.name) + "' is " +
                                  name_of(tensor.dtype) + "; it must be int64");
  }
  return load_values(tensor).integers;
}

void set_constant(Graph& graph, const Node& node, std::size_t index, Bytes data) {
  Tensor& tensor = graph.at(node.outputs[index]);
  tensor.constant = true;
  tensor.data = std::move(data);
}

Values load_values(const Tensor& tensor) {
  Values values;
  switch (tensor.dtype) {
    case DType::f32: {
      values.real = true;
      const auto floats = tensor.data.as<float>();
      values.reals.assign(floats.begin(), floats.end());
      break;
    }
    case DType::i8:
      load_as<std::int8_t>(tensor, &values.integers);
      break;
    case DType::u8:
    case DType::boolean:
      load_as<std::uint8_t>(tensor, &values.integers);
      break;
    case DType::i32:
      load_as<std::int32_t>(tensor, &values.integers);
      break;
    case DType::u32:
      load_as<std::uint32_t>(tensor, &values.integers);
      break;
    case DType::i64:
      load_as<std::int64_t>(tensor, &values.integers);
      break;
  }
  return values;
}

Bytes store_values(const Values& values, DType dtype) {
  if (dtype == DType::f32) return values.real ? store_as<float>(values.reals) : store_as<float>(values.integers);
  std::vector<std::int64_t> integers = values.integers;
  if (values.real) {
    integers.resize(values.reals.size());
    const auto to_integer = [&](double value) {
      return dtype == DType::boolean ? static_cast<std::int64_t>(value != 0) : truncate(value);
    };
    std::transform(values.reals.begin(), values.reals.end(), integers.begin(), to_integer);
  }
  switch (dtype) {
    case DType::i8:
      return store_as<std::int8_t>(integers);
    case DType::u8:
      return store_as<std::uint8_t>(integers);
    case DType::boolean:
      for (std::int64_t& value : integers) value = value != 0 ? 1 : 0;
      return store_as<std::uint8_t>(integers);
    case DType::i32:
      return store_as<std::int32_t>(integers);
    case DType::u32:
      return store_as<std::uint32_t>(integers);
    default:
      return store_as<std::int64_t>(integers);
  }
}

}  // namespace octet
