// Memory planner: buffers with lifetimes share one arena.
#pragma once

#include <cstddef>
#include <span>

namespace octet {

struct Buffer {
  std::size_t bytes = 0;
  int first = 0;  // steps in which it holds something, both ends included
  int last = 0;
  std::size_t offset = 0;  // result, a multiple of kAlignment
};

// Sets the offsets so that buffers whose lifetimes meet do not overlap; returns the size of the arena. Large buffers
// are placed first, each at the lowest offset that fits (greedy by size; Pisarchyk and Lee, 2020).
std::size_t place_buffers(std::span<Buffer> buffers);

}  // namespace octet
