// Functions of one or two tensors, and softmax.
#include <algorithm>
#include <cmath>
#include <limits>
#include <string>

#include "export/mnn/write.h"

namespace octet::mnn {
namespace {

constexpr fb::DataFormat kPlain = fb::DataFormat::NCHW;
constexpr float kInfinity = std::numeric_limits<float>::infinity();

// The functions that MNN has under one name.
std::optional<fb::UnaryType> function_of(UnaryKind kind) {
  switch (kind) {
    case UnaryKind::hard_swish:
      return fb::UnaryType::HardSwish;
    case UnaryKind::silu:
      return fb::UnaryType::Silu;
    case UnaryKind::gelu:
      return fb::UnaryType::GeluStandard;
    case UnaryKind::gelu_tanh:
      return fb::UnaryType::Gelu;
    case UnaryKind::exp:
      return fb::UnaryType::Exp;
    case UnaryKind::log:
      return fb::UnaryType::Log;
    case UnaryKind::sqrt:
      return fb::UnaryType::Sqrt;
    case UnaryKind::neg:
      return fb::UnaryType::Neg;
    case UnaryKind::abs:
      return fb::UnaryType::Abs;
    case UnaryKind::reciprocal:
      return fb::UnaryType::Reciprocal;
    case UnaryKind::floor:
      return fb::UnaryType::Floor;
    case UnaryKind::ceil:
      return fb::UnaryType::Ceil;
    case UnaryKind::erf:
      return fb::UnaryType::Erf;
    case UnaryKind::sin:
      return fb::UnaryType::Sin;
    case UnaryKind::cos:
      return fb::UnaryType::Cos;
    case UnaryKind::sign:
      return fb::UnaryType::Sign;
    case UnaryKind::rsqrt:
      return fb::UnaryType::Rsqrt;
    case UnaryKind::square:
      return fb::UnaryType::Square;
    default:
      return std::nullopt;
  }
}

std::optional<fb::BinaryType> operation_of(BinaryKind kind) {
  switch (kind) {
    case BinaryKind::add:
      return fb::BinaryType::Add;
    case BinaryKind::sub:
      return fb::BinaryType::Sub;
    case BinaryKind::mul:
      return fb::BinaryType::Mul;
    case BinaryKind::div:
      return fb::BinaryType::RealDiv;
    case BinaryKind::min:
      return fb::BinaryType::Minimum;
    case BinaryKind::max:
      return fb::BinaryType::Maximum;
    case BinaryKind::pow:
      return fb::BinaryType::Pow;
  }
  return std::nullopt;
}

// Functions that MNN lacks, spelled out: steps on the tensor `x`, each a float tensor of the same shape.
class Steps {
 public:
  Steps(Writer& w, const Node& node, std::int32_t from) : w_(w), node_(node), from_(from) {}

  std::int32_t unary(std::int32_t x, fb::UnaryType type) {
    const std::int32_t y = next();
    w_.op(fb::OpType::UnaryOp, w_.op_name(node_.name), {x}, {y}, Writer::main(fb::CreateUnaryOp(w_.builder(), type)));
    return y;
  }
  std::int32_t binary(std::int32_t a, std::int32_t b, fb::BinaryType type) {
    const std::int32_t y = next();
    binary_to(a, b, type, y);
    return y;
  }
  void binary_to(std::int32_t a, std::int32_t b, fb::BinaryType type, std::int32_t y) {
    w_.op(fb::OpType::BinaryOp, w_.op_name(node_.name), {a, b}, {y},
          Writer::main(fb::CreateBinaryOp(w_.builder(), type)));
  }
  std::int32_t number(float value) { return w_.constant(Dims{}, std::vector<float>{value}, node_.name + "/number"); }
  std::int32_t from() const { return from_; }

 private:
  std::int32_t next() {
    const TensorId input = node_.inputs[0];
    return w_.between(input, w_.tensor(input).dims, w_.format(from_));
  }

  Writer& w_;
  const Node& node_;
  std::int32_t from_;
};

Status write_spelled_out(Writer& w, const Node& node) {
  const UnaryKind kind = node.attrs.unary;
  if (kind != UnaryKind::hard_sigmoid && kind != UnaryKind::softsign) {
    return fail(Code::unsupported, "the function " + std::string(name_of(kind)) + ", which MNN does not have");
  }
  if (w.tensor(node.input(0)).dtype == DType::i8) {
    return fail(Code::unsupported, "the function " + std::string(name_of(kind)) +
                                       " of int8, which MNN does not have; " +
                                       "leave the layer in float (skip_quant_op_names)");
  }
  Steps steps(w, node, w.read(node.input(0)));
  if (kind == UnaryKind::softsign) {  // x / (1 + |x|)
    const std::int32_t below =
        steps.binary(steps.unary(steps.from(), fb::UnaryType::Abs), steps.number(1), fb::BinaryType::Add);
    steps.binary_to(steps.from(), below, fb::BinaryType::RealDiv, w.make(node.outputs[0], w.format(steps.from())));
    return {};
  }
  const std::int32_t scaled = steps.binary(steps.from(), steps.number(node.attrs.alpha), fb::BinaryType::Mul);
  const std::int32_t line = steps.binary(scaled, steps.number(node.attrs.beta), fb::BinaryType::Add);
  write_clamp(w, line, w.make(node.outputs[0], w.format(line)), {0, 1}, node.name);
  return {};
}

// What a table of int8 was made from: the slope that the value farthest from zero shows, where it is not cut off.
float slope_of(std::span<const std::int8_t> table, const Quant& in, const Quant& out) {
  for (int q = -128; q < in.zero_point; ++q) {
    const int y = table[static_cast<std::size_t>(q + 128)];
    if (y == -128 || y == 127) continue;
    return static_cast<float>(y - out.zero_point) * out.scale / (static_cast<float>(q - in.zero_point) * in.scale);
  }
  return 0;
}

std::int32_t to_format(Writer& w, TensorId id, fb::DataFormat format) { return w.as(w.read(id), format); }

}  // namespace

void write_clamp(Writer& w, std::int32_t from, std::int32_t to, const Clamp& clamp, const std::string& name) {
  if (clamp.low == 0 && clamp.high == kInfinity) {
    w.op(fb::OpType::ReLU, w.op_name(name), {from}, {to}, Writer::main(fb::CreateRelu(w.builder(), 0)));
    return;
  }
  constexpr float kMost = std::numeric_limits<float>::max();
  const auto table =
      fb::CreateRelu6(w.builder(), std::clamp(clamp.low, -kMost, kMost), std::clamp(clamp.high, -kMost, kMost));
  w.op(fb::OpType::ReLU6, w.op_name(name), {from}, {to}, Writer::main(table));
}

Status write_unary(Writer& w, const Node& node) {
  auto& builder = w.builder();
  const Attributes& attrs = node.attrs;
  const auto write = [&](fb::OpType type, Writer::Main main) {
    const std::int32_t from = w.read(node.input(0));
    w.op(type, w.op_name(node.name), {from}, {w.make(node.outputs[0], w.format(from))}, main);
    return Status();
  };
  switch (attrs.unary) {
    case UnaryKind::relu:
      return write(fb::OpType::ReLU, Writer::main(fb::CreateRelu(builder, 0)));
    case UnaryKind::leaky_relu:
      return write(fb::OpType::ReLU, Writer::main(fb::CreateRelu(builder, attrs.alpha)));
    case UnaryKind::clip: {
      const std::int32_t from = w.read(node.input(0));
      write_clamp(w, from, w.make(node.outputs[0], w.format(from)), {attrs.alpha, attrs.beta}, node.name);
      return {};
    }
    case UnaryKind::sigmoid:
      return write(fb::OpType::Sigmoid, {});
    case UnaryKind::tanh:
      return write(fb::OpType::TanH, {});
    case UnaryKind::elu:
      return write(fb::OpType::ELU, Writer::main(fb::CreateELU(builder, attrs.alpha)));
    case UnaryKind::selu:
      return write(fb::OpType::Selu, Writer::main(fb::CreateSelu(builder, attrs.beta, attrs.alpha)));
    default:
      break;
  }
  const auto function = function_of(attrs.unary);
  if (!function) return write_spelled_out(w, node);
  return write(fb::OpType::UnaryOp, Writer::main(fb::CreateUnaryOp(builder, *function)));
}

Status write_prelu(Writer& w, const Node& node) {
  const Tensor &x = w.tensor(node.input(0)), &operand = w.tensor(node.input(1));
  if (x.dims.size() < 2) return fail(Code::unsupported, "slopes of a tensor without channels");
  const auto channels = static_cast<std::size_t>(x.dims[1]);
  if (!operand.constant) return fail(Code::unsupported, "its slopes are computed as the network runs");
  std::vector<float> slopes;
  if (operand.dtype == DType::i8) {
    const auto tables = operand.data.as<std::int8_t>();
    for (std::size_t c = 0; c < channels; ++c) {
      slopes.push_back(slope_of(tables.subspan(c * 256, 256), x.quant, w.tensor(node.outputs[0]).quant));
    }
  } else {
    const auto values = operand.data.as<float>();
    const bool by_channel = values.size() == channels && operand.dims.size() + 1 >= x.dims.size() &&
                            operand.dims[operand.dims.size() + 1 - x.dims.size()] == x.dims[1];
    if (values.size() != 1 && !by_channel) return fail(Code::unsupported, "slopes other than one for each channel");
    slopes.assign(values.begin(), values.end());
    if (slopes.size() == 1) slopes.resize(channels, values[0]);
  }
  const auto table =
      fb::CreatePRelu(w.builder(), static_cast<std::int32_t>(slopes.size()), w.builder().CreateVector(slopes));
  const std::int32_t from = to_format(w, node.input(0), fb::DataFormat::NC4HW4);
  w.op(fb::OpType::PReLU, w.op_name(node.name), {from}, {w.make(node.outputs[0], fb::DataFormat::NC4HW4)},
       Writer::main(table));
  return {};
}

Status write_binary(Writer& w, const Node& node) {
  const auto type = operation_of(node.attrs.binary);
  if (!type) return fail(Code::unsupported, "this operation");
  std::int32_t inputs[] = {w.read(node.input(0)), w.read(node.input(1))};
  const TensorId out = node.outputs[0];
  // As images where both are of the same shape; what is broadcast goes as it lies.
  const bool alike = w.tensor(node.input(0)).dims == w.tensor(node.input(1)).dims;
  const bool image = alike && w.tensor(out).dims.size() == 4 &&
                     (w.format(inputs[0]) == fb::DataFormat::NC4HW4 || w.format(inputs[1]) == fb::DataFormat::NC4HW4);
  const fb::DataFormat format = image ? fb::DataFormat::NC4HW4 : kPlain;
  for (std::int32_t& input : inputs) input = w.as(input, format);
  const std::int32_t to = w.make(out, format);
  const Clamp& clamp = node.attrs.clamp;
  const bool relu = clamp.low == 0 && clamp.high == kInfinity;
  std::int32_t made = to;
  const bool int8 = w.tensor(out).dtype == DType::i8;
  // An int8 result is limited by its integers: MNN's fused ReLU takes its zero point for 0.
  if (int8) {
    w.limit(to, clamp);
  } else if (clamp.active() && !relu) {
    made = w.between(out, w.tensor(out).dims, format);
  }
  w.op(fb::OpType::BinaryOp, w.op_name(node.name), {inputs[0], inputs[1]}, {made},
       Writer::main(fb::CreateBinaryOp(w.builder(), *type, relu && !int8 ? 1 : 0)));
  if (made != to) write_clamp(w, made, to, clamp, node.name);
  return {};
}

Status write_softmax(Writer& w, const Node& node) {
  const std::int32_t from = to_format(w, node.input(0), kPlain);
  const TensorId out = node.outputs[0];
  const std::int32_t to = node.attrs.log ? w.between(out, w.tensor(out).dims, kPlain) : w.make(out, kPlain);
  w.op(fb::OpType::Softmax, w.op_name(node.name), {from}, {to},
       Writer::main(fb::CreateAxis(w.builder(), static_cast<std::int32_t>(node.attrs.axis))));
  if (node.attrs.log) {
    w.op(fb::OpType::UnaryOp, w.op_name(node.name), {to}, {w.make(out, kPlain)},
         Writer::main(fb::CreateUnaryOp(w.builder(), fb::UnaryType::Log)));
  }
  return {};
}

}  // namespace octet::mnn
