// Activation functions, softmax among them.
#include <cmath>

#include "import/onnx/operators.h"

namespace octet::onnx {
namespace {

template <UnaryKind kind>
Status convert_plain(NodeContext& node) {
  Attributes attrs;
  attrs.unary = kind;
  return node.result(Op::unary, {node.input(0)}, attrs);
}

Status convert_parametric(NodeContext& node, UnaryKind kind, float alpha, float beta = 0) {
  Attributes attrs;
  attrs.unary = kind;
  attrs.alpha = alpha;
  attrs.beta = beta;
  return node.result(Op::unary, {node.input(0)}, attrs);
}

Status convert_leaky_relu(NodeContext& node) {
  return convert_parametric(node, UnaryKind::leaky_relu, node.float_attr("alpha", 0.01f));
}

Status convert_elu(NodeContext& node) {
  return convert_parametric(node, UnaryKind::elu, node.float_attr("alpha", 1.0f));
}

Status convert_selu(NodeContext& node) {
  const float alpha = node.float_attr("alpha", 1.67326319217681884765625f);
  return convert_parametric(node, UnaryKind::selu, alpha, node.float_attr("gamma", 1.05070102214813232421875f));
}

Status convert_hard_sigmoid(NodeContext& node) {
  const float alpha = node.float_attr("alpha", 0.2f);
  return convert_parametric(node, UnaryKind::hard_sigmoid, alpha, node.float_attr("beta", 0.5f));
}

Status convert_gelu(NodeContext& node) {
  const auto approximate = node.string_attr("approximate", "none");
  if (approximate == "none") return convert_parametric(node, UnaryKind::gelu, 0);
  if (approximate == "tanh") return convert_parametric(node, UnaryKind::gelu_tanh, 0);
  return NodeContext::invalid("attribute 'approximate' is neither 'none' nor 'tanh'");
}

// alpha * (exp(x / alpha) - 1) below zero, x above: alpha * elu(x / alpha) for a positive alpha.
Status convert_celu(NodeContext& node) {
  const float alpha = node.float_attr("alpha", 1.0f);
  if (!(alpha > 0)) return NodeContext::unsupported("alpha is not positive");
  if (alpha == 1.0f) return convert_parametric(node, UnaryKind::elu, 1.0f);
  Attributes elu;
  elu.unary = UnaryKind::elu;
  elu.alpha = 1;
  const TensorId scaled = node.emit_binary(BinaryKind::div, node.input(0), node.scalar(alpha));
  return node.result_binary(BinaryKind::mul, node.emit(Op::unary, {scaled}, elu), node.scalar(alpha));
}

// x where x > alpha, else 0: the sign of x - alpha, cut to 0 and 1, is the mask.
Status convert_thresholded_relu(NodeContext& node) {
  const TensorId alpha = node.scalar(node.float_attr("alpha", 1.0f));
  const TensorId sign = node.emit_unary(UnaryKind::sign, node.emit_binary(BinaryKind::sub, node.input(0), alpha));
  return node.result_binary(BinaryKind::mul, node.input(0), node.emit_unary(UnaryKind::relu, sign));
}

Status convert_prelu(NodeContext& node) { return node.result(Op::prelu, {node.input(0), node.input(1)}); }

Status clip_between(NodeContext& node, float low, float high) {
  if (std::isnan(low) || std::isnan(high)) return NodeContext::invalid("a bound is not a number");
  if (std::isinf(low) && low < 0 && std::isinf(high) && high > 0) return node.result(Op::identity, {node.input(0)});
  return convert_parametric(node, UnaryKind::clip, low, high);
}

// Bounds are attributes before opset 11, then optional inputs.
Status convert_clip(NodeContext& node) {
  constexpr float kInfinity = std::numeric_limits<float>::infinity();
  if (node.opset() < 11) {
    return clip_between(node, node.float_attr("min", -kInfinity), node.float_attr("max", kInfinity));
  }
  const auto bound = [&](std::size_t i, float absent) -> std::optional<float> {
    if (node.input(i) == kNoTensor) return absent;
    const auto values = node.builder().floats_of(node.input(i));
    return values.has_value() && values->size() == 1 ? std::optional(values->front()) : std::nullopt;
  };
  const auto low = bound(1, -kInfinity);
  const auto high = bound(2, kInfinity);
  if (low.has_value() && high.has_value()) return clip_between(node, *low, *high);

  // Bounds that are computed, or integers: folding shows their values later.
  TensorId x = node.input(0);
  if (node.input(1) != kNoTensor) {
    if (node.input(2) == kNoTensor) return node.result_binary(BinaryKind::max, x, node.input(1));
    x = node.emit_binary(BinaryKind::max, x, node.input(1));
  }
  return node.result_binary(BinaryKind::min, x, node.input(2));
}

// Since opset 13 along one axis. Before, the input is flattened to a matrix at `axis` and the rows are normalized.
Status convert_any_softmax(NodeContext& node, bool log) {
  Attributes attrs;
  attrs.log = log;
  attrs.axis = node.int_attr("axis", node.opset() >= 13 ? -1 : 1);
  const int rank = node.rank(0);
  const bool last = attrs.axis == -1 || (rank != kUnknownRank && attrs.axis == rank - 1);
  if (node.opset() >= 13 || last) return node.result(Op::softmax, {node.input(0)}, attrs);

  const TensorId matrix = node.emit(Op::flatten, {node.input(0)}, attrs);
  attrs.axis = -1;
  const TensorId normalized = node.emit(Op::softmax, {matrix}, attrs);
  return node.result(Op::reshape, {normalized, node.emit(Op::shape, {node.input(0)})});
}

Status convert_softmax(NodeContext& node) { return convert_any_softmax(node, false); }
Status convert_log_softmax(NodeContext& node) { return convert_any_softmax(node, true); }

constexpr Operator kOperators[] = {
    {"Celu", 12, kNewestOpset, 1, 1, convert_celu},
    {"Clip", 6, kNewestOpset, 1, 3, convert_clip},
    {"Elu", 6, kNewestOpset, 1, 1, convert_elu},
    {"Gelu", 20, kNewestOpset, 1, 1, convert_gelu},
    {"HardSigmoid", 6, kNewestOpset, 1, 1, convert_hard_sigmoid},
    {"HardSwish", 14, kNewestOpset, 1, 1, convert_plain<UnaryKind::hard_swish>},
    {"LeakyRelu", 6, kNewestOpset, 1, 1, convert_leaky_relu},
    {"LogSoftmax", 1, kNewestOpset, 1, 1, convert_log_softmax},
    {"Mish", 18, kNewestOpset, 1, 1, convert_plain<UnaryKind::mish>},
    {"PRelu", 7, kNewestOpset, 2, 2, convert_prelu},
    {"Relu", 6, kNewestOpset, 1, 1, convert_plain<UnaryKind::relu>},
    {"Selu", 6, kNewestOpset, 1, 1, convert_selu},
    {"Sigmoid", 6, kNewestOpset, 1, 1, convert_plain<UnaryKind::sigmoid>},
    {"Softmax", 1, kNewestOpset, 1, 1, convert_softmax},
    {"Softplus", 1, kNewestOpset, 1, 1, convert_plain<UnaryKind::softplus>},
    {"Softsign", 1, kNewestOpset, 1, 1, convert_plain<UnaryKind::softsign>},
    {"Tanh", 6, kNewestOpset, 1, 1, convert_plain<UnaryKind::tanh>},
    {"ThresholdedRelu", 10, kNewestOpset, 1, 1, convert_thresholded_relu},
};

}  // namespace

std::span<const Operator> activation_operators() { return kOperators; }

}  // namespace octet::onnx
