// Index spaces for the strided kernels, made from shapes and layouts.
#pragma once

#include <span>
#include <vector>

#include "kernels/reduce.h"
#include "kernels/requantize.h"
#include "ops/op.h"

namespace octet {

// Strides in elements, in the order of the logical dimensions.
std::vector<std::int64_t> strides_of(const Dims& dims, Layout layout);
std::vector<std::int64_t> strides_of(const TensorView& view);

// Logical dimensions from the outermost to the innermost in memory.
std::vector<int> memory_order(std::size_t rank, Layout layout);

// Strides of an operand that is broadcast to `out`: dimensions of 1 get stride 0, missing leading ones too.
std::vector<std::int64_t> broadcast_strides(const Dims& dims, Layout layout, const Dims& out);

// Several operands that walk one index space together: a set of strides for each.
struct Walk {
  std::vector<std::int64_t> dims;
  std::vector<std::vector<std::int64_t>> strides;  // [operand][dimension]

  // Dimensions of 1 vanish and neighbours that every operand walks as one are merged. At least one dimension is left.
  void collapse();
  // Brings the dimension with the largest size to the innermost place where the innermost one is short: less than 16
  // elements, or at most 4 where they lie side by side on all sides.
  void prefer_long_inner();
  Loops loops(std::size_t operand) const;
  // All dimensions but the innermost.
  Loops outer(std::size_t operand) const;
  std::int64_t inner() const { return dims.back(); }
  std::int64_t inner_stride(std::size_t operand) const { return strides[operand].back(); }
  std::int64_t outer_count() const;
};

// The walk over `dims` in the memory order of `layout`; strides[i] are in the logical order of dims.
Walk make_walk(const Dims& dims, Layout layout, std::vector<std::vector<std::int64_t>> strides);

// Image rows of a function of single values: what the bands of such steps are made of.
struct ValueRows {
  std::int64_t row = 0, pixel = 0;  // elements; 0: the step cannot make rows one by one

  std::int64_t elements(const Band& band) const { return band.out_rows * (band.pixels ? pixel : row); }
};
// Of an operator whose output has the layout of input 0; sets the step's RowWindow.
ValueRows value_rows(Prepare& p);

// Bounds of an int8 result: the fused clamp, in the output's quantization. A bound inside the range of int8 is rounded
// as a value is.
OutputRange output_range(const Quant& quant, const Clamp& clamp = {});

}  // namespace octet
