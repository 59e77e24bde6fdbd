// StridedSlice as TensorFlow has it, in .tflite and .mnn files: lists of begins, ends and steps, and masks with one bit
// for each entry of the lists.
#pragma once

#include <cstdint>
#include <vector>

#include "base/status.h"
#include "graph/graph.h"

namespace octet {

struct SliceEntries {
  std::vector<std::int64_t> begin, end, step;
};

struct SliceMasks {
  std::int32_t begin = 0, end = 0;  // from the first, up to the last
  std::int32_t ellipsis = 0;        // as many whole dimensions as the other entries leave
  std::int32_t new_axis = 0;        // one more dimension, of size 1
  std::int32_t shrink_axis = 0;     // the one place `begin`, without its dimension
};

// What it does in turn: cut, drop the cut dimensions of size 1, add new ones of size 1.
struct StridedSlice {
  Attributes cut;
  std::vector<std::int64_t> dropped;  // dimensions of the input
  std::vector<std::int64_t> added;    // dimensions of the result
};

inline constexpr int kSliceOfUnknownRank = -1;

// `rank`: of what is cut, or kSliceOfUnknownRank. Code::format for lists that do not fit each other and the like,
// Code::shape for what goes beyond the tensor, Code::unsupported for an ellipsis over an unknown rank.
Result<StridedSlice> plan_strided_slice(const SliceEntries& entries, const SliceMasks& masks, int rank);

// Adds the nodes; returns what they make, or `x` where there is nothing to do. Emitter: of the format, with
// TensorId emit(Op, std::vector<TensorId>, const Attributes&).
template <class Emitter>
TensorId emit_strided_slice(Emitter& emitter, TensorId x, const StridedSlice& slice) {
  const auto change_dimensions = [&](Op op, const std::vector<std::int64_t>& axes) {
    if (axes.empty()) return;
    Attributes attrs;
    attrs.axes = axes;
    x = emitter.emit(op, {x}, attrs);
  };
  if (!slice.cut.axes.empty()) x = emitter.emit(Op::slice, {x}, slice.cut);
  change_dimensions(Op::squeeze, slice.dropped);
  change_dimensions(Op::unsqueeze, slice.added);
  return x;
}

}  // namespace octet
