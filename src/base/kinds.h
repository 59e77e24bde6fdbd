// The functions of one or two values and the reductions that a network may hold. Values are stored in .octet files:
// never renumber.
#pragma once

#include <cstdint>

namespace octet {

enum class ReduceKind : std::uint8_t {
  mean = 0,
  sum = 1,
  max = 2,
  min = 3,
  prod = 4,
  l1 = 5,
  l2 = 6,
  sum_square = 7,
  log_sum = 8,
  log_sum_exp = 9
};
enum class UnaryKind : std::uint8_t {
  relu = 0,
  clip = 1 /* alpha low, beta high */,
  leaky_relu = 2 /* alpha */,
  sigmoid = 3,
  tanh = 4,
  hard_sigmoid = 5 /* max(0, min(1, alpha x + beta)) */,
  hard_swish = 6 /* x max(0, min(1, x/6 + 0.5)) */,
  silu = 7,
  gelu = 8 /* with erf */,
  gelu_tanh = 9,
  elu = 10 /* alpha */,
  exp = 11,
  log = 12,
  sqrt = 13,
  neg = 14,
  abs = 15,
  reciprocal = 16,
  floor = 17,
  ceil = 18,
  round = 19 /* half to even */,
  erf = 20,
  softplus = 21,
  softsign = 22,
  selu = 23 /* alpha, beta = gamma */,
  mish = 24,
  sin = 25,
  cos = 26,
  sign = 27,
  rsqrt = 28,
  square = 29,
  logical_not = 30 /* only where it folds away */
};
enum class BinaryKind : std::uint8_t { add = 0, sub = 1, mul = 2, div = 3, min = 4, max = 5, pow = 6 };

}  // namespace octet
