// Functions of one and of two values.
#include <algorithm>
#include <cmath>
#include <limits>

#include "export/int8.h"
#include "export/tflite/operators.h"

namespace octet::to_tflite {
namespace {

using Kind = fb::BuiltinOperator;

// The operator that is the function itself.
bool find_operator(const Attributes& attrs, Kind* kind, Options* operator_options) {
  const float alpha = attrs.alpha;
  switch (attrs.unary) {
    case UnaryKind::relu:
      return *kind = Kind::RELU, true;
    case UnaryKind::clip:
      if (attrs.alpha == 0 && attrs.beta == 6) return *kind = Kind::RELU6, true;
      return false;
    case UnaryKind::leaky_relu:
      *operator_options = options(fb::BuiltinOptions::LeakyReluOptions,
                                  [alpha](auto& builder) { return fb::CreateLeakyReluOptions(builder, alpha); });
      return *kind = Kind::LEAKY_RELU, true;
    case UnaryKind::sigmoid:
      return *kind = Kind::LOGISTIC, true;
    case UnaryKind::tanh:
      return *kind = Kind::TANH, true;
    case UnaryKind::hard_swish:
      return *kind = Kind::HARD_SWISH, true;
    case UnaryKind::gelu:
    case UnaryKind::gelu_tanh: {
      const bool approximate = attrs.unary == UnaryKind::gelu_tanh;
      *operator_options = options(fb::BuiltinOptions::GeluOptions,
                                  [approximate](auto& builder) { return fb::CreateGeluOptions(builder, approximate); });
      return *kind = Kind::GELU, true;
    }
    case UnaryKind::elu:
      return *kind = Kind::ELU, attrs.alpha == 1;
    case UnaryKind::exp:
      return *kind = Kind::EXP, true;
    case UnaryKind::log:
      return *kind = Kind::LOG, true;
    case UnaryKind::sqrt:
      return *kind = Kind::SQRT, true;
    case UnaryKind::rsqrt:
      return *kind = Kind::RSQRT, true;
    case UnaryKind::neg:
      return *kind = Kind::NEG, true;
    case UnaryKind::abs:
      return *kind = Kind::ABS, true;
    case UnaryKind::floor:
      return *kind = Kind::FLOOR, true;
    case UnaryKind::ceil:
      return *kind = Kind::CEIL, true;
    case UnaryKind::round:
      return *kind = Kind::ROUND, true;
    case UnaryKind::sin:
      return *kind = Kind::SIN, true;
    case UnaryKind::cos:
      return *kind = Kind::COS, true;
    case UnaryKind::sign:
      return *kind = Kind::SIGN, true;
    case UnaryKind::square:
      return *kind = Kind::SQUARE, true;
    default:
      return false;
  }
}

// Functions whose int8 form takes any scales on both sides and gives what the table gives, or a step beside it.
bool has_int8_form(UnaryKind kind) {
  return kind == UnaryKind::relu || kind == UnaryKind::clip || kind == UnaryKind::leaky_relu ||
         kind == UnaryKind::hard_swish;
}

// A function that is spelled out in float32: each step makes a tensor, the last one that of the node.
class Spelled {
 public:
  Spelled(Emitter& e, const Node& node, const Order& order)
      : e_(e), node_(node), order_(order), dims_(permuted(e.tensor(node.outputs[0]).dims, order)) {}

  FileTensor one(Kind kind, FileTensor x) {
    const FileTensor y = e_.temporary(node_.name + "/step", dims_);
    e_.op(kind, false, {x}, {y});
    return y;
  }
  FileTensor two(Kind kind, FileTensor a, FileTensor b) {
    const FileTensor y = e_.temporary(node_.name + "/step", dims_);
    emit(kind, a, b, y);
    return y;
  }
  FileTensor number(float value) { return e_.scalar(node_.name + "/constant", value); }
  Status last(Kind kind, FileTensor a, FileTensor b = kAbsent) {
    const FileTensor y = e_.write_float(node_.outputs[0], order_);
    if (b == kAbsent) {
      e_.op(kind, false, {a}, {y});
    } else {
      emit(kind, a, b, y);
    }
    e_.written_float(node_.outputs[0], y, order_);
    return {};
  }

 private:
  void emit(Kind kind, FileTensor a, FileTensor b, FileTensor y) {
    Options with;
    if (kind == Kind::ADD) {
      with = options(fb::BuiltinOptions::AddOptions, [](auto& builder) { return fb::CreateAddOptions(builder); });
    } else if (kind == Kind::MUL) {
      with = options(fb::BuiltinOptions::MulOptions, [](auto& builder) { return fb::CreateMulOptions(builder); });
    } else if (kind == Kind::SUB) {
      with = options(fb::BuiltinOptions::SubOptions, [](auto& builder) { return fb::CreateSubOptions(builder); });
    } else if (kind == Kind::DIV) {
      with = options(fb::BuiltinOptions::DivOptions, [](auto& builder) { return fb::CreateDivOptions(builder); });
    }
    e_.op(kind, false, {a, b}, {y}, std::move(with));
  }

  Emitter& e_;
  const Node& node_;
  Order order_;
  Dims dims_;
};

// log(1 + exp(x)) = max(x, 0) + log(1 + exp(-|x|)): no exponent overflows.
FileTensor softplus(Spelled& s, FileTensor x, FileTensor* positive, FileTensor* rest) {
  const FileTensor exponent = s.one(Kind::EXP, s.one(Kind::NEG, s.one(Kind::ABS, x)));
  *positive = s.one(Kind::RELU, x);
  *rest = s.one(Kind::LOG, s.two(Kind::ADD, exponent, s.number(1)));
  return kAbsent;
}

// alpha * (exp(min(x, 0)) - 1)
FileTensor negative_elu(Spelled& s, FileTensor x, float alpha) {
  const FileTensor exponent = s.one(Kind::EXP, s.two(Kind::MINIMUM, x, s.number(0)));
  return s.two(Kind::MUL, s.two(Kind::SUB, exponent, s.number(1)), s.number(alpha));
}

Status emit_spelled(Emitter& e, const Node& node, FileTensor x, const Order& order) {
  Spelled s(e, node, order);
  const Attributes& attrs = node.attrs;
  FileTensor positive = kAbsent;
  FileTensor rest = kAbsent;
  switch (attrs.unary) {
    case UnaryKind::clip: {
      const bool low = std::isfinite(attrs.alpha);
      const bool high = std::isfinite(attrs.beta);
      if (low && high)
        return s.last(Kind::MINIMUM, s.two(Kind::MAXIMUM, x, s.number(attrs.alpha)), s.number(attrs.beta));
      if (high) return s.last(Kind::MINIMUM, x, s.number(attrs.beta));
      return s.last(Kind::MAXIMUM, x, s.number(low ? attrs.alpha : std::numeric_limits<float>::lowest()));
    }
    case UnaryKind::hard_sigmoid: {
      const FileTensor line = s.two(Kind::ADD, s.two(Kind::MUL, x, s.number(attrs.alpha)), s.number(attrs.beta));
      return s.last(Kind::MINIMUM, s.two(Kind::MAXIMUM, line, s.number(0)), s.number(1));
    }
    case UnaryKind::silu:
      return s.last(Kind::MUL, x, s.one(Kind::LOGISTIC, x));
    case UnaryKind::elu:
      return s.last(Kind::ADD, s.one(Kind::RELU, x), negative_elu(s, x, attrs.alpha));
    case UnaryKind::selu: {
      const FileTensor elu = s.two(Kind::ADD, s.one(Kind::RELU, x), negative_elu(s, x, attrs.alpha));
      return s.last(Kind::MUL, elu, s.number(attrs.beta));
    }
    case UnaryKind::reciprocal:
      return s.last(Kind::DIV, s.number(1), x);
    case UnaryKind::softplus:
      softplus(s, x, &positive, &rest);
      return s.last(Kind::ADD, positive, rest);
    case UnaryKind::mish:
      softplus(s, x, &positive, &rest);
      return s.last(Kind::MUL, x, s.one(Kind::TANH, s.two(Kind::ADD, positive, rest)));
    case UnaryKind::softsign:
      return s.last(Kind::DIV, x, s.two(Kind::ADD, s.one(Kind::ABS, x), s.number(1)));
    default:
      return unsupported(node, std::string(name_of(attrs.unary)) + " is no operator of TFLite");
  }
}

}  // namespace

Status emit_unary(Emitter& e, const Node& node) {
  const bool int8 = is_int8(e.graph(), node);
  if (int8) OCTET_TRY(check_unary_table(e.graph(), node));
  Kind kind{};
  Options with;
  const bool found = find_operator(node.attrs, &kind, &with);
  const bool as_int8 = int8 && found && has_int8_form(node.attrs.unary);
  const Order order = e.order_of(node.inputs[0]);
  const FileTensor x = as_int8 ? e.read(node.inputs[0], order) : e.read_float(node.inputs[0], order);
  if (!found) return emit_spelled(e, node, x, order);
  const FileTensor y = as_int8 ? e.write(node.outputs[0], order) : e.write_float(node.outputs[0], order);
  e.op(kind, as_int8, {x}, {y}, std::move(with));
  if (!as_int8) e.written_float(node.outputs[0], y, order);
  return {};
}

Status emit_prelu(Emitter& e, const Node& node) {
  const Dims& dims = e.tensor(node.inputs[0]).dims;
  const Order order = e.order_of(node.inputs[0]);
  Dims slope_dims(dims.size(), 1);
  std::vector<float> slopes;
  if (is_int8(e.graph(), node)) {
    OCTET_ASSIGN(slopes, prelu_slopes(e.graph(), node));
    slope_dims[1] = static_cast<std::int64_t>(slopes.size());
  } else {
    const Tensor& slope = e.tensor(node.inputs[1]);
    const auto values = slope.data.as<float>();
    slopes.assign(values.begin(), values.end());
    std::copy(slope.dims.rbegin(), slope.dims.rend(), slope_dims.rbegin());
    const auto large = std::count_if(slope_dims.begin(), slope_dims.end(), [](std::int64_t dim) { return dim > 1; });
    if (large > 1) return unsupported(node, "TFLite's PRELU takes a slope for each channel, not for each element");
  }
  // One dimension has all elements, so that they need no moving. TFLite wants no dimension for the batch.
  Dims permuted_dims = permuted(slope_dims, order);
  permuted_dims.erase(permuted_dims.begin());
  if (element_count(permuted_dims) != static_cast<std::int64_t>(slopes.size())) {
    return unsupported(node, "its slopes differ between the samples of a batch");
  }
  const FileTensor x = e.read_float(node.inputs[0], order);
  const FileTensor y = e.write_float(node.outputs[0], order);
  e.op(Kind::PRELU, false, {x, e.floats(node.name + "/slope", permuted_dims, slopes)}, {y});
  e.written_float(node.outputs[0], y, order);
  return {};
}

namespace {

// The operand in `order` of the result; one of fewer dimensions is broadcast from the last on, so that it gets leading
// dimensions of 1 where the order is not the graph's.
FileTensor operand(Emitter& e, const Node& node, TensorId id, const Order& order) {
  const Tensor& tensor = e.tensor(id);
  if (tensor.dims.size() == order.size()) return e.read(id, order);
  if (order == same_order(order.size()) || tensor.dims.empty()) return e.read(id);
  Dims dims(order.size() - tensor.dims.size(), 1);
  dims.insert(dims.end(), tensor.dims.begin(), tensor.dims.end());
  // At most one dimension is larger than 1 (see below), so that its elements need no moving.
  const Quant* quant = tensor.dtype == DType::i8 ? &tensor.quant : nullptr;
  const FileTensor wide = e.temporary(node.name + "/operand", permuted(dims, order), quant);
  e.reshape(e.read(id), wide);
  return wide;
}

bool is_short(const Emitter& e, TensorId id, std::size_t rank) {
  const Dims& dims = e.tensor(id).dims;
  return dims.size() < rank && std::count_if(dims.begin(), dims.end(), [](std::int64_t dim) { return dim > 1; }) > 1;
}

}  // namespace

Status emit_binary(Emitter& e, const Node& node) {
  const std::size_t rank = e.rank(node.outputs[0]);
  // The order of the first operand that is an activation with all dimensions.
  Order order = same_order(rank);
  for (const TensorId id : node.inputs) {
    if (!e.tensor(id).constant && e.rank(id) == rank) {
      order = e.order_of(id);
      break;
    }
  }
  for (const TensorId id : node.inputs) {
    if (is_short(e, id, rank)) order = same_order(rank);
  }
  const FileTensor a = operand(e, node, node.inputs[0], order);
  const FileTensor b = operand(e, node, node.inputs[1], order);
  const bool int8 = is_int8(e.graph(), node);
  // MAXIMUM, MINIMUM and POW have no activation.
  const BinaryKind kind = node.attrs.binary;
  const bool plain = kind == BinaryKind::min || kind == BinaryKind::max || kind == BinaryKind::pow;
  if (plain) {
    const Kind op = kind == BinaryKind::min ? Kind::MINIMUM : kind == BinaryKind::max ? Kind::MAXIMUM : Kind::POW;
    const Clamp clamp = node.attrs.clamp;
    const FileTensor y = e.write(node.outputs[0], order);
    const FileTensor before = clamp.active() ? e.temporary(node.name + "/unlimited", e.file().dims(y)) : y;
    e.op(op, int8, {a, b}, {before});
    if (clamp.active()) emit_limits(e, node, before, y, clamp, nullptr);
    return {};
  }
  Target target(e, node, order, false);
  const auto activation = target.activation();
  Options with;
  Kind op = Kind::ADD;
  if (kind == BinaryKind::add) {
    with = options(fb::BuiltinOptions::AddOptions,
                   [activation](auto& builder) { return fb::CreateAddOptions(builder, activation); });
  } else if (kind == BinaryKind::sub) {
    op = Kind::SUB;
    with = options(fb::BuiltinOptions::SubOptions,
                   [activation](auto& builder) { return fb::CreateSubOptions(builder, activation); });
  } else if (kind == BinaryKind::mul) {
    op = Kind::MUL;
    with = options(fb::BuiltinOptions::MulOptions,
                   [activation](auto& builder) { return fb::CreateMulOptions(builder, activation); });
  } else {
    op = Kind::DIV;
    with = options(fb::BuiltinOptions::DivOptions,
                   [activation](auto& builder) { return fb::CreateDivOptions(builder, activation); });
  }
  e.op(op, int8, {a, b}, {target.tensor()}, std::move(with));
  target.done();
  return {};
}

}  // namespace octet::to_tflite
