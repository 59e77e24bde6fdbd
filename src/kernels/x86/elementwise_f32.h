// Float functions of runs of elements for any vector of vector_f32_*.h, which is included before this: those that
// are made of additions, multiplications and comparisons, with the bytes of the reference. Steps other than 0 and 1 and
// the remaining functions are the reference's.
#pragma once

#include "kernels/elementwise.h"

namespace octet {

extern const BinaryF32Row binary_f32_ref, prelu_f32_ref;

namespace {

bool supports(UnaryKind kind) {
  return kind == UnaryKind::relu || kind == UnaryKind::clip || kind == UnaryKind::leaky_relu ||
         kind == UnaryKind::hard_sigmoid || kind == UnaryKind::hard_swish || kind == UnaryKind::square;
}

Vector::Value clamp(Vector::Value x, Vector::Value low, Vector::Value high) {
  return Vector::min(high, Vector::max(low, x));
}

template <class Function>
void for_each(const float* input, float* output, int64_t count, Function function) {
  for (int64_t i = 0; i < count; i += Vector::kLanes) {
    const Vector::Lanes lanes = Vector::first_lanes(count - i);
    Vector::store(output + i, function(Vector::load(input + i, lanes)), lanes);
  }
}

Vector::Value hard_sigmoid(Vector::Value x, Vector::Value alpha, Vector::Value beta) {
  return clamp(Vector::add(Vector::multiply(alpha, x), beta), Vector::broadcast(0), Vector::broadcast(1));
}

void unary(UnaryKind kind, float alpha_value, float beta_value, const float* input, float* output, int64_t count) {
  const Vector::Value zero = Vector::broadcast(0);
  const Vector::Value alpha = Vector::broadcast(kind == UnaryKind::hard_swish ? 1.0F / 6.0F : alpha_value);
  const Vector::Value beta = Vector::broadcast(kind == UnaryKind::hard_swish ? 0.5F : beta_value);
  using Value = Vector::Value;
  switch (kind) {
    case UnaryKind::relu:
      return for_each(input, output, count, [&](Value x) { return Vector::max(zero, x); });
    case UnaryKind::clip:
      return for_each(input, output, count, [&](Value x) { return clamp(x, alpha, beta); });
    case UnaryKind::leaky_relu:
      return for_each(input, output, count,
                      [&](Value x) { return Vector::if_negative(x, Vector::multiply(alpha, x), x); });
    case UnaryKind::hard_sigmoid:
      return for_each(input, output, count, [&](Value x) { return hard_sigmoid(x, alpha, beta); });
    case UnaryKind::hard_swish:
      return for_each(input, output, count, [&](Value x) { return Vector::multiply(x, hard_sigmoid(x, alpha, beta)); });
    default:
      return for_each(input, output, count, [&](Value x) { return Vector::multiply(x, x); });
  }
}

bool has_vector_steps(const BinaryF32Args& args) {
  return (args.a_step == 0 || args.a_step == 1) && (args.b_step == 0 || args.b_step == 1);
}

// output = function(a, b), one value repeated where a step is 0.
template <class Function>
void for_each_pair(const BinaryF32Args& args, Function function) {
  const Vector::Value a = args.count > 0 ? Vector::broadcast(*args.a) : Vector::broadcast(0);
  const Vector::Value b = args.count > 0 ? Vector::broadcast(*args.b) : Vector::broadcast(0);
  for (int64_t i = 0; i < args.count; i += Vector::kLanes) {
    const Vector::Lanes lanes = Vector::first_lanes(args.count - i);
    const Vector::Value x = args.a_step == 0 ? a : Vector::load(args.a + i, lanes);
    const Vector::Value y = args.b_step == 0 ? b : Vector::load(args.b + i, lanes);
    Vector::store(args.output + i, function(x, y), lanes);
  }
}

void binary(const BinaryF32Args& args) {
  if (!has_vector_steps(args)) return binary_f32_ref.run(args);
  const Vector::Value low = Vector::broadcast(args.low);
  const Vector::Value high = Vector::broadcast(args.high);
  using Value = Vector::Value;
  switch (args.kind) {
    case BinaryKind::add:
      return for_each_pair(args, [&](Value a, Value b) { return clamp(Vector::add(a, b), low, high); });
    case BinaryKind::sub:
      return for_each_pair(args, [&](Value a, Value b) { return clamp(Vector::subtract(a, b), low, high); });
    case BinaryKind::mul:
      return for_each_pair(args, [&](Value a, Value b) { return clamp(Vector::multiply(a, b), low, high); });
    case BinaryKind::div:
      return for_each_pair(args, [&](Value a, Value b) { return clamp(Vector::divide(a, b), low, high); });
    case BinaryKind::min:
      return for_each_pair(args, [&](Value a, Value b) { return clamp(Vector::min(b, a), low, high); });
    case BinaryKind::max:
      return for_each_pair(args, [&](Value a, Value b) { return clamp(Vector::max(b, a), low, high); });
    case BinaryKind::pow:
      return binary_f32_ref.run(args);
  }
}

void prelu(const BinaryF32Args& args) {
  if (!has_vector_steps(args)) return prelu_f32_ref.run(args);
  for_each_pair(
      args, [](Vector::Value x, Vector::Value slope) { return Vector::if_negative(x, Vector::multiply(x, slope), x); });
}

}  // namespace
}  // namespace octet
