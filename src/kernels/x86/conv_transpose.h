// Transposed convolution by the convolution of the same file: outputs whose position modulo the stride is the same see
// the same taps of the kernel, as a convolution with stride 1 does. Each such phase has its own packed weights. A tile
// is one row of the output; its pixels are made phase by phase, each writing every stride-th pixel.
//
// Conv is a class with the types and functions of a convolution row as static members, and pack in a WeightOrder.
// Internal linkage, as in the files that include it.
#pragma once

#include "kernels/x86/weight_order.h"

namespace octet {
namespace {

constexpr int32_t kMostPhases = 16;  // along one axis; a larger stride is left to the reference

// The taps of one axis that outputs of one phase meet: first, first + step, ... in `count`; a convolution with
// `dilation` meets them from the last to the first. Output number i of the phase has its window's begin at input
// i + begin.
struct Phase {
  int32_t outputs;
  int32_t first, step, count;
  int32_t dilation, begin;
};

inline int32_t common_divisor(int32_t a, int32_t b) {
  while (b != 0) {
    const int32_t rest = a % b;
    a = b;
    b = rest;
  }
  return a;
}

inline Phase phase_of(int32_t number, int32_t out, int32_t kernel, int32_t stride, int32_t dilation, int32_t pad) {
  const int32_t divisor = common_divisor(stride, dilation);
  Phase phase{};
  phase.outputs = number < out ? (out - number - 1) / stride + 1 : 0;
  phase.step = stride / divisor;
  phase.dilation = dilation / divisor;
  const int64_t position = (int64_t)number + pad;
  while (phase.first < phase.step && (position - (int64_t)phase.first * dilation) % stride != 0) ++phase.first;
  if (phase.first == phase.step || phase.first >= kernel) return phase;  // no tap meets these outputs
  phase.count = (kernel - 1 - phase.first) / phase.step + 1;
  phase.begin =
      (int32_t)((position - (int64_t)phase.first * dilation) / stride - (int64_t)(phase.count - 1) * phase.dilation);
  return phase;
}

inline Phase row_phase(const ConvGeometry& g, int32_t number) {
  return phase_of(number, g.out_h, g.kernel_h, g.stride_h, g.dilation_h, g.pad_top);
}
inline Phase column_phase(const ConvGeometry& g, int32_t number) {
  return phase_of(number, g.out_w, g.kernel_w, g.stride_w, g.dilation_w, g.pad_left);
}

// The convolution that makes the outputs of a phase in their row number `row`. Without taps it is a window above the
// image.
inline ConvGeometry phase_geometry(const ConvGeometry& whole, const Phase& rows, const Phase& columns, int32_t row) {
  const bool empty = rows.count == 0 || columns.count == 0;
  ConvGeometry g = whole;
  g.batch = g.out_h = g.stride_h = g.stride_w = 1;
  g.out_w = columns.outputs;
  g.kernel_h = empty ? 1 : rows.count;
  g.kernel_w = empty ? 1 : columns.count;
  g.dilation_h = rows.dilation;
  g.dilation_w = columns.dilation;
  g.pad_top = empty ? 1 : -(rows.begin + row);
  g.pad_left = empty ? 0 : -columns.begin;
  g.out_pixel_stride = whole.out_pixel_stride * whole.stride_w;
  return g;
}

// One phase of both axes, and where its weights begin among the packed ones.
struct PhasePair {
  int32_t y, x;  // its first output
  Phase rows, columns;
  ConvGeometry geometry;  // of its first row
  size_t offset;
};

// Calls function(pair) for each phase that has outputs.
template <class Conv, class Function>
void for_phases(const ConvGeometry& g, Function function) {
  PhasePair pair{};
  for (pair.y = 0; pair.y < g.stride_h && pair.y < g.out_h; ++pair.y) {
    pair.rows = row_phase(g, pair.y);
    for (pair.x = 0; pair.x < g.stride_w && pair.x < g.out_w; ++pair.x) {
      pair.columns = column_phase(g, pair.x);
      pair.geometry = phase_geometry(g, pair.rows, pair.columns, 0);
      function(pair);
      pair.offset += (Conv::packed_bytes(pair.geometry) + 63) / 64 * 64;
    }
  }
}

template <class Conv>
struct Transposed {
  using Args = typename Conv::Args;
  using Constants = typename Conv::Constants;

  static bool supports(const ConvGeometry& g) {
    if (g.stride_h > kMostPhases || g.stride_w > kMostPhases) return false;
    bool all = true;
    for_phases<Conv>(g, [&](const PhasePair& pair) { all = all && Conv::supports(pair.geometry); });
    return all;
  }

  static size_t packed_bytes(const ConvGeometry& g) {
    size_t bytes = 0;
    for_phases<Conv>(g, [&](const PhasePair& pair) { bytes = pair.offset + Conv::packed_bytes(pair.geometry); });
    return bytes;
  }

  static size_t scratch_bytes(const ConvGeometry& g) {
    size_t bytes = 0;
    for_phases<Conv>(g, [&](const PhasePair& pair) {
      const size_t own = Conv::scratch_bytes(pair.geometry);
      bytes = own > bytes ? own : bytes;
    });
    return bytes;
  }

  static void pack(const ConvGeometry& g, const Constants& constants, void* packed) {
    const int64_t taps = (int64_t)g.kernel_h * g.kernel_w, outputs = g.out_c / g.groups;
    for_phases<Conv>(g, [&](const PhasePair& pair) {
      const Phase &rows = pair.rows, &columns = pair.columns;
      const WeightOrder order = {g.in_c / g.groups * outputs * taps, taps, outputs * taps,
                                 -(int64_t)rows.step * g.kernel_w, -(int64_t)columns.step};
      Constants own = constants;
      if (rows.count > 0 && columns.count > 0) {
        own.weight += (int64_t)(rows.first + (rows.count - 1) * rows.step) * g.kernel_w;
        own.weight += columns.first + (columns.count - 1) * columns.step;
      }
      Conv::pack(pair.geometry, own, order, (char*)packed + pair.offset);
    });
  }

  static int64_t tiles(const ConvGeometry& g) { return (int64_t)g.batch * g.out_h; }

  static void run(const Args& args, int64_t tile_begin, int64_t tile_end) {
    const ConvGeometry& g = args.geometry;
    for_phases<Conv>(g, [&](const PhasePair& pair) {
      Args own = args;
      own.packed = (const char*)args.packed + pair.offset;
      const int64_t tiles = Conv::tiles(pair.geometry);
      for (int64_t tile = tile_begin; tile < tile_end; ++tile) {
        const int32_t y = (int32_t)(tile % g.out_h);
        if (y % g.stride_h != pair.y) continue;
        own.geometry = phase_geometry(g, pair.rows, pair.columns, y / g.stride_h);
        own.input = args.input + tile / g.out_h * g.in_h * g.in_w * g.in_pixel_stride;
        own.output = args.output + (tile * g.out_w + pair.x) * g.out_pixel_stride;
        Conv::run(own, 0, tiles);
      }
    });
  }
};

}  // namespace
}  // namespace octet
