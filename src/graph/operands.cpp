#include "graph/operands.h"

#include <algorithm>
#include <string>

namespace octet {

const OperandRule* operand_rule(Op op) {
  static constexpr OperandRule kOne{1, 1};
  static constexpr OperandRule kOneOrTwo{1, 2};
  static constexpr OperandRule kTwo{2, 2};
  static constexpr OperandRule kConvolution{2, 5};
  static constexpr OperandRule kSplit{1, 2, kAny};
  static constexpr OperandRule kAnyOperands{1, kAny};
  static constexpr OperandRule kThree{3, 3};
  static constexpr OperandRule kPad{1, 4};
  static constexpr OperandRule kSlice{1, 5};
  static constexpr OperandRule kBatchNorm{5, 5};
  static constexpr OperandRule kIdentity{1, 3, 2};  // Dropout brings ratio, mode and a mask
  switch (op) {
    case Op::conv:
    case Op::conv_transpose:
    case Op::gemm:
      return &kConvolution;
    case Op::mat_mul:
    case Op::prelu:
    case Op::binary:
    case Op::gather:
    case Op::compare:
      return &kTwo;
    case Op::max_pool:
    case Op::average_pool:
    case Op::transpose:
    case Op::depth_to_space:
    case Op::space_to_depth:
    case Op::quantize:
    case Op::dequantize:
    case Op::requantize:
    case Op::cast:
    case Op::shape:
    case Op::constant_of_shape:
    case Op::flatten:
      return &kOne;
    case Op::reduce:
    case Op::unary:
    case Op::reshape:
    case Op::softmax:
    case Op::expand:
    case Op::squeeze:
    case Op::unsqueeze:
    case Op::tile:
      return &kOneOrTwo;
    case Op::concat:
      return &kAnyOperands;
    case Op::split:
      return &kSplit;
    case Op::slice:
      return &kSlice;
    case Op::pad:
    case Op::resize:
      return &kPad;
    case Op::batch_norm:
      return &kBatchNorm;
    case Op::identity:
      return &kIdentity;
    case Op::range:
    case Op::where:
      return &kThree;
  }
  return nullptr;
}

bool is_executable(Op op) { return static_cast<int>(op) < static_cast<int>(Op::identity); }

bool is_move(Op op) {
  switch (op) {
    case Op::concat:
    case Op::split:
    case Op::slice:
    case Op::pad:
    case Op::reshape:
    case Op::transpose:
    case Op::depth_to_space:
    case Op::space_to_depth:
    case Op::gather:
    case Op::expand:
      return true;
    default:
      return false;
  }
}

bool keeps_values(const Node& node) { return is_move(node.op) || node.op == Op::max_pool || node.op == Op::resize; }

Status check_operand_counts(const Node& node) {
  const OperandRule* rule = operand_rule(node.op);
  if (rule == nullptr) {
    return fail(Code::format, describe(node) + " has the operator number " + std::to_string(static_cast<int>(node.op)) +
                                  ", which this version does not know");
  }
  const bool given = node.inputs.size() >= static_cast<std::size_t>(rule->required) &&
                     std::find(node.inputs.begin(), node.inputs.begin() + rule->required, kNoTensor) ==
                         node.inputs.begin() + rule->required;
  if (!given) {
    return fail(Code::format,
                describe(node) + " needs " + std::to_string(rule->required) + " inputs, but the file gives " +
                    std::to_string(node.inputs.size() - static_cast<std::size_t>(std::count(
                                                            node.inputs.begin(), node.inputs.end(), kNoTensor))));
  }
  if (node.inputs.size() > static_cast<std::size_t>(rule->most)) {
    return fail(Code::format, describe(node) + " has " + std::to_string(node.inputs.size()) +
                                  " inputs; it takes at most " + std::to_string(rule->most));
  }
  if (node.op == Op::concat && std::find(node.inputs.begin(), node.inputs.end(), kNoTensor) != node.inputs.end()) {
    return fail(Code::format, describe(node) + " has an input without a tensor");
  }
  if (node.outputs.empty() || node.outputs.size() > static_cast<std::size_t>(rule->most_outputs)) {
    return fail(Code::format, describe(node) + " has " + std::to_string(node.outputs.size()) +
                                  " outputs, which its operator cannot have");
  }
  return {};
}

}  // namespace octet
