// Elementwise arithmetic, comparison and selection.
#include "import/onnx/operators.h"

namespace octet::onnx {
namespace {

template <UnaryKind kind>
Status convert_unary(NodeContext& node) {
  Attributes attrs;
  attrs.unary = kind;
  return node.result(Op::unary, {node.input(0)}, attrs);
}

template <BinaryKind kind>
Status convert_binary(NodeContext& node) {
  return node.result_binary(kind, node.input(0), node.input(1));
}

// Base and exponent may be of different types since opset 12; the result is of the base's type.
Status convert_pow(NodeContext& node) {
  Builder& builder = node.builder();
  TensorId base = node.input(0);
  const DType dtype = builder.tensor(base).dtype;
  if (dtype == DType::f32) return node.result_binary(BinaryKind::pow, base, builder.as_f32(node.input(1)));
  if (builder.tensor(node.input(1)).dtype != DType::f32) {
    return node.result_binary(BinaryKind::pow, base, node.input(1));
  }
  Attributes cast;
  cast.to = DType::f32;
  const TensorId power = node.emit_binary(BinaryKind::pow, node.emit(Op::cast, {base}, cast), node.input(1));
  cast.to = dtype;
  return node.result(Op::cast, {power}, cast);
}

// Max, Min, Sum and Mean of any number of inputs: a chain.
template <BinaryKind kind>
Status convert_chain(NodeContext& node) {
  const auto& inputs = node.inputs();
  for (const TensorId id : inputs) {
    if (id == kNoTensor) return NodeContext::invalid("an input is missing");
  }
  if (inputs.size() == 1) return node.result(Op::identity, {inputs[0]});
  TensorId chain = inputs[0];
  for (std::size_t i = 1; i + 1 < inputs.size(); ++i) chain = node.emit_binary(kind, chain, inputs[i]);
  return node.result_binary(kind, chain, inputs.back());
}

Status convert_mean(NodeContext& node) {
  const auto& inputs = node.inputs();
  TensorId sum = inputs[0];
  for (std::size_t i = 1; i < inputs.size(); ++i) {
    if (inputs[i] == kNoTensor) return NodeContext::invalid("an input is missing");
    sum = node.emit_binary(BinaryKind::add, sum, inputs[i]);
  }
  return node.result_binary(BinaryKind::div, sum, node.scalar(static_cast<float>(inputs.size())));
}

template <CompareKind kind>
Status convert_compare(NodeContext& node) {
  Attributes attrs;
  attrs.compare = kind;
  return node.result(Op::compare, {node.input(0), node.input(1)}, attrs);
}

Status convert_where(NodeContext& node) { return node.result(Op::where, node.inputs()); }

constexpr Operator kOperators[] = {
    {"Abs", 6, kNewestOpset, 1, 1, convert_unary<UnaryKind::abs>},
    {"Add", 7, kNewestOpset, 2, 2, convert_binary<BinaryKind::add>},
    {"And", 7, kNewestOpset, 2, 2, convert_compare<CompareKind::logical_and>},
    {"Ceil", 6, kNewestOpset, 1, 1, convert_unary<UnaryKind::ceil>},
    {"Cos", 7, kNewestOpset, 1, 1, convert_unary<UnaryKind::cos>},
    {"Div", 7, kNewestOpset, 2, 2, convert_binary<BinaryKind::div>},
    {"Equal", 7, kNewestOpset, 2, 2, convert_compare<CompareKind::equal>},
    {"Erf", 9, kNewestOpset, 1, 1, convert_unary<UnaryKind::erf>},
    {"Exp", 6, kNewestOpset, 1, 1, convert_unary<UnaryKind::exp>},
    {"Floor", 6, kNewestOpset, 1, 1, convert_unary<UnaryKind::floor>},
    {"Greater", 7, kNewestOpset, 2, 2, convert_compare<CompareKind::greater>},
    {"GreaterOrEqual", 12, kNewestOpset, 2, 2, convert_compare<CompareKind::greater_equal>},
    {"Less", 7, kNewestOpset, 2, 2, convert_compare<CompareKind::less>},
    {"LessOrEqual", 12, kNewestOpset, 2, 2, convert_compare<CompareKind::less_equal>},
    {"Log", 6, kNewestOpset, 1, 1, convert_unary<UnaryKind::log>},
    {"Max", 6, kNewestOpset, 1, kAnyCount, convert_chain<BinaryKind::max>},
    {"Mean", 6, kNewestOpset, 1, kAnyCount, convert_mean},
    {"Min", 6, kNewestOpset, 1, kAnyCount, convert_chain<BinaryKind::min>},
    {"Mul", 7, kNewestOpset, 2, 2, convert_binary<BinaryKind::mul>},
    {"Neg", 6, kNewestOpset, 1, 1, convert_unary<UnaryKind::neg>},
    {"Not", 1, kNewestOpset, 1, 1, convert_unary<UnaryKind::logical_not>},
    {"Or", 7, kNewestOpset, 2, 2, convert_compare<CompareKind::logical_or>},
    {"Pow", 7, kNewestOpset, 2, 2, convert_pow},
    {"Reciprocal", 6, kNewestOpset, 1, 1, convert_unary<UnaryKind::reciprocal>},
    {"Round", 11, kNewestOpset, 1, 1, convert_unary<UnaryKind::round>},
    {"Sign", 9, kNewestOpset, 1, 1, convert_unary<UnaryKind::sign>},
    {"Sin", 7, kNewestOpset, 1, 1, convert_unary<UnaryKind::sin>},
    {"Sqrt", 6, kNewestOpset, 1, 1, convert_unary<UnaryKind::sqrt>},
    {"Sub", 7, kNewestOpset, 2, 2, convert_binary<BinaryKind::sub>},
    {"Sum", 6, kNewestOpset, 1, kAnyCount, convert_chain<BinaryKind::add>},
    {"Where", 9, kNewestOpset, 3, 3, convert_where},
};

}  // namespace

std::span<const Operator> elementwise_operators() { return kOperators; }

}  // namespace octet::onnx
