// Functions of one and of two values.
#include <cmath>

#include "export/int8.h"
#include "export/onnx/operators.h"

namespace octet::to_onnx {
namespace {

// The operator that is the function itself; nullptr where it is spelled out.
const char* unary_operator(UnaryKind kind) {
  switch (kind) {
    case UnaryKind::relu:
      return "Relu";
    case UnaryKind::leaky_relu:
      return "LeakyRelu";
    case UnaryKind::sigmoid:
      return "Sigmoid";
    case UnaryKind::tanh:
      return "Tanh";
    case UnaryKind::hard_sigmoid:
      return "HardSigmoid";
    case UnaryKind::hard_swish:
      return "HardSwish";
    case UnaryKind::elu:
      return "Elu";
    case UnaryKind::exp:
      return "Exp";
    case UnaryKind::log:
      return "Log";
    case UnaryKind::sqrt:
      return "Sqrt";
    case UnaryKind::neg:
      return "Neg";
    case UnaryKind::abs:
      return "Abs";
    case UnaryKind::reciprocal:
      return "Reciprocal";
    case UnaryKind::floor:
      return "Floor";
    case UnaryKind::ceil:
      return "Ceil";
    case UnaryKind::round:
      return "Round";
    case UnaryKind::erf:
      return "Erf";
    case UnaryKind::softplus:
      return "Softplus";
    case UnaryKind::softsign:
      return "Softsign";
    case UnaryKind::selu:
      return "Selu";
    case UnaryKind::sin:
      return "Sin";
    case UnaryKind::cos:
      return "Cos";
    case UnaryKind::sign:
      return "Sign";
    case UnaryKind::clip:
    case UnaryKind::silu:
    case UnaryKind::gelu:
    case UnaryKind::gelu_tanh:
    case UnaryKind::mish:
    case UnaryKind::rsqrt:
    case UnaryKind::square:
    case UnaryKind::logical_not:
      break;
  }
  return nullptr;
}

std::vector<Attribute> unary_attributes(const Attributes& attrs) {
  switch (attrs.unary) {
    case UnaryKind::leaky_relu:
    case UnaryKind::elu:
      return {{"alpha", attrs.alpha}};
    case UnaryKind::hard_sigmoid:
      return {{"alpha", attrs.alpha}, {"beta", attrs.beta}};
    case UnaryKind::selu:
      return {{"alpha", attrs.alpha}, {"gamma", attrs.beta}};
    default:
      return {};
  }
}

// A function that is spelled out: each step makes a new value, the last one the node's.
class Spelled {
 public:
  Spelled(Emitter& e, const Node& node) : e_(e), node_(node) {}

  std::string step(std::string_view op_type, std::vector<std::string> inputs) {
    const std::string value = e_.value(name(op_type));
    e_.node(op_type, name(op_type), std::move(inputs), {value});
    return value;
  }
  std::string number(float value) { return e_.scalar(node_.name + "/constant", value); }
  void last(std::string_view op_type, std::vector<std::string> inputs) {
    e_.node(op_type, node_.name, std::move(inputs), {e_.write(node_.outputs[0])});
    e_.written(node_.outputs[0]);
  }

 private:
  std::string name(std::string_view op_type) const { return node_.name + "/" + std::string(op_type); }

  Emitter& e_;
  const Node& node_;
};

Status emit_spelled(Emitter& e, const Node& node, const std::string& x) {
  Spelled s(e, node);
  switch (node.attrs.unary) {
    case UnaryKind::silu:
      s.last("Mul", {x, s.step("Sigmoid", {x})});
      return {};
    case UnaryKind::mish:
      s.last("Mul", {x, s.step("Tanh", {s.step("Softplus", {x})})});
      return {};
    case UnaryKind::rsqrt:
      s.last("Reciprocal", {s.step("Sqrt", {x})});
      return {};
    case UnaryKind::square:
      s.last("Mul", {x, x});
      return {};
    case UnaryKind::gelu: {  // x * (1 + erf(x / sqrt 2)) * 0.5
      const std::string erf = s.step("Erf", {s.step("Div", {x, s.number(std::sqrt(2.0F))})});
      s.last("Mul", {s.step("Mul", {x, s.step("Add", {erf, s.number(1)})}), s.number(0.5F)});
      return {};
    }
    case UnaryKind::gelu_tanh: {  // x * (1 + tanh(sqrt(2 / pi) * (x + 0.044715 x^3))) * 0.5
      const std::string cube = s.step("Mul", {s.step("Mul", {x, x}), x});
      const std::string inner = s.step("Add", {x, s.step("Mul", {cube, s.number(0.044715F)})});
      const std::string tanh = s.step("Tanh", {s.step("Mul", {inner, s.number(0.7978845608F)})});
      s.last("Mul", {s.step("Mul", {x, s.step("Add", {tanh, s.number(1)})}), s.number(0.5F)});
      return {};
    }
    default:
      return fail(Code::unsupported, describe(node) + ": " + name_of(node.attrs.unary) + " is no operator of ONNX");
  }
}

}  // namespace

Clamp clamp_of(const Emitter& e, const Node& node) {
  const Tensor& output = e.graph().at(node.outputs[0]);
  return output.dtype == DType::i8 ? clamp_within(node.attrs.clamp, output.quant) : node.attrs.clamp;
}

void emit_clamp(Emitter& e, const Node& node, const std::string& input, const std::string& output, const Clamp& clamp) {
  const std::string name = node.op == Op::unary ? node.name : node.name + "/clamp";
  if (clamp.low == 0 && !std::isfinite(clamp.high)) {
    e.node("Relu", name, {input}, {output});
    return;
  }
  std::vector<std::string> inputs = {input, std::isfinite(clamp.low) ? e.scalar(name + "/low", clamp.low) : ""};
  if (std::isfinite(clamp.high)) inputs.push_back(e.scalar(name + "/high", clamp.high));
  e.node("Clip", name, std::move(inputs), {output});
}

void emit_clamped(Emitter& e, const Node& node, std::string_view op_type, std::vector<std::string> inputs,
                  std::vector<Attribute> attributes, const Clamp& clamp) {
  const std::string output = e.write(node.outputs[0]);
  const std::string real = clamp.active() ? e.value(node.name + "/unclamped") : output;
  e.node(op_type, node.name, std::move(inputs), {real}, std::move(attributes));
  if (clamp.active()) emit_clamp(e, node, real, output, clamp);
  e.written(node.outputs[0]);
}

Status emit_unary(Emitter& e, const Node& node) {
  if (is_int8(e.graph(), node)) OCTET_TRY(check_unary_table(e.graph(), node));
  const std::string x = e.read(node.inputs[0]);
  if (node.attrs.unary == UnaryKind::clip) {
    emit_clamp(e, node, x, e.write(node.outputs[0]), {node.attrs.alpha, node.attrs.beta});
    e.written(node.outputs[0]);
    return {};
  }
  const char* op_type = unary_operator(node.attrs.unary);
  if (op_type == nullptr) return emit_spelled(e, node, x);
  return emit_single(e, node, op_type, {}, unary_attributes(node.attrs));
}

Status emit_prelu(Emitter& e, const Node& node) {
  if (!is_int8(e.graph(), node)) return emit_single(e, node, "PRelu", {e.read(node.inputs[1])});
  OCTET_ASSIGN(const std::vector<float> slopes, prelu_slopes(e.graph(), node));
  // Broadcast from the last dimension on: [C, 1, 1] for images.
  Dims dims(e.graph().at(node.inputs[0]).dims.size() - 1, 1);
  dims[0] = static_cast<std::int64_t>(slopes.size());
  return emit_single(e, node, "PRelu",
                     {e.initializer(node.name + "/slope", ElementType::f32, dims, std::as_bytes(std::span(slopes)))});
}

Status emit_binary(Emitter& e, const Node& node) {
  static constexpr const char* kOperators[] = {"Add", "Sub", "Mul", "Div", "Min", "Max", "Pow"};
  const std::string a = e.read(node.inputs[0]);
  const std::string b = e.read(node.inputs[1]);
  emit_clamped(e, node, kOperators[static_cast<std::size_t>(node.attrs.binary)], {a, b}, {}, clamp_of(e, node));
  return {};
}

Status emit_softmax(Emitter& e, const Node& node) {
  if (is_int8(e.graph(), node)) OCTET_TRY(check_softmax_table(e.graph(), node));
  return emit_single(e, node, node.attrs.log ? "LogSoftmax" : "Softmax", {}, {{"axis", node.attrs.axis}});
}

}  // namespace octet::to_onnx
