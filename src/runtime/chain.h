// Chains: consecutive steps that run band by band (Plan::chains), so that what one step makes is still in the cache
// when the next one reads it.
//
// While a chain runs, the tensor between two of its steps is a band of rows in the scratch memory. For the next rows of
// the last output, the rows that each step has to add are counted from the last step to the first; rows that are still
// needed move to the start of their band, and then each step adds its own, from the first to the last.
#pragma once

#include <span>

#include "runtime/plan.h"
#include "runtime/views.h"

namespace octet {

// A step bound to the memory of a session.
struct BoundStep {
  Runner runner;
  const BandRunner* bands;
  std::int64_t tiles;
  const void* const* inputs;
  void* const* outputs;
  const std::byte* params;
  const std::byte* packed;
};

// Finds the chains of a plan whose steps are complete and whose buffers have no places yet. A tensor becomes a band
// where it is too large for the cache and the work between its rows is small, so that computing a few rows twice where
// tiles meet costs little. Buffers that only bands replace become empty.
void make_chains(Plan& plan, const Neighbours& neighbours);

// Runs tiles [begin, end). steps: those of the chain. Adds the time of each step to part_ms, where that is not null.
void run_chain(const Chain& chain, std::span<const BoundStep> steps, std::byte* scratch, std::int64_t begin,
               std::int64_t end, double* part_ms) noexcept;

}  // namespace octet
