// The functions of two integers, modulo 2^64.
#include <algorithm>

#include "passes/evaluate.h"

namespace octet {

namespace {

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
