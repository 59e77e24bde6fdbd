// Operators on one tensor, element by element, and softmax.
#include <cmath>
#include <string>

#include "import/mnn/convert.h"

namespace octet::mnn {
namespace {

Status convert_plain(Emitter& e, UnaryKind kind, float alpha = 0, float beta = 0) {
  OCTET_TRY(e.expect_inputs(1, 1));
  e.finish(e.unary(kind, e.input(0), alpha, beta));
  return {};
}

// The kinds that are one kind of the Graph.
const UnaryKind* find_unary(fb::UnaryType type) {
  struct Row {
    fb::UnaryType type;
    UnaryKind kind;
  };
  static constexpr Row kRows[] = {
      {fb::UnaryType::Abs, UnaryKind::abs},
      {fb::UnaryType::Neg, UnaryKind::neg},
      {fb::UnaryType::Floor, UnaryKind::floor},
      {fb::UnaryType::Ceil, UnaryKind::ceil},
      {fb::UnaryType::Square, UnaryKind::square},
      {fb::UnaryType::Sqrt, UnaryKind::sqrt},
      {fb::UnaryType::Rsqrt, UnaryKind::rsqrt},
      {fb::UnaryType::Exp, UnaryKind::exp},
      {fb::UnaryType::Log, UnaryKind::log},
      {fb::UnaryType::Sin, UnaryKind::sin},
      {fb::UnaryType::Cos, UnaryKind::cos},
      {fb::UnaryType::Reciprocal, UnaryKind::reciprocal},
      {fb::UnaryType::Bnll, UnaryKind::softplus},
      {fb::UnaryType::Sign, UnaryKind::sign},
      {fb::UnaryType::Round, UnaryKind::round},
      {fb::UnaryType::Erf, UnaryKind::erf},
      {fb::UnaryType::Sigmoid, UnaryKind::sigmoid},
      {fb::UnaryType::Tanh, UnaryKind::tanh},
      {fb::UnaryType::HardSwish, UnaryKind::hard_swish},
      {fb::UnaryType::Gelu, UnaryKind::gelu_tanh},
      {fb::UnaryType::GeluStandard, UnaryKind::gelu},
      {fb::UnaryType::Silu, UnaryKind::silu},
  };
  for (const Row& row : kRows) {
    if (row.type == type) return &row.kind;
  }
  return nullptr;
}

}  // namespace

Status convert_relu(Emitter& e) {
  float slope = 0;
  if (e.op().main() != nullptr) {
    OCTET_ASSIGN(const auto* parameters, e.parameters<fb::Relu>());
    slope = parameters->slope();
  }
  return slope == 0 ? convert_plain(e, UnaryKind::relu) : convert_plain(e, UnaryKind::leaky_relu, slope);
}

Status convert_relu6(Emitter& e) {
  float low = 0, high = 6;
  if (e.op().main() != nullptr) {  // the first files have no limits in it
    OCTET_ASSIGN(const auto* parameters, e.parameters<fb::Relu6>());
    low = parameters->min_value();
    high = parameters->max_value();
  }
  if (!(low <= high)) {
    return fail(Code::format, "it clips to " + std::to_string(low) + " to " + std::to_string(high));
  }
  return convert_plain(e, UnaryKind::clip, low, high);
}

Status convert_prelu(Emitter& e) {
  OCTET_ASSIGN(const auto* parameters, e.parameters<fb::PRelu>());
  OCTET_TRY(e.expect_inputs(1, 1));
  const std::span<const float> slope = span_of(parameters->slope());
  if (slope.empty()) return fail(Code::format, "it has no slopes");
  OCTET_ASSIGN(const TensorId x, e.as_nchw(e.input(0), 4));
  // One slope for each channel: dimension 1 of the input.
  const int rank = e.rank(x) == kUnknownRank ? 4 : e.rank(x);
  Dims dims{static_cast<std::int64_t>(slope.size())};
  if (slope.size() > 1) dims.resize(static_cast<std::size_t>(std::max(rank - 1, 1)), 1);
  const TensorId slopes = e.constant(std::vector<float>(slope.begin(), slope.end()), dims);
  e.finish(e.like(e.input(0), e.emit(octet::Op::prelu, {x, slopes})));
  return {};
}

Status convert_elu(Emitter& e) {
  OCTET_ASSIGN(const auto* parameters, e.parameters<fb::ELU>());
  return convert_plain(e, UnaryKind::elu, parameters->alpha());
}

Status convert_selu(Emitter& e) {
  OCTET_ASSIGN(const auto* parameters, e.parameters<fb::Selu>());
  return convert_plain(e, UnaryKind::selu, parameters->alpha(), parameters->scale());
}

Status convert_sigmoid(Emitter& e) { return convert_plain(e, UnaryKind::sigmoid); }
Status convert_tanh(Emitter& e) { return convert_plain(e, UnaryKind::tanh); }

Status convert_unary(Emitter& e) {
  OCTET_ASSIGN(const auto* parameters, e.parameters<fb::UnaryOp>());
  if (const UnaryKind* kind = find_unary(parameters->type())) return convert_plain(e, *kind);
  OCTET_TRY(e.expect_inputs(1, 1));
  switch (parameters->type()) {
    case fb::UnaryType::Expm1:
      e.finish(e.binary(BinaryKind::sub, e.unary(UnaryKind::exp, e.input(0)), e.constant_scalar(1)));
      return {};
    case fb::UnaryType::Log1p:
      e.finish(e.unary(UnaryKind::log, e.binary(BinaryKind::add, e.input(0), e.constant_scalar(1))));
      return {};
    default: {
      const char* name = fb::EnumNameUnaryType(parameters->type());
      return fail(Code::unsupported,
                  "the function " +
                      (*name != 0 ? std::string(name) : std::to_string(static_cast<int>(parameters->type()))) +
                      " is not supported");
    }
  }
}

Status convert_softmax(Emitter& e) {
  OCTET_ASSIGN(const auto* parameters, e.parameters<fb::Axis>());
  OCTET_TRY(e.expect_inputs(1, 1));
  Attributes attrs;
  attrs.axis = parameters->axis();
  e.finish(e.emit(octet::Op::softmax, {e.input(0)}, attrs));
  return {};
}

}  // namespace octet::mnn
