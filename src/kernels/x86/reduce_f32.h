// Float sums and means for any vector of vector_f32_*.h, which is included before this, where the results that lie
// side by side in memory read inputs that do: H and W of channels-last images, for example. A sum is made in double in
// the order of the reference, so that results have its bytes. All other reductions are the reference's.
#pragma once

#include "kernels/reduce.h"
#include "kernels/x86/unrolled.h"

namespace octet {

extern const ReduceF32Row reduce_f32_ref;

namespace {

constexpr int kSums = 8;  // vectors of doubles side by side

// Offset of an index; as offset_of, which may not be compiled for this instruction set.
int64_t offset_at(const Loops& loops, int32_t rank, int64_t position) {
  int64_t offset = 0;
  for (int32_t d = rank - 1; d >= 0; --d) {
    offset += position % loops.dims[d] * loops.strides[d];
    position /= loops.dims[d];
  }
  return offset;
}

// `sums` vectors of results from `output` on.
template <int sums>
void reduce_block(const ReduceF32Args& args, double divisor, const float* input, float* output) {
  const int32_t last = args.reduced.rank - 1;
  const int64_t inner = args.reduced.dims[last];
  const int64_t step = args.reduced.strides[last];
  Vector::Doubles values[sums];
  unrolled<sums>([&](auto s) __attribute__((always_inline)) { values[s] = Vector::broadcast_double(0); });
  for (int64_t outer = 0; outer < args.count / inner; ++outer) {
    const float* at = input + offset_at(args.reduced, last, outer);
    for (int64_t i = 0; i < inner; ++i) {
      unrolled<sums>([&](auto s) __attribute__((always_inline)) {
        values[s] = Vector::add(values[s], Vector::load_doubles(at + s * Vector::kDoubles));
      });
      at += step;
    }
  }
  unrolled<sums>([&](auto s) __attribute__((always_inline)) {
    const Vector::Doubles value = Vector::divide(values[s], Vector::broadcast_double(divisor));
    Vector::store_doubles(output + s * Vector::kDoubles, value);
  });
}

void reduce_single(const ReduceF32Args& args, double divisor, const float* input, float* output) {
  double sum = 0;
  for (int64_t j = 0; j < args.count; ++j) sum += input[offset_at(args.reduced, args.reduced.rank, j)];
  *output = (float)(sum / divisor);
}

// `count` neighbouring results.
void reduce_run(const ReduceF32Args& args, double divisor, const float* input, float* output, int64_t count) {
  int64_t i = 0;
  for (; i + kSums * Vector::kDoubles <= count; i += kSums * Vector::kDoubles) {
    reduce_block<kSums>(args, divisor, input + i, output + i);
  }
  for (; i + Vector::kDoubles <= count; i += Vector::kDoubles) {
    reduce_block<1>(args, divisor, input + i, output + i);
  }
  for (; i < count; ++i) reduce_single(args, divisor, input + i, output + i);
}

void reduce(const ReduceF32Args& args, int64_t begin, int64_t end) {
  const Loops& kept = args.kept;
  const bool sum_or_mean = args.kind == ReduceKind::sum || args.kind == ReduceKind::mean;
  const bool side_by_side = kept.rank > 0 && kept.strides[kept.rank - 1] == 1 && args.reduced.rank > 0;
  if (!sum_or_mean || !side_by_side || args.count == 0) return reduce_f32_ref.run(args, begin, end);
  const double divisor = args.kind == ReduceKind::mean ? (double)args.count : 1;
  const int64_t row = kept.dims[kept.rank - 1];
  while (begin < end) {
    const int64_t left = row - begin % row;
    const int64_t count = left < end - begin ? left : end - begin;
    reduce_run(args, divisor, args.input + offset_at(kept, kept.rank, begin), args.output + begin, count);
    begin += count;
  }
}

}  // namespace
}  // namespace octet
