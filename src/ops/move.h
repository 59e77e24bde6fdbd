// Operators that move elements without computing: concat, split, slice, pad, transpose, ... are lists of strided
// copies.
#pragma once

#include <vector>

#include "ops/loops.h"

namespace octet {

// One strided copy from an input to an output.
struct Move {
  CopyArgs args;                       // pointers are null until run
  std::int32_t input;                  // index; kConstant: from the step's packed bytes
  std::int32_t output;                 // index
  std::int64_t in_offset, out_offset;  // elements
  std::int64_t first_tile;             // tiles of a step are those of its moves, one move after the other
  std::int64_t tiles;                  // equal shares of the rows
  std::int64_t rows;
  bool shares;       // the next move has the same tiles
  std::int32_t row;  // of the copy family
  static constexpr std::int32_t kConstant = -1;
};

// The copy of a box: `dims` (logical order) with the given strides on each side; loops run in the order of `layout`,
// the output's.
Move make_move(DType dtype, const Dims& dims, Layout layout, const std::vector<std::int64_t>& in_strides,
               const std::vector<std::int64_t>& out_strides, Isa isa);

// Finishes the step; moves of no element are dropped.
void set_moves(Step& step, std::vector<Move> moves);

}  // namespace octet
