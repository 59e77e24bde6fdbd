// The walk over what a reduction sums. Internal linkage, as in the files that include it.
#pragma once

#include "kernels/reduce.h"

namespace octet {
namespace {

// Calls visit(offset) for all indices of the loops.
template <class Visit>
void for_offsets(const Loops& loops, int64_t count, Visit visit) {
  int64_t at[kMaxLoops] = {};
  int64_t offset = 0;
  for (int64_t j = 0; j < count; ++j) {
    visit(offset);
    for (int32_t d = loops.rank - 1; d >= 0; --d) {
      offset += loops.strides[d];
      if (++at[d] < loops.dims[d]) break;
      offset -= loops.dims[d] * loops.strides[d];
      at[d] = 0;
    }
  }
}

}  // namespace
}  // namespace octet
