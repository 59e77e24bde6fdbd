// The same network for inputs of other sizes: more samples at a time, larger images.
#pragma once

#include <span>

#include "graph/graph.h"

namespace octet {

// Gives each input the dimensions `inputs[i]` (empty: those that it has) and every other tensor what follows. What the
// file left to the input follows it: pads of `same`, patterns of reshapes, scales of resizes, slices that reach to the
// end, expanded dimensions. What the file fixed stays as it is; where it no longer fits, the error (Code::shape) names
// the node. `graph` is finished before and after; after a failure it is not usable.
Status rebind(Graph& graph, std::span<const Dims> inputs);

// The same without the validation of what comes out, which reads every weight: to see what the shapes become.
Status follow_inputs(Graph& graph, std::span<const Dims> inputs);

}  // namespace octet
