// Nodes that were not evaluated, as operators that can be executed.
#pragma once

#include "base/status.h"
#include "passes/rewrite.h"

namespace octet {

// Emits what stands for `node` (operands resolved, shapes inferred): the node itself, executable operators that do
// the same, or nothing where it does nothing.
Status lower(Rewriter& rewriter, Node& node);

}  // namespace octet
