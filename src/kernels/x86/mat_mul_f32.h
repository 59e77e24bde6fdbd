// Product of two float matrices for any vector of vector_f32_*.h, which is included before this. Neither is packed:
// both are activations, and each is used once. A sum is made in the order of k, one fused multiply-add after the other,
// whatever the size of the register tile.
#pragma once

#include "kernels/reduce.h"
#include "kernels/x86/unrolled.h"

namespace octet {
namespace {

constexpr int kRows = 6;     // of a register tile
constexpr int kVectors = 2;  // of columns

struct MatMulTile {
  const float* a;
  const float* b;
  float* c;
  int64_t n, k;
  Vector::Lanes last_lanes;  // of the last vector
};
using RunMatMulTile = void (*)(const MatMulTile& tile);

template <int vectors, int rows>
void run_mat_mul_tile(const MatMulTile& t) {
  constexpr int kLanes = Vector::kLanes;
  Vector::Value sums[rows][vectors];
  unrolled<rows>([&](auto r) __attribute__((always_inline)) {
    unrolled<vectors>([&](auto v) __attribute__((always_inline)) { sums[r][v] = Vector::broadcast(0); });
  });
  const float* b = t.b;
  for (int64_t k = 0; k < t.k; ++k) {
    Vector::Value columns[vectors];
    unrolled<vectors>([&](auto v) __attribute__((always_inline)) {
      columns[v] = v + 1 == vectors ? Vector::load(b + v * kLanes, t.last_lanes) : Vector::load(b + v * kLanes);
    });
    unrolled<rows>([&](auto r) __attribute__((always_inline)) {
      const Vector::Value a = Vector::broadcast(t.a[r * t.k + k]);
      unrolled<vectors>([&](auto v) __attribute__((always_inline)) {
        sums[r][v] = Vector::multiply_add(a, columns[v], sums[r][v]);
      });
    });
    b += t.n;
  }
  unrolled<rows>([&](auto r) __attribute__((always_inline)) {
    float* c = t.c + r * t.n;
    unrolled<vectors>([&](auto v) __attribute__((always_inline)) {
      if constexpr (v + 1 == vectors) {
        Vector::store(c + v * kLanes, sums[r][v], t.last_lanes);
      } else {
        Vector::store(c + v * kLanes, sums[r][v]);
      }
    });
  });
}

template <int vectors, int rows = kRows>
RunMatMulTile mat_mul_tile_of(int64_t count) {
  if constexpr (rows > 1) {
    if (count < rows) return mat_mul_tile_of<vectors, rows - 1>(count);
  }
  return run_mat_mul_tile<vectors, rows>;
}

void mat_mul(const MatMulF32Args& args, int64_t begin, int64_t end) {
  constexpr int64_t kBlock = (int64_t)kVectors * Vector::kLanes;
  for (int64_t n = 0; n < args.n; n += kBlock) {
    const int64_t columns = args.n - n < kBlock ? args.n - n : kBlock;
    const int64_t vectors = (columns + Vector::kLanes - 1) / Vector::kLanes;
    const Vector::Lanes last_lanes = Vector::first_lanes(columns - (vectors - 1) * Vector::kLanes);
    for (int64_t m = begin; m < end; m += kRows) {
      const RunMatMulTile function = vectors == 1 ? mat_mul_tile_of<1>(end - m) : mat_mul_tile_of<kVectors>(end - m);
      function({args.a + m * args.k, args.b + n, args.c + m * args.n + n, args.n, args.k, last_lanes});
    }
  }
}

}  // namespace
}  // namespace octet
