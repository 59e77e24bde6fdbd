// A plan: what a session needs to run a graph on one instruction set. Steps with their kernels and packed weights,
// tensors with their places in one arena. It holds no pointer into a session and is shared by the sessions of a model.
#pragma once

#include <array>
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
  // Of a tensor that is some of the channels of a wider one: where its first element lies in the buffer, in bytes, and
  // elements from a pixel to the next. 0: dense.
  std::size_t offset = 0;
  std::int64_t pixel_stride = 0;
};

struct PlannedStep {
  Step step;
  std::vector<Place> inputs;
  std::vector<Place> outputs;
  std::vector<TensorId> made;  // tensors of the graph that exist once the step has run
};

inline constexpr std::size_t kMostRowInputs = 5;  // of a step that runs on some rows of its tensors

// A step that runs on some rows of its tensors.
struct RowPart {
  RowWindow rows;
  std::int32_t in_h = 0;
  std::size_t input_count = 0;                             // at most kMostRowInputs
  std::array<std::size_t, kMostRowInputs> in_row_bytes{};  // of the inputs that are taken by rows; others 0
  std::size_t out_row_bytes = 0;
};

// One step of a chain.
struct ChainPart : RowPart {
  int from_before = -1;        // the input that the part before makes; -1 in the first part
  std::size_t band = 0;        // of all parts but the last: where the band of the output lies in the scratch memory
  std::int32_t band_rows = 0;  // room there
};

// Consecutive steps that run band by band: some rows of the last one's output, with those rows of the outputs before it
// that they need, while these are in the cache. Tensors between the steps exist only as bands in the scratch memory.
struct Chain {
  int first = 0;  // step
  std::vector<ChainPart> parts;
  std::int32_t out_h = 0;
  std::int32_t tile_rows = 0;  // of the output, for a thread; the rows above that a tile needs are computed once more
  std::int32_t band_rows = 0;
  std::size_t bands_bytes = 0;    // of all bands, at the start of the scratch memory
  std::size_t scratch_bytes = 0;  // with what the steps themselves need behind them
  std::int64_t tiles() const { return (out_h + tile_rows - 1) / tile_rows; }
};

// Steps that threads work on without waiting for each other.
struct Phase {
  enum class Kind : std::uint8_t {
    tiles,  // one step, by its tiles
    rows,   // one step or several, by rows that each of them needs alone of what the others before it make
    chain,
    alone,  // steps that take less time on one thread: small ones, and those that cannot be divided
  };
  Kind kind = Kind::tiles;
  int first = 0;  // step
  int count = 1;
  std::int64_t items = 1;         // for threads to share: tiles or rows
  bool long_lasting = false;      // Phases::Walk::run
  int chain = -1;                 // number in Plan::chains
  std::vector<RowPart> parts;     // rows
  std::int32_t band_rows = 0;     // rows that go through all steps at a time, so that they stay in the cache
  bool pixels = false;            // rows are single pixels
  std::size_t scratch_bytes = 0;  // rows: of the steps on bands
};

// What a plan is for.
enum class PlanUse : std::uint8_t {
  run,      // the least time and memory
  observe,  // every tensor is made whole, in memory of its own, before the next step begins
};

struct Plan {
  std::shared_ptr<const Graph> graph;
  Isa isa = Isa::ref;
  std::vector<PlannedStep> steps;
  std::vector<Chain> chains;  // in the order of their steps, no step in two
  std::vector<Phase> phases;  // all steps in order, each once
  std::vector<Buffer> buffers;
  std::vector<Place> places;      // by TensorId
  std::size_t arena_bytes = 0;    // of all buffers
  std::size_t scratch_bytes = 0;  // for each thread, the largest of the steps
  std::size_t packed_bytes = 0;

  const std::string& name_of(const PlannedStep& planned) const;
};

// Chooses layouts and kernels, packs weights (into memory of `allocator`), plans the memory. Errors (Code::unsupported)
// name the node.
Result<std::shared_ptr<const Plan>> make_plan(std::shared_ptr<const Graph> graph, Isa isa, PlanUse use = PlanUse::run,
                                              const Allocator& allocator = {});

}  // namespace octet
