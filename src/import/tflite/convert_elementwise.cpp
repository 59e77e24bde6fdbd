// Operators that compute each element of their result from one element of every input.
#include <algorithm>
#include <array>
#include <iterator>
#include <string>

#include "import/tflite/convert.h"

namespace octet::tflite {
namespace {

struct Pair {
  TensorId a = kNoTensor, b = kNoTensor;
  Order order = Order::file;
};

Result<Pair> pair(Emitter& e) {
  OCTET_TRY(e.expect_inputs(2, 2));
  Pair both;
  both.order = e.preferred_order();
  OCTET_ASSIGN(both.a, e.input(0, both.order));
  OCTET_ASSIGN(both.b, e.input(1, both.order));
  return both;
}

template <class Options>
Status convert_arithmetic(Emitter& e, BinaryKind kind) {
  OCTET_ASSIGN(const auto* options, e.options<Options>());
  OCTET_ASSIGN(const Pair both, pair(e));
  const auto activation = options == nullptr ? fb::Activation::NONE : options->fused_activation_function();
  OCTET_ASSIGN(const TensorId y, e.activated(e.binary(kind, both.a, both.b), activation));
  return e.finish(y, both.order);
}

Status convert_plain(Emitter& e, BinaryKind kind) {
  OCTET_ASSIGN(const Pair both, pair(e));
  return e.finish(e.binary(kind, both.a, both.b), both.order);
}

Status finish_unary(Emitter& e, UnaryKind kind, float alpha = 0, float beta = 0) {
  OCTET_TRY(e.expect_inputs(1, 1));
  const Order order = e.preferred_order();
  OCTET_ASSIGN(const TensorId x, e.input(0, order));
  return e.finish(e.unary(kind, x, alpha, beta), order);
}

struct UnaryRow {
  fb::BuiltinOperator kind;
  UnaryKind unary;
  float alpha, beta;
};
constexpr UnaryRow kUnary[] = {
    {fb::BuiltinOperator::RELU, UnaryKind::relu, 0, 0},
    {fb::BuiltinOperator::RELU6, UnaryKind::clip, 0, 6},
    {fb::BuiltinOperator::RELU_N1_TO_1, UnaryKind::clip, -1, 1},
    {fb::BuiltinOperator::RELU_0_TO_1, UnaryKind::clip, 0, 1},
    {fb::BuiltinOperator::ELU, UnaryKind::elu, 1, 0},
    {fb::BuiltinOperator::LOGISTIC, UnaryKind::sigmoid, 0, 0},
    {fb::BuiltinOperator::TANH, UnaryKind::tanh, 0, 0},
    {fb::BuiltinOperator::HARD_SWISH, UnaryKind::hard_swish, 0, 0},
    {fb::BuiltinOperator::EXP, UnaryKind::exp, 0, 0},
    {fb::BuiltinOperator::LOG, UnaryKind::log, 0, 0},
    {fb::BuiltinOperator::SQRT, UnaryKind::sqrt, 0, 0},
    {fb::BuiltinOperator::RSQRT, UnaryKind::rsqrt, 0, 0},
    {fb::BuiltinOperator::ABS, UnaryKind::abs, 0, 0},
    {fb::BuiltinOperator::NEG, UnaryKind::neg, 0, 0},
    {fb::BuiltinOperator::SQUARE, UnaryKind::square, 0, 0},
    {fb::BuiltinOperator::SIN, UnaryKind::sin, 0, 0},
    {fb::BuiltinOperator::COS, UnaryKind::cos, 0, 0},
    {fb::BuiltinOperator::FLOOR, UnaryKind::floor, 0, 0},
    {fb::BuiltinOperator::CEIL, UnaryKind::ceil, 0, 0},
    {fb::BuiltinOperator::ROUND, UnaryKind::round, 0, 0},
    {fb::BuiltinOperator::SIGN, UnaryKind::sign, 0, 0},
    {fb::BuiltinOperator::LOGICAL_NOT, UnaryKind::logical_not, 0, 0},
};

struct CompareRow {
  fb::BuiltinOperator kind;
  CompareKind compare;
};
constexpr CompareRow kCompare[] = {
    {fb::BuiltinOperator::EQUAL, CompareKind::equal},
    {fb::BuiltinOperator::NOT_EQUAL, CompareKind::equal},
    {fb::BuiltinOperator::LESS, CompareKind::less},
    {fb::BuiltinOperator::LESS_EQUAL, CompareKind::less_equal},
    {fb::BuiltinOperator::GREATER, CompareKind::greater},
    {fb::BuiltinOperator::GREATER_EQUAL, CompareKind::greater_equal},
    {fb::BuiltinOperator::LOGICAL_AND, CompareKind::logical_and},
    {fb::BuiltinOperator::LOGICAL_OR, CompareKind::logical_or},
};

// The row of a table for the operator at hand, which the table of operators leads here.
template <class Row, std::size_t N>
const Row& row_of(const Emitter& e, const Row (&rows)[N]) {
  return *std::find_if(std::begin(rows), std::end(rows), [&](const Row& row) { return row.kind == e.kind(); });
}

DType dtype_of(fb::TensorType type) {
  if (type == fb::TensorType::INT32 || type == fb::TensorType::INT64) return DType::i64;
  return type == fb::TensorType::BOOL ? DType::boolean : DType::f32;
}

}  // namespace

Status convert_add(Emitter& e) { return convert_arithmetic<fb::AddOptions>(e, BinaryKind::add); }
Status convert_sub(Emitter& e) { return convert_arithmetic<fb::SubOptions>(e, BinaryKind::sub); }
Status convert_mul(Emitter& e) { return convert_arithmetic<fb::MulOptions>(e, BinaryKind::mul); }
Status convert_div(Emitter& e) { return convert_arithmetic<fb::DivOptions>(e, BinaryKind::div); }
Status convert_maximum(Emitter& e) { return convert_plain(e, BinaryKind::max); }
Status convert_minimum(Emitter& e) { return convert_plain(e, BinaryKind::min); }
Status convert_pow(Emitter& e) { return convert_plain(e, BinaryKind::pow); }

Status convert_floor_div(Emitter& e) {
  OCTET_ASSIGN(const Pair both, pair(e));
  if (e.input_is_integer(0)) return fail(Code::unsupported, "only that of floats is supported");
  return e.finish(e.unary(UnaryKind::floor, e.binary(BinaryKind::div, both.a, both.b)), both.order);
}

Status convert_squared_difference(Emitter& e) {
  OCTET_ASSIGN(const Pair both, pair(e));
  return e.finish(e.unary(UnaryKind::square, e.binary(BinaryKind::sub, both.a, both.b)), both.order);
}

Status convert_add_n(Emitter& e) {
  OCTET_TRY(e.expect_inputs(std::max<std::size_t>(1, e.input_count()), e.input_count()));
  const Order order = e.preferred_order();
  OCTET_ASSIGN(TensorId sum, e.input(0, order));
  for (std::size_t i = 1; i < e.input_count(); ++i) {
    OCTET_ASSIGN(const TensorId next, e.input(i, order));
    sum = e.binary(BinaryKind::add, sum, next);
  }
  return e.finish(sum, order);
}

Status convert_unary(Emitter& e) {
  const UnaryRow& row = row_of(e, kUnary);
  return finish_unary(e, row.unary, row.alpha, row.beta);
}

Status convert_leaky_relu(Emitter& e) {
  OCTET_ASSIGN(const auto* options, e.required_options<fb::LeakyReluOptions>());
  return finish_unary(e, UnaryKind::leaky_relu, options->alpha());
}

Status convert_gelu(Emitter& e) {
  OCTET_ASSIGN(const auto* options, e.options<fb::GeluOptions>());
  return finish_unary(e, options != nullptr && options->approximate() ? UnaryKind::gelu_tanh : UnaryKind::gelu);
}

Status convert_prelu(Emitter& e) {
  OCTET_ASSIGN(const Pair both, pair(e));
  return e.finish(e.emit(octet::Op::prelu, {both.a, both.b}), both.order);
}

// QUANTIZE, which only has another scale, or none, for its result.
Status convert_pass_on(Emitter& e) {
  OCTET_TRY(e.expect_inputs(1, 1));
  const Order order = e.preferred_order();
  OCTET_ASSIGN(const TensorId x, e.input(0, order));
  return e.finish(x, order);
}

Status convert_dequantize(Emitter& e) {
  OCTET_TRY(e.expect_inputs(1, 1));
  return e.is_constant(0) ? e.finish_as_input() : convert_pass_on(e);
}

Status convert_cast(Emitter& e) {
  OCTET_TRY(e.expect_inputs(1, 1));
  const Order order = e.preferred_order();
  OCTET_ASSIGN(const TensorId x, e.input(0, order));
  Attributes attrs;
  attrs.to = dtype_of(e.output_type());
  // int8 and uint8 are numbers here already.
  if (dtype_of(e.input_type(0)) == attrs.to) return e.finish(x, order);
  const TensorId y = e.emit(octet::Op::cast, {x}, attrs);
  e.set_dtype(y, attrs.to);
  return e.finish(y, order);
}

Status convert_compare(Emitter& e) {
  OCTET_ASSIGN(const Pair both, pair(e));
  Attributes attrs;
  attrs.compare = row_of(e, kCompare).compare;
  TensorId y = e.emit(octet::Op::compare, {both.a, both.b}, attrs);
  e.set_dtype(y, DType::boolean);
  if (e.kind() == fb::BuiltinOperator::NOT_EQUAL) y = e.unary(UnaryKind::logical_not, y);
  return e.finish(y, both.order);
}

Status convert_select(Emitter& e) {
  OCTET_TRY(e.expect_inputs(3, 3));
  const Order order = e.preferred_order();
  OCTET_ASSIGN(const TensorId condition, e.input(0, order));
  OCTET_ASSIGN(const TensorId a, e.input(1, order));
  OCTET_ASSIGN(const TensorId b, e.input(2, order));
  const TensorId y = e.emit(octet::Op::where, {condition, a, b});
  e.set_dtype(y, dtype_of(e.output_type()));
  return e.finish(y, order);
}

}  // namespace octet::tflite
