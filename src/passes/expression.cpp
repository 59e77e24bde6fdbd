#include "passes/expression.h"

#include <cmath>

namespace octet {

namespace {

constexpr int kDeepest = 4;  // multiplications in one product

bool is_plain(const Node& node) { return !node.attrs.clamp.active(); }

}  // namespace

bool Expression::near(double a, double b) { return std::abs(a - b) <= 1e-6 * std::max(std::abs(a), std::abs(b)); }

std::optional<TensorId> Expression::argument(TensorId id, UnaryKind kind) {
  const Node* node = rewriter_.producer(id, Op::unary);
  if (node == nullptr || node->attrs.unary != kind || !rewriter_.used_once(id)) return std::nullopt;
  return node->inputs[0];
}

bool Expression::is_unary(TensorId id, UnaryKind kind, double alpha, double beta, TensorId x) {
  if (argument(id, kind) != x) return false;
  const Attributes& attrs = rewriter_.producer(id)->attrs;
  return near(attrs.alpha, alpha) && near(attrs.beta, beta);
}

const Node* Expression::inner_binary(TensorId id, BinaryKind kind) {
  const Node* node = rewriter_.producer(id, Op::binary);
  if (node == nullptr || node->attrs.binary != kind || !is_plain(*node) || !rewriter_.used_once(id)) return nullptr;
  return node;
}

std::optional<Expression::WithConstant> Expression::with_constant(const Node& node) {
  const Graph& graph = rewriter_.graph();
  for (std::size_t side = 0; side < 2; ++side) {
    const TensorId x = node.inputs[side];
    const auto value = uniform_value(graph, node.inputs[1 - side]);
    // The constant must not broaden the other operand.
    if (value && graph.at(x).dims == graph.at(node.outputs[0]).dims) return WithConstant{x, *value, side == 1};
  }
  return std::nullopt;
}

std::optional<TensorId> Expression::plus(TensorId id, double value) {
  const Node* node = inner_binary(id, BinaryKind::add);
  const auto sum = node != nullptr ? with_constant(*node) : std::nullopt;
  return sum && near(sum->value, value) ? std::optional(sum->x) : std::nullopt;
}

std::optional<TensorId> Expression::times(TensorId id, double value) {
  const Node* node = inner_binary(id, BinaryKind::mul);
  if (node == nullptr) node = inner_binary(id, BinaryKind::div);
  const auto scaled = node != nullptr ? with_constant(*node) : std::nullopt;
  if (!scaled) return std::nullopt;
  if (node->attrs.binary == BinaryKind::mul)
    return near(scaled->value, value) ? std::optional(scaled->x) : std::nullopt;
  const bool matches = !scaled->constant_first && near(scaled->value * value, 1);
  return matches ? std::optional(scaled->x) : std::nullopt;
}

std::optional<TensorId> Expression::shifted_relu6(TensorId id) {
  const auto sum = argument(id, UnaryKind::clip);
  if (!sum) return std::nullopt;
  const Attributes& attrs = rewriter_.producer(id)->attrs;
  return attrs.alpha == 0 && attrs.beta == 6 ? plus(*sum, 3) : std::nullopt;
}

Expression::Product Expression::product(const Node& node) {
  Product result;
  multiply(node, &result, 0);
  return result;
}

void Expression::multiply(TensorId id, Product* product, int depth) {
  const Node* node = inner_binary(id, BinaryKind::mul);
  if (node == nullptr) node = inner_binary(id, BinaryKind::div);
  if (node == nullptr || depth >= kDeepest) {
    product->tensors.push_back(id);
    return;
  }
  const auto scaled = with_constant(*node);
  if (node->attrs.binary == BinaryKind::div && (!scaled || scaled->constant_first)) {
    product->tensors.push_back(id);
    return;
  }
  multiply(*node, product, depth);
}

void Expression::multiply(const Node& node, Product* product, int depth) {
  const auto scaled = with_constant(node);
  const bool divides = node.attrs.binary == BinaryKind::div;
  if (scaled && !(divides && scaled->constant_first)) {
    product->factor *= divides ? 1 / scaled->value : scaled->value;
    multiply(scaled->x, product, depth + 1);
    return;
  }
  if (divides) {
    product->tensors.push_back(node.outputs[0]);
    return;
  }
  multiply(node.inputs[0], product, depth + 1);
  multiply(node.inputs[1], product, depth + 1);
}

}  // namespace octet
