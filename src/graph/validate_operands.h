// Types, constants and attributes of one executable node whose shapes are known to be right.
#pragma once

#include "base/status.h"
#include "graph/constant_facts.h"
#include "graph/graph.h"

namespace octet {

Status validate_operands(const Graph& graph, ConstantFacts& facts, const Node& node);

// Float32, or int8 with a scale and a zero point in range.
Status validate_activation(const Tensor& tensor);

}  // namespace octet
