// The functions of one and two numbers as types.h names them, in double precision.
#include <algorithm>
#include <cmath>
#include <numbers>

#include "passes/evaluate.h"

namespace octet {

namespace {

double sigmoid(double x) { return 1.0 / (1.0 + std::exp(-x)); }
double softplus(double x) { return std::max(x, 0.0) + std::log1p(std::exp(-std::abs(x))); }
double hard_sigmoid(double x, double alpha, double beta) { return std::max(0.0, std::min(1.0, alpha * x + beta)); }

double gelu_tanh(double x) {
  return 0.5 * x * (1.0 + std::tanh(std::sqrt(2.0 / std::numbers::pi) * (x + 0.044715 * x * x * x)));
}

std::int64_t wrap(std::uint64_t value) { return static_cast<std::int64_t>(value); }

std::int64_t integer_power(std::int64_t base, std::int64_t exponent) {
  if (exponent < 0) return base == 1 ? 1 : base == -1 ? (exponent % 2 == 0 ? 1 : -1) : 0;
  std::uint64_t result = 1;
  auto square = static_cast<std::uint64_t>(base);
  for (auto bits = static_cast<std::uint64_t>(exponent); bits != 0; bits >>= 1) {
    if (bits & 1) result *= square;
    square *= square;
  }
  return wrap(result);
}

}  // namespace

double apply_unary(UnaryKind kind, double x, double alpha, double beta) {
  switch (kind) {
    case UnaryKind::relu:
      return std::max(x, 0.0);
    case UnaryKind::clip:
      return std::min(std::max(x, alpha), beta);
    case UnaryKind::leaky_relu:
      return x < 0 ? alpha * x : x;
    case UnaryKind::sigmoid:
      return sigmoid(x);
    case UnaryKind::tanh:
      return std::tanh(x);
    case UnaryKind::hard_sigmoid:
      return hard_sigmoid(x, alpha, beta);
    case UnaryKind::hard_swish:
      return x * hard_sigmoid(x, 1.0 / 6.0, 0.5);
    case UnaryKind::silu:
      return x * sigmoid(x);
    case UnaryKind::gelu:
      return 0.5 * x * (1.0 + std::erf(x / std::numbers::sqrt2));
    case UnaryKind::gelu_tanh:
      return gelu_tanh(x);
    case UnaryKind::elu:
      return x < 0 ? alpha * std::expm1(x) : x;
    case UnaryKind::exp:
      return std::exp(x);
    case UnaryKind::log:
      return std::log(x);
    case UnaryKind::sqrt:
      return std::sqrt(x);
    case UnaryKind::neg:
      return -x;
    case UnaryKind::abs:
      return std::abs(x);
    case UnaryKind::reciprocal:
      return 1.0 / x;
    case UnaryKind::floor:
      return std::floor(x);
    case UnaryKind::ceil:
      return std::ceil(x);
    case UnaryKind::round:
      return std::nearbyint(x);
    case UnaryKind::erf:
      return std::erf(x);
    case UnaryKind::softplus:
      return softplus(x);
    case UnaryKind::softsign:
      return x / (1.0 + std::abs(x));
    case UnaryKind::selu:
      return beta * (x < 0 ? alpha * std::expm1(x) : x);
    case UnaryKind::mish:
      return x * std::tanh(softplus(x));
    case UnaryKind::sin:
      return std::sin(x);
    case UnaryKind::cos:
      return std::cos(x);
    case UnaryKind::sign:
      return x > 0 ? 1.0 : x < 0 ? -1.0 : x;
    case UnaryKind::rsqrt:
      return 1.0 / std::sqrt(x);
    case UnaryKind::square:
      return x * x;
    case UnaryKind::logical_not:
      return x == 0 ? 1.0 : 0.0;
  }
  return x;
}

double apply_binary(BinaryKind kind, double a, double b) {
  switch (kind) {
    case BinaryKind::add:
      return a + b;
    case BinaryKind::sub:
      return a - b;
    case BinaryKind::mul:
      return a * b;
    case BinaryKind::div:
      return a / b;
    case BinaryKind::min:
      return std::min(a, b);
    case BinaryKind::max:
      return std::max(a, b);
    case BinaryKind::pow:
      return std::pow(a, b);
  }
  return a;
}

std::int64_t apply_binary(BinaryKind kind, std::int64_t a, std::int64_t b) {
  const auto left = static_cast<std::uint64_t>(a);
  const auto right = static_cast<std::uint64_t>(b);
  switch (kind) {
    case BinaryKind::add:
      return wrap(left + right);
    case BinaryKind::sub:
      return wrap(left - right);
    case BinaryKind::mul:
      return wrap(left * right);
    case BinaryKind::div:
      return b == -1 ? wrap(0 - left) : a / b;  // the smallest number by -1 wraps instead of trapping
    case BinaryKind::min:
      return std::min(a, b);
    case BinaryKind::max:
      return std::max(a, b);
    case BinaryKind::pow:
      return integer_power(a, b);
  }
  return a;
}

}  // namespace octet
