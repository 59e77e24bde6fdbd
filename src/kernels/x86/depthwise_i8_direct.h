// Depthwise 3x3 int8 without scratch memory. Internal linkage.
//
// Columns of the input are taken from the left to the right; each is interleaved in registers and meets the two or
// three neighbouring outputs that see it before the next one is taken. Their sums stay in registers, and where there
// are 32 of them, so do the weights.
// (Two rows of the output could share a column with stride 1, but then weights and sums no longer fit: it took 1.5
// times longer.)
//
// Where a block is narrower than a vector, the vector holds several rows of the output, below each other: `sets`.
#pragma once

#include "kernels/x86/packed_i8.h"
#include "kernels/x86/unrolled.h"

namespace octet {
namespace {

constexpr int kMostSets = 4;

// Vectors that hold an interleaved column: one group of its rows, or rows 0 and 1 in one and row 2, together with that
// of the column before, in another.
template <class V>
constexpr int kColumnVectors = (3 + V::kTaps - 1) / V::kTaps* V::kVectors;

// int8 numbers that a packed weight is the sum of: with weight zero points, centred weights need more than one. Each
// meets the same columns in a step of its own, since a 16-bit multiply would take twice as long for all.
template <class V>
int64_t depthwise_terms(const ConvGeometry& g) {
  return V::kWideWeights ? 1 : 1 + g.extra_weights;
}

// One block of channels in `sets` rows of the output. Weights: [kernel column][term][vector].
struct DirectArgs {
  const int8_t* row[2 * kMostSets + 2];  // of the input, at image column 0
  int64_t step[2 * kMostSets + 2];       // to the next column: 0 where the row lies outside of the image
  int64_t in_w, out_w, pad_left;
  int64_t readable;  // columns from the left of which a whole vector, or a whole set in it, lies in the row
  int32_t channels;
  int32_t zero_point;
  int32_t rows;  // of the output: one for each set, or fewer
  bool clamp_float;
  int64_t block_bytes;  // of the packed weights
  const char* weights;
  const int32_t* bias;
  const float* multiplier;
  OutputRange range;
  int8_t* to;
  int64_t pixel_stride, row_stride;
  int8_t outside[64];  // a column of a row outside of the image
};

// Interleaved columns, one after the other from the leftmost that a window sees.
template <class V, int sets, int stride, bool whole>
struct DirectColumns {
  static constexpr int kInputRows = (sets - 1) * stride + 3;
  const int8_t* row[kInputRows];
  int64_t step[kInputRows];
  int64_t column, in_w, readable;
  int32_t channels, zero_point;
  typename V::ColumnBefore before{};

  [[gnu::always_inline]] explicit DirectColumns(const DirectArgs& a)
      : column(-a.pad_left), in_w(a.in_w), readable(a.readable), channels(a.channels), zero_point(a.zero_point) {
    unrolled<kInputRows>([&](auto r) __attribute__((always_inline)) { row[r] = a.row[r], step[r] = a.step[r]; });
  }

  template <bool whole_sets>
  [[gnu::always_inline]] void load(typename V::Int* taps) {
    unrolled<3>([&](auto t) __attribute__((always_inline)) {
      const int8_t* pieces[sets];
      unrolled<sets>([&](auto s) __attribute__((always_inline)) { pieces[s] = row[s * stride + t]; });
      taps[t] = V::template load_sets<sets, whole_sets>(pieces, channels);
    });
  }

  [[gnu::always_inline]] void take(typename V::Int* groups) {
    typename V::Int taps[3];
    if (column >= 0 && column < in_w) {
      if constexpr (whole || V::kMaskedLoads) {
        load<whole>(taps);
      } else if (column < readable) {  // what lies behind the channels meets weights that are 0
        load<true>(taps);
      } else {
        load<false>(taps);
      }
      unrolled<kInputRows>([&](auto r) __attribute__((always_inline)) { row[r] += step[r]; });
    } else {
      unrolled<3>([&](auto t) __attribute__((always_inline)) { taps[t] = V::padding_row(zero_point); });
    }
    V::interleave_three(taps, before, groups);
    ++column;
  }
};

// Stores one column of the output: a pixel in each row.
template <class V, int sets, bool clamp_float, class Output>
[[gnu::always_inline]] inline void direct_store(const DirectArgs& a, const Output& output, const typename V::Int* sums,
                                                int8_t* to) {
  if constexpr (sets == 1) {
    V::template store<V::kVectors, clamp_float>(output, sums, to);
  } else {
    const auto y = V::template bytes<V::kVectors, clamp_float>(output, sums);
    unrolled<sets>([&](auto s) __attribute__((always_inline)) {
      if (s < a.rows) V::template store_set<sets, s>(to + s * a.row_stride, y, a.channels);
    });
  }
}

// weights[term][k][v]: what vector v of a column meets in a window whose column k it is. Where rows 0 and 1 are one
// group, row 2 is the other: as the second column of a window it meets the weights of the first two, as the third its
// own.
template <class V, int terms>
[[gnu::always_inline]] inline void direct_weights(const DirectArgs& a,
                                                  typename V::Int (*weights)[3][kColumnVectors<V>]) {
  constexpr bool pairs = kColumnVectors<V> != V::kVectors;
  static_assert(!pairs || terms == 1);
  const auto load = [&](int k, int v) __attribute__((always_inline)) {
    return V::load(a.weights + (k * V::kVectors + v) * (int64_t)sizeof(typename V::Int));
  };
  unrolled<V::kVectors>([&](auto v) __attribute__((always_inline)) {
    unrolled<3>([&](auto k) __attribute__((always_inline)) {
      unrolled<terms>([&](auto t) __attribute__((always_inline)) { weights[t][k][v] = load(k * terms + t, v); });
    });
    if constexpr (pairs) {
      weights[0][1][V::kVectors + v] = V::pairs_of(load(3, v), load(4, v));
      weights[0][2][V::kVectors + v] = V::pairs_of(typename V::Int{}, load(5, v));
    }
  });
}

template <class V, int sets, int stride, int terms, bool whole, bool clamp_float>
[[gnu::noinline]] void direct_outputs(const DirectArgs& a) {
  using Int = typename V::Int;
  using Sums = Int[V::kVectors];
  const auto output = V::template output_of<V::kVectors>(a.multiplier, a.range, a.channels);
  DirectColumns<V, sets, stride, whole> columns(a);
  constexpr int kColumn = kColumnVectors<V>;
  // Where registers are few, the weights and the bias are operands in this function's own memory.
  Int weights[terms][3][kColumn], bias[V::kVectors], groups[kColumn];
  Sums sums[3];
  direct_weights<V, terms>(a, weights);
  unrolled<V::kVectors>([&](auto v) __attribute__((always_inline)) { bias[v] = V::load(a.bias + v * V::kLanes); });
  const auto begin = [&](Sums & to) __attribute__((always_inline)) {
    unrolled<V::kVectors>([&](auto v) __attribute__((always_inline)) {
      to[v] = V::first_dot(bias[v], groups[v], weights[0][0][v]);
      if constexpr (terms == 2) to[v] = V::next_dot(to[v], groups[v], weights[1][0][v]);
    });
  };
  const auto add = [&](Sums & to, auto k) __attribute__((always_inline)) {
    unrolled<kColumn>([&](auto v) __attribute__((always_inline)) {
      Int& sum = to[v % V::kVectors];
      unrolled<terms>([&](auto t)
                          __attribute__((always_inline)) { sum = V::next_dot(sum, groups[v], weights[t][k][v]); });
    });
  };
  int8_t* to = a.to;
  int8_t* const end = to + a.out_w * a.pixel_stride;
  // The first column of the first window, and the second, which with stride 1 is also the first of the next window.
  columns.take(groups);
  begin(sums[0]);
  columns.take(groups);
  add(sums[0], Index<1>());
  if constexpr (stride == 1) begin(sums[1]);
  // Takes the last column of the window `done`; with it the next ones go on.
  const auto next = [&](Sums & done, Sums & middle, Sums & first) __attribute__((always_inline)) {
    columns.take(groups);
    add(done, Index<2>());
    if constexpr (stride == 1) add(middle, Index<1>());
    begin(first);
    direct_store<V, sets, clamp_float>(a, output, done, to);
    to += a.pixel_stride;
    if constexpr (stride == 2) {
      columns.take(groups);
      add(first, Index<1>());
    }
    return to != end;
  };
  if constexpr (stride == 1) {
    while (next(sums[0], sums[1], sums[2]) && next(sums[1], sums[2], sums[0]) && next(sums[2], sums[0], sums[1])) {
    }
  } else {
    while (next(sums[0], sums[2], sums[1]) && next(sums[1], sums[2], sums[0])) {
    }
  }
}

// Whether a layer goes this way.
template <class V>
bool is_direct(const ConvGeometry& g) {
  return depthwise_terms<V>(g) <= 2 && g.kernel_h == 3 && g.kernel_w == 3 && g.dilation_h == 1 && g.dilation_w == 1 &&
         g.stride_h == g.stride_w && g.stride_w <= 2;
}

template <class V, int sets, bool whole>
void run_direct(const ConvGeometry& g, const DirectArgs& a) {
  if constexpr (!V::kWideWeights && !whole) {
    if (g.extra_weights > 0) {
      g.stride_w == 1 ? direct_outputs<V, sets, 1, 2, whole, true>(a) : direct_outputs<V, sets, 2, 2, whole, true>(a);
      return;
    }
  }
  if (g.stride_w == 1) {
    a.clamp_float ? direct_outputs<V, sets, 1, 1, whole, true>(a) : direct_outputs<V, sets, 1, 1, whole, false>(a);
  } else {
    a.clamp_float ? direct_outputs<V, sets, 2, 1, whole, true>(a) : direct_outputs<V, sets, 2, 1, whole, false>(a);
  }
}

// All channels of a block of full width are read as one vector; of a narrower one as many as there are. Layers with
// weight zero points are rare: they do with the latter, and with one way to round.
template <class V>
void run_direct(const ConvGeometry& g, const DirectArgs& a, int sets) {
  if constexpr (V::kBlock >= 64) {
    if (sets == 4) return run_direct<V, 4, false>(g, a);
  }
  if constexpr (V::kBlock >= 32) {
    if (sets == 2) return run_direct<V, 2, false>(g, a);
  }
  if (a.channels < V::kBlock || depthwise_terms<V>(g) > 1) return run_direct<V, 1, false>(g, a);
  run_direct<V, 1, true>(g, a);
}

}  // namespace
}  // namespace octet
