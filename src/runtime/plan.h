// A plan: what a session needs to run a graph on one instruction set. Steps with their kernels and packed weights,
// tensors with their places in one arena. It holds no pointer into a session and is shared by the sessions of a model.
#pragma once

#include <memory>
#include <vector>

#include "ops/op.h"
#include "runtime/memory.h"

namespace octet {

// Where a tensor is while the plan runs.
struct Place {
  enum class Space : std::uint8_t { none, arena, constant };
  Space space = Space::none;
  int index = -1;  // arena: number of the buffer; constant: TensorId
  Layout layout = Layout::contiguous;
};

struct PlannedStep {
  Step step;
  std::vector<Place> inputs;
  std::vector<Place> outputs;
  std::vector<TensorId> made;  // tensors of the graph that exist once the step has run
};

struct Plan {
  std::shared_ptr<const Graph> graph;
  Isa isa = Isa::ref;
  std::vector<PlannedStep> steps;
  std::vector<Buffer> buffers;
  std::vector<Place> places;      // by TensorId
  std::size_t arena_bytes = 0;    // of all buffers
  std::size_t scratch_bytes = 0;  // for each thread, the largest of the steps
  std::size_t packed_bytes = 0;

  const std::string& name_of(const PlannedStep& planned) const;
};

// Chooses layouts and kernels, packs weights, plans the memory. Errors (Code::unsupported) name the node.
Result<std::shared_ptr<const Plan>> make_plan(std::shared_ptr<const Graph> graph, Isa isa);

}  // namespace octet
