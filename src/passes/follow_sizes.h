// fold_constants for networks whose inputs have open sizes (Graph::open_sizes): shapes that a network computes from the
// size of its input become numbers, and shall still follow the size of another input (rebind).
#pragma once

#include <string>
#include <vector>

#include "base/status.h"
#include "graph/graph.h"

namespace octet {

// What the folding learned for the check after the last pass.
struct FollowedSizes {
  std::vector<Dims> outputs;  // the outputs' shapes where every open size is doubled
};

// Folds the network twice, once with doubled open sizes, and compares. A reshape gets a pattern of what differs. A size
// that the result depends on in a way that no pattern says, by a constant that was computed from it say, is open no
// longer: it stays what it is.
Status fold_following(Graph& graph, FollowedSizes* sizes);

// The graph after the last pass makes the same shapes of doubled sizes; where it does not, they are open no longer.
void check_following(Graph& graph, const FollowedSizes& sizes);

}  // namespace octet
