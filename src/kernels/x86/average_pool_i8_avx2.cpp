#include "kernels/x86/pool_i8_avx2.h"
#include "kernels/x86/round_avx2.h"

namespace octet {
namespace {

// Elements of the window that the average is taken of.
int32_t window_count(const PoolGeometry& g, int32_t start_y, int32_t start_x, const PoolWindow& w) {
  if (!g.count_include_pad) return w.rows * w.columns;
  const PoolTaps ys = taps_inside(start_y + g.pad_top, g.kernel_h, g.dilation_h, g.in_h + g.pad_top + g.pad_bottom);
  const PoolTaps xs = taps_inside(start_x + g.pad_left, g.kernel_w, g.dilation_w, g.in_w + g.pad_left + g.pad_right);
  return ys.count * xs.count;
}

// Sums of 32 centred channels.
void sum_32(const PoolWindow& w, int32_t c, int32_t zero_point, __m256i* sums) {
  const __m256i zero = _mm256_set1_epi32(zero_point);
  for (int v = 0; v < 4; ++v) sums[v] = _mm256_setzero_si256();
  for (int32_t y = 0; y < w.rows; ++y) {
    const int8_t* from = w.first + y * w.row_step + c;
    for (int32_t x = 0; x < w.columns; ++x, from += w.column_step) {
      for (int v = 0; v < 4; ++v) sums[v] = _mm256_add_epi32(sums[v], centred(from + 8 * v, zero));
    }
  }
}

int32_t sum_1(const PoolWindow& w, int32_t c, int32_t zero_point) {
  int32_t sum = 0;
  for (int32_t y = 0; y < w.rows; ++y) {
    const int8_t* from = w.first + y * w.row_step + c;
    for (int32_t x = 0; x < w.columns; ++x, from += w.column_step) sum += *from - zero_point;
  }
  return sum;
}

void run(const PoolI8Args& args, int64_t tile_begin, int64_t tile_end) {
  const PoolGeometry& g = args.geometry;
  const Rounding rounding = rounding_of(args.range);
  for_windows(args, tile_begin, tile_end, [&](const PoolWindow& w, int8_t* output, int32_t start_y, int32_t start_x) {
    const float factor = args.in_scale / (args.out_scale * (float)window_count(g, start_y, start_x, w));
    auto wide = [&](int32_t c) {
      __m256i sums[4];
      sum_32(w, c, args.in_zero_point, sums);
      __m256 y[4];
      for (int v = 0; v < 4; ++v) y[v] = _mm256_mul_ps(_mm256_cvtepi32_ps(sums[v]), _mm256_set1_ps(factor));
      _mm256_storeu_si256((__m256i*)(output + c), round_bytes(rounding, y));
    };
    auto narrow = [&](int32_t c) { output[c] = round_byte(rounding, (float)sum_1(w, c, args.in_zero_point) * factor); };
    for_channels(g.channels, 32, wide, narrow);
  });
}

}  // namespace

extern const PoolI8Row average_pool_i8_avx2 = {"average_pool_i8_avx2", Isa::avx2, supports_all, run};

}  // namespace octet
