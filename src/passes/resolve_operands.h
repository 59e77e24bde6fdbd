// Operands that types.h calls "until resolved".
#pragma once

#include "base/status.h"
#include "graph/graph.h"

namespace octet {

// Moves constant operands such as the axes of a reduction or the shape of a reshape into the attributes and drops them.
// What is not constant is an error that names node and operand.
Status resolve_operands(const Graph& graph, Node& node);

}  // namespace octet
