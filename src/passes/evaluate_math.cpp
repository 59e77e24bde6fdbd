#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>
#include <numeric>

#include "base/scalar_functions.h"
#include "graph/infer.h"
#include "passes/evaluate.h"

namespace octet {

namespace {

// Walks the elements of `out` in order and tells where the element of a broadcast operand lies.
class BroadcastCursor {
 public:
  BroadcastCursor(const Dims& out, const Dims& operand)
      : dims_(out), position_(out.size(), 0), strides_(out.size(), 0) {
    std::size_t stride = 1;
    for (std::size_t i = 0; i < operand.size(); ++i) {
      const std::int64_t dim = operand[operand.size() - 1 - i];
      if (dim != 1) strides_[out.size() - 1 - i] = stride;
      stride *= static_cast<std::size_t>(dim);
    }
  }
  std::size_t offset() const { return offset_; }
  void next() {
    for (std::size_t i = dims_.size(); i-- > 0;) {
      offset_ += strides_[i];
      if (++position_[i] < dims_[i]) return;
      offset_ -= strides_[i] * static_cast<std::size_t>(dims_[i]);
      position_[i] = 0;
    }
  }

 private:
  Dims dims_;
  Dims position_;
  std::vector<std::size_t> strides_;
  std::size_t offset_ = 0;
};

std::size_t output_count(const Graph& graph, const Node& node) {
  return static_cast<std::size_t>(element_count(graph.at(node.outputs[0]).dims));
}

// Two operands of one type, and f(a, b) for each pair of their broadcast elements.
template <class F>
Status for_each_pair(const Graph& graph, const Node& node, F function) {
  const Tensor& a = graph.at(node.inputs[0]);
  const Tensor& b = graph.at(node.inputs[1]);
  if (a.dtype != b.dtype) {
    return shape_error(node, std::string("its inputs are ") + name_of(a.dtype) + " and " + name_of(b.dtype));
  }
  const Dims& out = graph.at(node.outputs[0]).dims;
  BroadcastCursor at_a(out, a.dims);
  BroadcastCursor at_b(out, b.dims);
  for (std::size_t i = output_count(graph, node); i > 0; --i) {
    function(at_a.offset(), at_b.offset());
    at_a.next();
    at_b.next();
  }
  return {};
}

Result<Values> binary(const Graph& graph, const Node& node) {
  const Values a = load_values(graph.at(node.inputs[0]));
  const Values b = load_values(graph.at(node.inputs[1]));
  const BinaryKind kind = node.attrs.binary;
  const bool by_zero = std::find(b.integers.begin(), b.integers.end(), 0) != b.integers.end();
  if (kind == BinaryKind::div && by_zero) return shape_error(node, "divides by zero");
  Values out;
  out.real = a.real;
  OCTET_TRY(for_each_pair(graph, node, [&](std::size_t i, std::size_t j) {
    if (a.real) {
      out.reals.push_back(binary_value(kind, a.reals[i], b.reals[j]));
    } else {
      out.integers.push_back(apply_binary(kind, a.integers[i], b.integers[j]));
    }
  }));
  return out;
}

template <class T>
bool holds(CompareKind kind, T a, T b) {
  switch (kind) {
    case CompareKind::equal:
      return a == b;
    case CompareKind::less:
      return a < b;
    case CompareKind::greater:
      return a > b;
    case CompareKind::less_equal:
      return a <= b;
    case CompareKind::greater_equal:
      return a >= b;
    case CompareKind::logical_and:
      return a != 0 && b != 0;
    case CompareKind::logical_or:
      return a != 0 || b != 0;
  }
  return false;
}

Result<Values> compare(const Graph& graph, const Node& node) {
  const Values a = load_values(graph.at(node.inputs[0]));
  const Values b = load_values(graph.at(node.inputs[1]));
  const CompareKind kind = node.attrs.compare;
  Values out;
  OCTET_TRY(for_each_pair(graph, node, [&](std::size_t i, std::size_t j) {
    const bool result = a.real ? holds(kind, a.reals[i], b.reals[j]) : holds(kind, a.integers[i], b.integers[j]);
    out.integers.push_back(result ? 1 : 0);
  }));
  return out;
}

Result<Values> where(const Graph& graph, const Node& node) {
  const Values condition = load_values(graph.at(node.inputs[0]));
  const Values a = load_values(graph.at(node.inputs[1]));
  const Values b = load_values(graph.at(node.inputs[2]));
  if (condition.real || graph.at(node.inputs[1]).dtype != graph.at(node.inputs[2]).dtype) {
    return shape_error(node, "needs a condition of type bool, and two values of one type");
  }
  const Dims& dims = graph.at(node.outputs[0]).dims;
  BroadcastCursor at_condition(dims, graph.at(node.inputs[0]).dims);
  BroadcastCursor at_a(dims, graph.at(node.inputs[1]).dims);
  BroadcastCursor at_b(dims, graph.at(node.inputs[2]).dims);
  Values out;
  out.real = a.real;
  for (std::size_t i = output_count(graph, node); i > 0; --i) {
    const bool first = condition.integers[at_condition.offset()] != 0;
    if (out.real) {
      out.reals.push_back(first ? a.reals[at_a.offset()] : b.reals[at_b.offset()]);
    } else {
      out.integers.push_back(first ? a.integers[at_a.offset()] : b.integers[at_b.offset()]);
    }
    at_condition.next();
    at_a.next();
    at_b.next();
  }
  return out;
}

// The functions that are exact on integers; the others make no sense there.
Status apply_unary(const Node& node, std::vector<std::int64_t>& values) {
  switch (node.attrs.unary) {
    case UnaryKind::relu:
      for (auto& value : values) value = std::max<std::int64_t>(value, 0);
      return {};
    case UnaryKind::neg:
      for (auto& value : values) value = apply_binary(BinaryKind::sub, 0, value);
      return {};
    case UnaryKind::abs:
      for (auto& value : values) value = value < 0 ? apply_binary(BinaryKind::sub, 0, value) : value;
      return {};
    case UnaryKind::sign:
      for (auto& value : values) value = value > 0 ? 1 : value < 0 ? -1 : 0;
      return {};
    case UnaryKind::square:
      for (auto& value : values) value = apply_binary(BinaryKind::mul, value, value);
      return {};
    case UnaryKind::logical_not:
      for (auto& value : values) value = value == 0 ? 1 : 0;
      return {};
    case UnaryKind::floor:
    case UnaryKind::ceil:
    case UnaryKind::round:
      return {};
    default:
      return fail(Code::unsupported, describe(node) + ": " + name_of(node.attrs.unary) + " of integers");
  }
}

Result<Values> unary(const Graph& graph, const Node& node) {
  Values values = load_values(graph.at(node.inputs[0]));
  if (!values.real) {
    OCTET_TRY(apply_unary(node, values.integers));
    return values;
  }
  for (double& value : values.reals) {
    value = unary_value<double>(node.attrs.unary, node.attrs.alpha, node.attrs.beta, value);
  }
  return values;
}

double reduce_one(ReduceKind kind, std::span<const double> values) {
  const auto sum_of = [&](auto function) {
    return std::accumulate(values.begin(), values.end(), 0.0,
                           [&](double sum, double value) { return sum + function(value); });
  };
  const auto itself = [](double value) { return value; };
  const auto square = [](double value) { return value * value; };
  const double infinity = std::numeric_limits<double>::infinity();
  const double largest =
      std::accumulate(values.begin(), values.end(), -infinity, [](double a, double b) { return std::max(a, b); });
  switch (kind) {
    case ReduceKind::mean:
      return sum_of(itself) / static_cast<double>(values.size());
    case ReduceKind::sum:
      return sum_of(itself);
    case ReduceKind::max:
      return largest;
    case ReduceKind::min:
      return -std::accumulate(values.begin(), values.end(), -infinity,
                              [](double a, double b) { return std::max(a, -b); });
    case ReduceKind::prod:
      return std::accumulate(values.begin(), values.end(), 1.0, std::multiplies<>());
    case ReduceKind::l1:
      return sum_of([](double value) { return std::abs(value); });
    case ReduceKind::l2:
      return std::sqrt(sum_of(square));
    case ReduceKind::sum_square:
      return sum_of(square);
    case ReduceKind::log_sum:
      return std::log(sum_of(itself));
    case ReduceKind::log_sum_exp:
      return largest + std::log(sum_of([&](double value) { return std::exp(value - largest); }));
  }
  return 0;
}

Result<std::int64_t> reduce_one(const Node& node, std::span<const std::int64_t> values) {
  const auto fold = [&](std::int64_t start, auto function) {
    return std::accumulate(values.begin(), values.end(), start, function);
  };
  const auto add = [](std::int64_t a, std::int64_t b) { return apply_binary(BinaryKind::add, a, b); };
  const auto multiply = [](std::int64_t a, std::int64_t b) { return apply_binary(BinaryKind::mul, a, b); };
  switch (node.attrs.reduce) {
    case ReduceKind::sum:
      return fold(0, add);
    case ReduceKind::mean:
      if (values.empty()) break;
      return fold(0, add) / static_cast<std::int64_t>(values.size());
    case ReduceKind::prod:
      return fold(1, multiply);
    case ReduceKind::max:
      if (values.empty()) break;
      return *std::max_element(values.begin(), values.end());
    case ReduceKind::min:
      if (values.empty()) break;
      return *std::min_element(values.begin(), values.end());
    case ReduceKind::l1:
      return fold(0, [&](std::int64_t sum, std::int64_t value) {
        return add(sum, value < 0 ? apply_binary(BinaryKind::sub, 0, value) : value);
      });
    case ReduceKind::sum_square:
      return fold(0, [&](std::int64_t sum, std::int64_t value) { return add(sum, multiply(value, value)); });
    default:
      break;
  }
  return fail(Code::unsupported, describe(node) + ": this reduction of integers");
}

// Which element of the result each element of the input belongs to: a broadcast of the kept dimensions.
std::vector<std::size_t> reduction_targets(const Tensor& x, const std::vector<std::int64_t>& axes) {
  Dims kept = x.dims;
  for (const std::int64_t axis : axes) kept[static_cast<std::size_t>(axis)] = 1;
  BroadcastCursor cursor(x.dims, kept);
  std::vector<std::size_t> targets(static_cast<std::size_t>(element_count(x.dims)));
  for (std::size_t& target : targets) {
    target = cursor.offset();
    cursor.next();
  }
  return targets;
}

// The elements of each result one after another: all results have equally many.
template <class T>
std::vector<T> grouped(const std::vector<T>& values, const std::vector<std::size_t>& targets, std::size_t count) {
  const std::size_t each = values.size() / count;
  std::vector<std::size_t> filled(count, 0);
  std::vector<T> out(values.size());
  for (std::size_t i = 0; i < values.size(); ++i) out[targets[i] * each + filled[targets[i]]++] = values[i];
  return out;
}

Result<Values> reduce(const Graph& graph, const Node& node) {
  const Tensor& x = graph.at(node.inputs[0]);
  const Values values = load_values(x);
  const std::vector<std::size_t> targets = reduction_targets(x, node.attrs.axes);
  const std::size_t count = output_count(graph, node);
  Values out;
  out.real = values.real;
  if (count == 0) return out;
  const std::size_t each = values.size() / count;
  if (values.real) {
    const std::vector<double> groups = grouped(values.reals, targets, count);
    for (std::size_t i = 0; i < count; ++i) {
      out.reals.push_back(reduce_one(node.attrs.reduce, std::span(groups).subspan(i * each, each)));
    }
    return out;
  }
  const std::vector<std::int64_t> groups = grouped(values.integers, targets, count);
  for (std::size_t i = 0; i < count; ++i) {
    OCTET_ASSIGN(const std::int64_t result, reduce_one(node, std::span(groups).subspan(i * each, each)));
    out.integers.push_back(result);
  }
  return out;
}

Values shape(const Graph& graph, const Node& node) {
  const Dims& dims = graph.at(node.inputs[0]).dims;
  Values out;
  out.integers.assign(dims.begin() + static_cast<std::ptrdiff_t>(node.attrs.starts[0]),
                      dims.begin() + static_cast<std::ptrdiff_t>(node.attrs.sizes[0]));
  return out;
}

Values constant_of_shape(const Graph& graph, const Node& node) {
  Values out;
  out.real = true;  // the attribute is a float32 whatever the element type is
  out.reals.assign(output_count(graph, node), node.attrs.alpha);
  return out;
}

Result<Values> compute(const Graph& graph, const Node& node) {
  switch (node.op) {
    case Op::unary:
      return unary(graph, node);
    case Op::binary:
      return binary(graph, node);
    case Op::compare:
      return compare(graph, node);
    case Op::where:
      return where(graph, node);
    case Op::reduce:
      return reduce(graph, node);
    case Op::shape:
      return shape(graph, node);
    case Op::constant_of_shape:
      return constant_of_shape(graph, node);
    case Op::cast:
      return load_values(graph.at(node.inputs[0]));
    default:
      return fail(Code::internal, describe(node) + " cannot be evaluated");
  }
}

// What fused limits or another result type leave of the values, in the type of the output.
Bytes finish(const Graph& graph, const Node& node, Values values) {
  if (node.op == Op::binary && values.real) {
    for (double& value : values.reals) {
      value = std::min(std::max<double>(value, node.attrs.clamp.low), static_cast<double>(node.attrs.clamp.high));
    }
  }
  return store_values(values, graph.at(node.outputs[0]).dtype);
}

}  // namespace

Status evaluate_math(Graph& graph, const Node& node) {
  OCTET_ASSIGN(Values values, compute(graph, node));
  set_constant(graph, node, 0, finish(graph, node, std::move(values)));
  return {};
}

}  // namespace octet
