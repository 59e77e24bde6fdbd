// An input that is made row by row while the network's first tensor is written: a picture on its way through its
// recipe.
#pragma once

#include <cstddef>
#include <cstdint>

#include "runtime/boundary.h"

namespace octet {

// Memory that a source needs beside its own, in bytes.
struct RowScratch {
  std::size_t shared = 0;  // of all threads
  std::size_t own = 0;     // of each thread; rows themselves not counted
};

// Fills an input of four dimensions whose first, the batch, is 1. Allocates nothing and cannot fail.
class RowSource {
 public:
  virtual ~RowSource() = default;
  virtual ImageAxes axes() const = 0;
  // Once, before the rows.
  virtual void start(std::byte* shared) const noexcept = 0;
  // Row `row`, float32, channel after channel, each dense, to `out`. Called by several threads for different rows, each
  // with memory of its own; `first`: the first call with that memory, else the row before was the last call's.
  virtual void make_row(std::int64_t row, bool first, std::byte* shared, std::byte* own, float* out) const noexcept = 0;
};

}  // namespace octet
