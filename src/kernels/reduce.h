// Families over strided index spaces: reductions, softmax, copies, resize and the product of two matrices.
#pragma once

#include <stdint.h>

#include "base/kinds.h"
#include "kernels/requantize.h"
#include "kernels/rows.h"

namespace octet {

inline constexpr int kMaxLoops = 8;

// A nest of loops, outermost first. Strides are in elements and may be 0 or negative.
struct Loops {
  int32_t rank;
  int64_t dims[kMaxLoops];
  int64_t strides[kMaxLoops];
};

// Offset of the index that lies at `position` in row-major order.
inline int64_t offset_of(const Loops& loops, int64_t position) {
  int64_t offset = 0;
  for (int32_t d = loops.rank - 1; d >= 0; --d) {
    offset += position % loops.dims[d] * loops.strides[d];
    position /= loops.dims[d];
  }
  return offset;
}

// Result i (dense, in the order of `kept`) combines input[offset_of(kept, i) + offset_of(reduced, j)] over all j of
// `count`. Float sums are made in double. int8 is the mean: to int8 requantize(sum of (q - in_zero_point), factor) with
// factor = fl(in_scale / fl(out_scale * count)), to float32 fl(float32(sum of (q - in_zero_point)) * factor) with
// factor = fl(in_scale / count).
struct ReduceF32Args {
  Loops kept, reduced;
  int64_t count;  // product of reduced.dims
  ReduceKind kind;
  const float* input;
  float* output;
};
struct ReduceI8Args {
  Loops kept, reduced;
  int64_t count;
  const int8_t* input;
  int8_t* output;
  int32_t in_zero_point;
  float factor;
  OutputRange range;
};
struct ReduceI8F32Args {
  Loops kept, reduced;
  int64_t count;
  const int8_t* input;
  float* output;
  int32_t in_zero_point;
  float factor;
};
template <class Args>
struct ReduceRow {
  const char* name;
  Isa isa;
  void (*run)(const Args& args, int64_t begin, int64_t end);  // results
};
using ReduceF32Row = ReduceRow<ReduceF32Args>;
using ReduceI8Row = ReduceRow<ReduceI8Args>;
using ReduceI8F32Row = ReduceRow<ReduceI8F32Args>;

// Softmax of vectors of `count` elements at `stride`. int8: e = table[max - q]; to int8
// min(255, (256 e + sum / 2) / sum) - 128 in 64-bit integers, to float32 float32(e) / float32(sum).
// Float32 gives the same bytes with every row, as what follows an int8 network has to: e^x is 2^n times a polynomial of
// fused multiply-adds (x86/exp_avx2.h), and the sum is taken in float32 of two elements; in float64, one after the
// other, of fewer than kSoftmaxInLanes or of those that lie apart; else in four float64 lanes, of which lane l has the
// sums of elements 8 i + l and 8 i + l + 4, and then (0 + 2) + (1 + 3).
inline constexpr int64_t kSoftmaxInLanes = 16;
struct SoftmaxArgs {
  Loops vectors;  // their first elements; the same offsets for input and output
  int64_t count, stride;
  bool log;  // float32 only
  const uint32_t* table;
  const void* input;
  void* output;
};
struct SoftmaxRow {
  const char* name;
  Isa isa;
  void (*run)(const SoftmaxArgs& args, int64_t begin, int64_t end);  // vectors
};

// Moves elements: output[offset_of(out, i)] = input[offset_of(in, i)]. in.dims == out.dims.
struct CopyArgs {
  Loops in, out;
  int32_t element_bytes;  // 1, 4 or 8
  const void* input;
  void* output;
};
struct CopyRow {
  const char* name;
  Isa isa;
  void (*run)(const CopyArgs& args, int64_t begin, int64_t end);  // positions of the loops without the innermost
};

// Resize of H and W, channels-last. Output row y mixes `taps` input rows rows[y * taps + t] with the weights
// row_weights[y * taps + t], and columns likewise. Weights are float32, or for int8 int32 of 11 fraction bits; one tap
// (nearest) has no weights and moves the values.
struct ResizeArgs {
  int32_t batch, in_h, in_w, out_h, out_w, channels;
  int32_t taps;
  const int32_t* rows;
  const int32_t* columns;
  const void* row_weights;
  const void* column_weights;
  const void* input;
  void* output;
  int32_t in_zero_point;  // int8
  float factor;           // int8: in_scale / (out_scale * 2^22)
  OutputRange range;
};
struct ResizeRow {
  const char* name;
  Isa isa;
  void (*run)(const ResizeArgs& args, int64_t begin, int64_t end);  // output rows, batch * out_h
};

// c[m, n] = sum over k of a[m, k] * b[k, n], for rows [begin, end) of m; all three matrices dense.
struct MatMulF32Args {
  int64_t m, n, k;
  const float* a;
  const float* b;
  float* c;
};
struct MatMulF32Row {
  const char* name;
  Isa isa;
  void (*run)(const MatMulF32Args& args, int64_t begin, int64_t end);
};

}  // namespace octet
