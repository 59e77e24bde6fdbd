// The list of ONNX operators that are imported: one row an operator, in the file of its kind.
#pragma once

#include <limits>
#include <span>
#include <string_view>

#include "import/onnx/context.h"

namespace octet::onnx {

inline constexpr int kOldestOpset = 7;
inline constexpr int kNewestOpset = 23;
inline constexpr std::size_t kAnyCount = std::numeric_limits<std::size_t>::max();

struct Operator {
  std::string_view name;
  int since;  // first opset that has it; the versions of an operator are told apart by its converter
  int until;  // last one
  std::size_t min_inputs, max_inputs;  // inputs below min_inputs are given
  Status (*convert)(NodeContext& node);
};

std::span<const Operator> elementwise_operators();
std::span<const Operator> activation_operators();
std::span<const Operator> window_operators();
std::span<const Operator> matrix_operators();
std::span<const Operator> normalization_operators();
std::span<const Operator> reduction_operators();
std::span<const Operator> shape_operators();
std::span<const Operator> indexing_operators();
std::span<const Operator> resize_operators();
std::span<const Operator> constant_operators();
std::span<const Operator> quantize_operators();
std::span<const Operator> qlinear_operators();
// All of them.
std::vector<std::span<const Operator>> all_operators();

// The row of an operator, nullptr where there is none. Operators of other domains than the default one are named
// "domain.name".
const Operator* find_operator(std::string_view name);
// Whether an operator is one of those that read and make integers with scales.
bool is_quantized_operator(const Operator& row);

}  // namespace octet::onnx
