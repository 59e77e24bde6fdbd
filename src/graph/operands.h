// What holds of each operator, whatever its attributes: how many operands and results it has, and what it does to
// values.
#pragma once

#include "base/status.h"
#include "graph/graph.h"

namespace octet {

struct OperandRule {
  int required;          // the first so many operands are given
  int most;              // operands, with those that are there "until resolved"; kAny: no limit
  int most_outputs = 1;  // at least one
};

inline constexpr int kAny = 1 << 30;

// nullptr where `op` is no operator (a number from a damaged file).
const OperandRule* operand_rule(Op op);

// True for what the runtime executes; the others are resolved by fold_constants.
bool is_executable(Op op);

// Moves values one by one: concat, split, reshape, transpose, ...
bool is_move(Op op);

// Moves values, or picks among them: a move, max_pool, resize. In int8 its input and output have one quantization.
bool keeps_values(const Node& node);

// Counts operands and results; Code::format names the node.
Status check_operand_counts(const Node& node);

}  // namespace octet
