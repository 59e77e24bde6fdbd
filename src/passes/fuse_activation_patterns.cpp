#include <algorithm>
#include <cmath>
#include <limits>
#include <numbers>

#include "passes/expression.h"
#include "passes/passes.h"
#include "passes/rewrite.h"

namespace octet {

namespace {

using Product = Expression::Product;

class Patterns {
 public:
  explicit Patterns(Rewriter& rewriter) : rewriter_(rewriter), graph_(rewriter.graph()), expression_(rewriter) {}

  // True where `node` has become one activation.
  bool match(Node& node) {
    switch (node.op) {
      case Op::unary:
        return match_clip(node) || match_softplus(node);
      case Op::prelu:
        return match_uniform_prelu(node);
      case Op::binary:
        return !node.attrs.clamp.active() && match_binary(node);
      default:
        return false;
    }
  }

 private:
  bool match_binary(Node& node) {
    switch (node.attrs.binary) {
      case BinaryKind::mul:
        return match_square(node) || match_product(node);
      case BinaryKind::div:
        return match_reciprocal(node) || match_quotient(node) || match_product(node);
      case BinaryKind::min:
        return match_limit(node);
      case BinaryKind::max:
        return match_limit(node) || match_leaky_max(node);
      case BinaryKind::pow:
        return match_power(node);
      case BinaryKind::add:
        return match_prelu_sum(node, 1);
      case BinaryKind::sub:
        return match_prelu_sum(node, -1);
    }
    return false;
  }

  bool become(Node& node, UnaryKind kind, TensorId x, double alpha = 0, double beta = 0) {
    if (graph_.at(x).dims != graph_.at(node.outputs[0]).dims) return false;
    node.op = Op::unary;
    node.inputs = {x};
    node.attrs = {};
    node.attrs.unary = kind;
    node.attrs.alpha = static_cast<float>(alpha);
    node.attrs.beta = static_cast<float>(beta);
    return true;
  }

  bool become_clip(Node& node, TensorId x, Clamp clamp) {
    const bool relu = clamp == Clamp{0, std::numeric_limits<float>::infinity()};
    return relu ? become(node, UnaryKind::relu, x) : become(node, UnaryKind::clip, x, clamp.low, clamp.high);
  }

  // clip(clip(x)), where relu is a clip too.
  bool match_clip(Node& node) {
    const auto outer = clamp_of(node);
    const Node* inner = outer && rewriter_.used_once(node.inputs[0]) ? rewriter_.producer(node.inputs[0]) : nullptr;
    const auto limits = inner != nullptr ? clamp_of(*inner) : std::nullopt;
    return limits && become_clip(node, inner->inputs[0], combine(*limits, *outer));
  }

  // log(1 + exp(x))
  bool match_softplus(Node& node) {
    if (node.attrs.unary != UnaryKind::log) return false;
    const auto power = expression_.plus(node.inputs[0], 1);
    const auto x = power ? expression_.argument(*power, UnaryKind::exp) : std::nullopt;
    return x && become(node, UnaryKind::softplus, *x);
  }

  bool match_uniform_prelu(Node& node) {
    const auto slope = uniform_value(graph_, node.inputs[1]);
    return slope && become(node, UnaryKind::leaky_relu, node.inputs[0], *slope);
  }

  bool match_square(Node& node) {
    return node.inputs[0] == node.inputs[1] && become(node, UnaryKind::square, node.inputs[0]);
  }

  // Up to two tensors and a factor: x * f(x), and hard sigmoid.
  bool match_product(Node& node) {
    const Product product = expression_.product(node);
    if (product.tensors.size() == 1 && Expression::near(product.factor, 1.0 / 6)) {
      const auto x = expression_.shifted_relu6(product.tensors[0]);
      return x && become(node, UnaryKind::hard_sigmoid, *x, 1.0 / 6, 0.5);
    }
    if (product.tensors.size() != 2) return false;
    for (std::size_t i = 0; i < 2; ++i) {
      const auto kind = gate(product.tensors[i], product.tensors[1 - i], product.factor);
      if (kind) return become(node, *kind, product.tensors[i]);
    }
    return false;
  }

  // The activation that factor * x * y is.
  std::optional<UnaryKind> gate(TensorId x, TensorId y, double factor) {
    if (Expression::near(factor, 1.0 / 6) && expression_.shifted_relu6(y) == x) return UnaryKind::hard_swish;
    if (Expression::near(factor, 0.5)) return gelu(x, y);
    if (!Expression::near(factor, 1)) return std::nullopt;
    if (expression_.argument(y, UnaryKind::sigmoid) == x) return UnaryKind::silu;
    if (expression_.is_unary(y, UnaryKind::hard_sigmoid, 1.0 / 6, 0.5, x)) return UnaryKind::hard_swish;
    const auto argument = expression_.argument(y, UnaryKind::tanh);
    if (argument && expression_.argument(*argument, UnaryKind::softplus) == x) return UnaryKind::mish;
    return std::nullopt;
  }

  // 0.5 * x * y with y = 1 + erf(x / sqrt(2)), or its approximation by tanh.
  std::optional<UnaryKind> gelu(TensorId x, TensorId y) {
    const auto function = expression_.plus(y, 1);
    if (!function) return std::nullopt;
    const auto erf = expression_.argument(*function, UnaryKind::erf);
    if (erf && expression_.times(*erf, 1 / std::numbers::sqrt2) == x) return UnaryKind::gelu;
    const auto tanh = expression_.argument(*function, UnaryKind::tanh);
    const auto inner = tanh ? expression_.times(*tanh, std::sqrt(2 / std::numbers::pi)) : std::nullopt;
    const Node* sum = inner ? expression_.inner_binary(*inner, BinaryKind::add) : nullptr;
    if (sum == nullptr) return std::nullopt;
    for (std::size_t i = 0; i < 2; ++i) {
      if (sum->inputs[i] == x && is_scaled_cube(sum->inputs[1 - i], x)) return UnaryKind::gelu_tanh;
    }
    return std::nullopt;
  }

  // 0.044715 * x^3, the power by pow or by multiplication.
  bool is_scaled_cube(TensorId id, TensorId x) {
    const Node* node = expression_.inner_binary(id, BinaryKind::mul);
    if (node == nullptr) return false;
    const Product product = expression_.product(*node);
    if (!Expression::near(product.factor, 0.044715)) return false;
    if (product.tensors.size() == 1) {
      const Node* power = expression_.inner_binary(product.tensors[0], BinaryKind::pow);
      const auto parts = power != nullptr ? expression_.with_constant(*power) : std::nullopt;
      return parts && parts->x == x && parts->value == 3 && !parts->constant_first;
    }
    if (product.tensors.size() != 2) return false;
    for (std::size_t i = 0; i < 2; ++i) {
      const auto squared = expression_.argument(product.tensors[1 - i], UnaryKind::square);
      if (product.tensors[i] == x && squared == x) return true;
    }
    return false;
  }

  // 1 / (1 + exp(-x)), and 1 / x.
  bool match_reciprocal(Node& node) {
    const auto quotient = expression_.with_constant(node);
    if (!quotient || !quotient->constant_first || quotient->value != 1) return false;
    if (const auto x = one_plus_exp_of_minus(quotient->x)) return become(node, UnaryKind::sigmoid, *x);
    return become(node, UnaryKind::reciprocal, quotient->x);
  }

  // x / (1 + exp(-x)) and x / (1 + |x|)
  bool match_quotient(Node& node) {
    const TensorId x = node.inputs[0];
    if (one_plus_exp_of_minus(node.inputs[1]) == x) return become(node, UnaryKind::silu, x);
    const auto magnitude = expression_.plus(node.inputs[1], 1);
    if (magnitude && expression_.argument(*magnitude, UnaryKind::abs) == x) return become(node, UnaryKind::softsign, x);
    return false;
  }

  std::optional<TensorId> one_plus_exp_of_minus(TensorId id) {
    const auto power = expression_.plus(id, 1);
    const auto minus = power ? expression_.argument(*power, UnaryKind::exp) : std::nullopt;
    if (!minus) return std::nullopt;
    const auto x = expression_.argument(*minus, UnaryKind::neg);
    return x ? x : expression_.times(*minus, -1);
  }

  // min and max with one value.
  bool match_limit(Node& node) {
    const auto limit = expression_.with_constant(node);
    if (!limit) return false;
    Clamp clamp;
    const auto value = static_cast<float>(limit->value);
    (node.attrs.binary == BinaryKind::max ? clamp.low : clamp.high) = value;
    if (std::isnan(value) || !become_clip(node, limit->x, clamp)) return false;
    match_clip(node);  // the second of a pair of limits
    return true;
  }

  // max(x, slope * x)
  bool match_leaky_max(Node& node) {
    for (std::size_t i = 0; i < 2; ++i) {
      const Node* scaled = expression_.inner_binary(node.inputs[1 - i], BinaryKind::mul);
      const auto product = scaled != nullptr ? expression_.with_constant(*scaled) : std::nullopt;
      if (product && product->x == node.inputs[i] && product->value > 0 && product->value < 1) {
        return become(node, UnaryKind::leaky_relu, product->x, product->value);
      }
    }
    return false;
  }

  bool match_power(Node& node) {
    const auto power = expression_.with_constant(node);
    if (!power || power->constant_first) return false;
    if (power->value == 2) return become(node, UnaryKind::square, power->x);
    if (power->value == 0.5) return become(node, UnaryKind::sqrt, power->x);
    if (power->value == -0.5) return become(node, UnaryKind::rsqrt, power->x);
    if (power->value == -1) return become(node, UnaryKind::reciprocal, power->x);
    return false;
  }

  // relu(x) + sign * slope * relu(-x), as it is written where there is no PRelu: its slope is -sign * slope.
  bool match_prelu_sum(Node& node, double sign) {
    for (std::size_t i = 0; i < (sign > 0 ? 2U : 1U); ++i) {
      const auto x = expression_.argument(node.inputs[i], UnaryKind::relu);
      const Node* scaled = x ? expression_.inner_binary(node.inputs[1 - i], BinaryKind::mul) : nullptr;
      for (std::size_t j = 0; scaled != nullptr && j < 2; ++j) {
        const auto minus = expression_.argument(scaled->inputs[j], UnaryKind::relu);
        if (!minus || expression_.argument(*minus, UnaryKind::neg) != x) continue;
        if (become_prelu(node, *x, scaled->inputs[1 - j], -sign)) return true;
      }
    }
    return false;
  }

  bool become_prelu(Node& node, TensorId x, TensorId slope, double sign) {
    const Tensor given = graph_.at(slope);
    if (!given.constant || given.dtype != DType::f32 || graph_.at(x).dims != graph_.at(node.outputs[0]).dims) {
      return false;
    }
    const auto values = given.data.as<float>();
    std::vector<float> slopes(values.begin(), values.end());
    for (float& value : slopes) value = static_cast<float>(sign * value);
    node.op = Op::prelu;
    node.inputs = {x, graph_.add_constant(given.name, DType::f32, given.dims, slopes)};
    node.attrs = {};
    match_uniform_prelu(node);
    return true;
  }

  Rewriter& rewriter_;
  Graph& graph_;
  Expression expression_;
};

}  // namespace

Status fuse_activation_patterns(Graph& graph) {
  return rewrite(graph, [](Rewriter& rewriter, Node& node) -> Status {
    Patterns(rewriter).match(node);
    rewriter.emit(std::move(node));
    return {};
  });
}

}  // namespace octet
