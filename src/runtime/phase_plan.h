// Which steps threads work on without waiting for each other (Plan::phases).
//
// A step that needs, of what the steps just before it make, only row y for its own row y joins them: a thread takes
// some rows through all of them, and what one writes is in the cache when the next one reads it. So do a convolution
// and the residual add behind it, a depthwise convolution and the 1x1 ones that follow, the two branches of a block.
#pragma once

#include "runtime/chain.h"

namespace octet {

// Of a plan whose steps and chains are complete and whose buffers have no places yet. What steps that run together use
// has to be there at the same time; steps join only as far as this needs no more memory.
void make_phases(Plan& plan, PlanUse use);

// Runs items [begin, end) of a phase of kind rows or alone. steps: those of the phase. Adds the time of each step to
// part_ms, where that is not null.
void run_joined(const Phase& phase, std::span<const BoundStep> steps, std::byte* scratch, std::int64_t begin,
                std::int64_t end, double* part_ms) noexcept;

}  // namespace octet
