// The register tile of the float convolutions: `pixels` pixels times `vectors` vectors of output channels, summed over
// the whole window. A sum is made in the order row, column, channel, one fused multiply-add after the other, whatever
// the size of the tile: how the work is cut cannot change a result.
//
// Included after a vector_f32_*.h.
#pragma once

#include "kernels/x86/unrolled.h"

namespace octet {
namespace {

// One register tile: neighbouring pixels of one row.
struct ConvTile {
  const float* input;  // window of the first pixel; `row_step` to the next row of the window, and so on
  int64_t pixel_step, row_step, column_step;
  int32_t rows, columns;
  int64_t depth;         // floats at one place of the window
  const float* weights;  // [rows][columns][depth][vectors][lanes]
  const float* bias;     // or null
  float* output;
  int64_t output_step;
  Vector::Lanes last_lanes;  // of the last vector
  float low, high;
};

using RunConvTile = void (*)(const ConvTile& tile);

template <int vectors, int pixels>
void run_conv_tile(const ConvTile& t) {
  constexpr int kLanes = Vector::kLanes;
  Vector::Value sums[pixels][vectors];
  unrolled<vectors>([&](auto v) __attribute__((always_inline)) {
    const Vector::Value start = t.bias == nullptr  ? Vector::broadcast(0)
                                : v + 1 == vectors ? Vector::load(t.bias + v * kLanes, t.last_lanes)
                                                   : Vector::load(t.bias + v * kLanes);
    unrolled<pixels>([&](auto p) __attribute__((always_inline)) { sums[p][v] = start; });
  });
  const float* weights = t.weights;
  const int64_t step = t.pixel_step;
  for (int32_t row = 0; row < t.rows; ++row) {
    for (int32_t column = 0; column < t.columns; ++column) {
      // Three pixels share a pointer: an address is a pointer plus 0, 1 or 2 steps.
      const float* inputs[(pixels + 2) / 3];
      const float* first = t.input + row * t.row_step + column * t.column_step;
      unrolled<(pixels + 2) / 3>([&](auto i) __attribute__((always_inline)) { inputs[i] = first + 3 * i * step; });
      for (int64_t k = 0; k < t.depth; ++k) {
        Vector::Value w[vectors];
        unrolled<vectors>([&](auto v) __attribute__((always_inline)) { w[v] = Vector::load(weights + v * kLanes); });
        weights += vectors * kLanes;
        unrolled<pixels>([&](auto p) __attribute__((always_inline)) {
          const Vector::Value x = Vector::broadcast(inputs[p / 3][p % 3 * step]);
          unrolled<vectors>([&](auto v) __attribute__((always_inline)) {
            sums[p][v] = Vector::multiply_add(x, w[v], sums[p][v]);
          });
        });
        unrolled<(pixels + 2) / 3>([&](auto i) __attribute__((always_inline)) { ++inputs[i]; });
      }
    }
  }
  const Vector::Value low = Vector::broadcast(t.low);
  const Vector::Value high = Vector::broadcast(t.high);
  unrolled<pixels>([&](auto p) __attribute__((always_inline)) {
    float* output = t.output + p * t.output_step;
    unrolled<vectors>([&](auto v) __attribute__((always_inline)) {
      const Vector::Value y = Vector::min(high, Vector::max(low, sums[p][v]));
      if constexpr (v + 1 == vectors) {
        Vector::store(output + v * kLanes, y, t.last_lanes);
      } else {
        Vector::store(output + v * kLanes, y);
      }
    });
  });
}

template <int vectors, int pixels = Vector::kTilePixels[vectors - 1]>
RunConvTile conv_tile_of(int32_t count) {
  if constexpr (pixels > 1) {
    if (count < pixels) return conv_tile_of<vectors, pixels - 1>(count);
  }
  return run_conv_tile<vectors, pixels>;
}

// The register tile of `vectors` (1 to 4) vectors and `pixels` (1 to kTilePixels) pixels.
RunConvTile conv_tile_of(int32_t vectors, int32_t pixels) {
  switch (vectors) {
    case 1:
      return conv_tile_of<1>(pixels);
    case 2:
      return conv_tile_of<2>(pixels);
    case 3:
      return conv_tile_of<3>(pixels);
    default:
      return conv_tile_of<4>(pixels);
  }
}

}  // namespace
}  // namespace octet
