// Arithmetic of several tensors, per-channel arithmetic, reductions.
#include <algorithm>
#include <string>
#include <utility>

#include "import/mnn/convert.h"
#include "import/mnn/tensor_quant.h"

namespace octet::mnn {
namespace {

std::string name_of_type(fb::BinaryType type) {
  const char* name = fb::EnumNameBinaryType(type);
  return *name != 0 ? name : std::to_string(static_cast<int>(type));
}

// Kinds that give a number. Nothing for the others.
const BinaryKind* find_binary(fb::BinaryType type) {
  struct Row {
    fb::BinaryType type;
    BinaryKind kind;
  };
  static constexpr Row kRows[] = {
      {fb::BinaryType::Add, BinaryKind::add},     {fb::BinaryType::Sub, BinaryKind::sub},
      {fb::BinaryType::Mul, BinaryKind::mul},     {fb::BinaryType::Div, BinaryKind::div},
      {fb::BinaryType::RealDiv, BinaryKind::div}, {fb::BinaryType::MaxTemp, BinaryKind::max},
      {fb::BinaryType::Maximum, BinaryKind::max}, {fb::BinaryType::MinTemp, BinaryKind::min},
      {fb::BinaryType::Minimum, BinaryKind::min}, {fb::BinaryType::Pow, BinaryKind::pow},
  };
  for (const Row& row : kRows) {
    if (row.type == type) return &row.kind;
  }
  return nullptr;
}

TensorId compare(Emitter& e, CompareKind kind, TensorId a, TensorId b) {
  Attributes attrs;
  attrs.compare = kind;
  const TensorId result = e.emit(octet::Op::compare, {a, b}, attrs);
  e.describe_broadcast(result, a, b);
  e.set_dtype(result, DType::boolean);
  return result;
}

Status convert_comparison(Emitter& e, fb::BinaryType type) {
  const TensorId a = e.input(0), b = e.input(1);
  switch (type) {
    case fb::BinaryType::Greater:
      e.finish(compare(e, CompareKind::greater, a, b));
      return {};
    case fb::BinaryType::GreaterEqual:
      e.finish(compare(e, CompareKind::greater_equal, a, b));
      return {};
    case fb::BinaryType::Less:
      e.finish(compare(e, CompareKind::less, a, b));
      return {};
    case fb::BinaryType::LessEqual:
      e.finish(compare(e, CompareKind::less_equal, a, b));
      return {};
    case fb::BinaryType::Equal:
      e.finish(compare(e, CompareKind::equal, a, b));
      return {};
    case fb::BinaryType::NotEqual:
      e.finish(e.unary(UnaryKind::logical_not, compare(e, CompareKind::equal, a, b)));
      return {};
    case fb::BinaryType::LogicalOr:
      e.finish(compare(e, CompareKind::logical_or, e.cast(a, DType::boolean), e.cast(b, DType::boolean)));
      return {};
    default:
      return fail(Code::unsupported, "the operation " + name_of_type(type) + " is not supported");
  }
}

// [C] as a tensor that broadcasts along dimension 1.
Dims channel_dims(std::size_t channels) { return {static_cast<std::int64_t>(channels)}; }

Status finish_per_channel(Emitter& e, const std::vector<float>& scale, const std::vector<float>& bias,
                          const std::vector<float>& mean, const std::vector<float>& variance, float epsilon) {
  const std::size_t channels = scale.size();
  if (channels == 0 || bias.size() != channels || mean.size() != channels || variance.size() != channels) {
    return fail(Code::format, "its numbers of scales (" + std::to_string(channels) + "), biases (" +
                                  std::to_string(bias.size()) + "), means (" + std::to_string(mean.size()) +
                                  ") and variances (" + std::to_string(variance.size()) + ") do not fit together");
  }
  OCTET_ASSIGN(const TensorId x, e.as_nchw(e.input(0), 4));
  Attributes attrs;
  attrs.alpha = epsilon;
  const Dims dims = channel_dims(channels);
  const std::vector<TensorId> inputs{x, e.constant(scale, dims), e.constant(bias, dims), e.constant(mean, dims),
                                     e.constant(variance, dims)};
  e.finish(e.like(e.input(0), e.emit(octet::Op::batch_norm, inputs, attrs)));
  return {};
}

std::vector<float> copy_or(const flatbuffers::Vector<float>* values, std::size_t count, float otherwise) {
  if (values == nullptr || values->size() == 0) return std::vector<float>(count, otherwise);
  return {values->begin(), values->end()};
}

Result<TensorId> weighted(Emitter& e, TensorId x, std::span<const float> coefficients, std::size_t i) {
  if (coefficients.empty() || coefficients[i] == 1) return x;
  return e.binary(BinaryKind::mul, x, e.constant_scalar(coefficients[i]));
}

Result<ReduceKind> reduce_kind(fb::ReductionType type) {
  switch (type) {
    case fb::ReductionType::Sum:
      return ReduceKind::sum;
    case fb::ReductionType::AbsSum:
      return ReduceKind::l1;
    case fb::ReductionType::SumSquare:
      return ReduceKind::sum_square;
    case fb::ReductionType::Mean:
      return ReduceKind::mean;
    case fb::ReductionType::Maximum:
      return ReduceKind::max;
    case fb::ReductionType::Minimum:
      return ReduceKind::min;
    case fb::ReductionType::Prod:
      return ReduceKind::prod;
    default: {
      const char* name = fb::EnumNameReductionType(type);
      return fail(Code::unsupported, "the reduction " +
                                         (*name != 0 ? std::string(name) : std::to_string(static_cast<int>(type))) +
                                         " is not supported");
    }
  }
}

}  // namespace

Status convert_binary(Emitter& e) {
  OCTET_ASSIGN(const auto* parameters, e.parameters<fb::BinaryOp>());
  OCTET_TRY(e.expect_inputs(2, 2));
  if (parameters->activation() != 0 && parameters->activation() != 1) {
    return fail(Code::unsupported, "the fused activation " + std::to_string(parameters->activation()) +
                                       " is not known (0: none and 1: ReLU are)");
  }
  const TensorId a = e.input(0), b = e.input(1);
  const bool relu = parameters->activation() == 1;
  TensorId result = kNoTensor;
  if (const BinaryKind* kind = find_binary(parameters->type())) {
    Clamp clamp;
    if (const TensorQuant* output = e.int8_output()) limit(&clamp, *output);
    result = e.binary(*kind, a, b, clamp);
  } else if (parameters->type() == fb::BinaryType::SquaredDifference) {
    result = e.unary(UnaryKind::square, e.binary(BinaryKind::sub, a, b));
  } else if (parameters->type() == fb::BinaryType::FloorDiv) {
    result = e.binary(BinaryKind::div, a, b);
    if (e.dtype(result) == DType::f32) result = e.unary(UnaryKind::floor, result);
  } else {
    return convert_comparison(e, parameters->type());
  }
  e.finish(relu ? e.unary(UnaryKind::relu, result) : result);
  return {};
}

Status convert_eltwise(Emitter& e) {
  OCTET_ASSIGN(const auto* parameters, e.parameters<fb::Eltwise>());
  OCTET_TRY(e.expect_inputs(e.input_count(), e.input_count()));
  if (e.input_count() < 2) return fail(Code::format, "it has fewer than two inputs");
  const std::span<const float> coefficients = span_of(parameters->coeff());
  BinaryKind kind = BinaryKind::add;
  switch (parameters->type()) {
    case fb::EltwiseType::Prod:
      kind = BinaryKind::mul;
      break;
    case fb::EltwiseType::Sum:
      break;
    case fb::EltwiseType::Maximum:
      kind = BinaryKind::max;
      break;
    case fb::EltwiseType::Sub:
      kind = BinaryKind::sub;
      break;
    default:
      return fail(Code::format, "its kind is " + std::to_string(static_cast<int>(parameters->type())));
  }
  const bool sum = kind == BinaryKind::add;
  if (sum && !coefficients.empty() && coefficients.size() != e.input_count()) {
    return fail(Code::format, "it has " + std::to_string(coefficients.size()) + " coefficients for " +
                                  std::to_string(e.input_count()) + " inputs");
  }
  const std::span<const float> used = sum ? coefficients : std::span<const float>();
  OCTET_ASSIGN(TensorId result, weighted(e, e.input(0), used, 0));
  for (std::size_t i = 1; i < e.input_count(); ++i) {
    OCTET_ASSIGN(const TensorId next, weighted(e, e.input(i), used, i));
    result = e.binary(kind, result, next);
  }
  e.finish(result);
  return {};
}

Status convert_scale(Emitter& e) {
  OCTET_ASSIGN(const auto* parameters, e.parameters<fb::Scale>());
  OCTET_TRY(e.expect_inputs(1, 1));
  std::vector<float> scale = copy_or(parameters->scale(), 0, 0);
  std::vector<float> bias = copy_or(parameters->bias(), 0, 0);
  const std::span<const std::int64_t> external = span_of(parameters->external());
  if (scale.empty() && !external.empty()) {
    ExternalPieces pieces(e.external(), external);
    OCTET_ASSIGN(scale, pieces.take_floats());
    OCTET_ASSIGN(bias, pieces.take_floats());
  }
  const std::size_t channels = scale.size();
  if (bias.empty()) bias.assign(channels, 0.0f);
  return finish_per_channel(e, scale, bias, std::vector<float>(channels, 0.0f), std::vector<float>(channels, 1.0f), 0);
}

Status convert_batch_norm(Emitter& e) {
  OCTET_ASSIGN(const auto* parameters, e.parameters<fb::BatchNorm>());
  if (e.input_count() == 3) {
    return fail(Code::unsupported, "a normalization by the mean and variance of each image is not supported");
  }
  OCTET_TRY(e.expect_inputs(1, 1));
  std::vector<float> mean = copy_or(parameters->mean(), 0, 0);
  std::vector<float> variance = copy_or(parameters->variance(), 0, 0);
  const std::size_t channels = variance.size();
  return finish_per_channel(e, copy_or(parameters->slope(), channels, 1), copy_or(parameters->bias(), channels, 0),
                            mean, variance, parameters->epsilon());
}

Status convert_reduction(Emitter& e) {
  OCTET_ASSIGN(const auto* parameters, e.parameters<fb::ReductionParam>());
  OCTET_TRY(e.expect_inputs(1, 2));
  Attributes attrs;
  OCTET_ASSIGN(attrs.reduce, reduce_kind(parameters->operation()));
  attrs.keep_dims = parameters->keep_dims();
  attrs.axes = widened(parameters->dim());
  std::vector<TensorId> inputs{e.input(0)};
  const TensorId list = e.input(1);
  const bool computed = attrs.axes.empty() && list != kNoTensor && !e.graph().is_constant(list);
  if (computed) {
    inputs.push_back(list);
  } else if (attrs.axes.empty() && list != kNoTensor) {
    OCTET_ASSIGN(attrs.axes, e.integers(list, "its list of axes"));
  }
  const TensorId result = e.emit(octet::Op::reduce, std::move(inputs), attrs);
  if (!attrs.keep_dims) {
    const int rank = e.rank(result);
    const auto removed = static_cast<int>(std::min<std::size_t>(attrs.axes.size(), 64));
    if (computed || rank == kUnknownRank || removed > rank) {
      e.set_rank(result, kUnknownRank);
    } else {
      e.set_rank(result, removed == 0 ? 0 : rank - removed);
    }
  }
  e.finish(result);
  return {};
}

Status convert_select(Emitter& e) {
  OCTET_TRY(e.expect_inputs(3, 3));
  const TensorId condition = e.cast(e.input(0), DType::boolean);
  const TensorId values = e.input(1);
  const TensorId result = e.emit(octet::Op::where, {condition, values, e.input(2)});
  e.set_dtype(result, e.dtype(values));
  e.set_layout(result, e.layout(values));
  const int ranks[] = {e.rank(condition), e.rank(values), e.rank(e.input(2))};
  const bool known = std::find(std::begin(ranks), std::end(ranks), kUnknownRank) == std::end(ranks);
  e.set_rank(result, known ? *std::max_element(std::begin(ranks), std::end(ranks)) : kUnknownRank);
  e.finish(result);
  return {};
}

}  // namespace octet::mnn
