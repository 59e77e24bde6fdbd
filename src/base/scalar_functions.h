// The functions of kinds.h, by the C library. In float they define the results of the float kernels and the tables of
// int8; in double they fold constants.
#pragma once

#include <cmath>

#include "base/kinds.h"

namespace octet {

template <class Real>
Real clamp_value(Real x, Real low, Real high) {
  return x < low ? low : x > high ? high : x;
}

template <class Real>
Real softplus_value(Real x) {
  constexpr Real kIdentity = sizeof(Real) == sizeof(float) ? 20 : 40;  // from here on x itself, to the last bit
  return x > kIdentity ? x : std::log1p(std::exp(x));
}

template <class Real>
Real unary_value(UnaryKind kind, Real alpha, Real beta, Real x) {
  constexpr Real kRootOfHalf = (Real)0.70710678118654752440, kRootOfTwoOverPi = (Real)0.79788456080286535588;
  const auto hard_sigmoid = [x](Real a, Real b) { return clamp_value<Real>(a * x + b, 0, 1); };
  switch (kind) {
    case UnaryKind::relu:
      return x < 0 ? 0 : x;
    case UnaryKind::clip:
      return clamp_value(x, alpha, beta);
    case UnaryKind::leaky_relu:
      return x < 0 ? alpha * x : x;
    case UnaryKind::sigmoid:
      return 1 / (1 + std::exp(-x));
    case UnaryKind::tanh:
      return std::tanh(x);
    case UnaryKind::hard_sigmoid:
      return hard_sigmoid(alpha, beta);
    case UnaryKind::hard_swish:
      return x * hard_sigmoid((Real)1 / 6, (Real)0.5);
    case UnaryKind::silu:
      return x / (1 + std::exp(-x));
    case UnaryKind::gelu:
      return (Real)0.5 * x * (1 + std::erf(x * kRootOfHalf));
    case UnaryKind::gelu_tanh:
      return (Real)0.5 * x * (1 + std::tanh(kRootOfTwoOverPi * (x + (Real)0.044715 * x * x * x)));
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
      return std::fabs(x);
    case UnaryKind::reciprocal:
      return 1 / x;
    case UnaryKind::floor:
      return std::floor(x);
    case UnaryKind::ceil:
      return std::ceil(x);
    case UnaryKind::round:
      return std::rint(x);
    case UnaryKind::erf:
      return std::erf(x);
    case UnaryKind::softplus:
      return softplus_value(x);
    case UnaryKind::softsign:
      return x / (1 + std::fabs(x));
    case UnaryKind::selu:
      return beta * (x < 0 ? alpha * std::expm1(x) : x);
    case UnaryKind::mish:
      return x * std::tanh(softplus_value(x));
    case UnaryKind::sin:
      return std::sin(x);
    case UnaryKind::cos:
      return std::cos(x);
    case UnaryKind::sign:
      return x > 0 ? 1 : x < 0 ? -1 : 0;
    case UnaryKind::rsqrt:
      return 1 / std::sqrt(x);
    case UnaryKind::square:
      return x * x;
    case UnaryKind::logical_not:
      return x == 0 ? 1 : 0;
  }
  return x;
}

template <class Real>
Real binary_value(BinaryKind kind, Real a, Real b) {
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
      return b < a ? b : a;
    case BinaryKind::max:
      return a < b ? b : a;
    case BinaryKind::pow:
      return std::pow(a, b);
  }
  return a;
}

}  // namespace octet
