#include "kernels/x86/pool_i8.h"
#include "kernels/x86/round_avx2.h"
#include "kernels/x86/sum_i8_avx2.h"

namespace octet {
namespace {

// Averages of 32 channels.
__m256i average_32(const PoolWindow& w, int32_t c, int32_t zero_point, float factor, const Rounding& rounding) {
  Sum32 sum;
  for (int32_t y = 0; y < w.rows; ++y) {
    const int8_t* from = w.first + y * w.row_step + c;
    for (int32_t x = 0; x < w.columns; ++x, from += w.column_step) sum.add(from);
  }
  __m256 y[4];
  sum.finish((int64_t)w.rows * w.columns, zero_point, factor, y);
  return round_bytes(rounding, y);
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
      const __m256i y = average_32(w, c, args.in_zero_point, factor, rounding);
      _mm256_storeu_si256((__m256i*)(output + c), y);
    };
    auto narrow = [&](int32_t c) { output[c] = round_byte(rounding, (float)sum_1(w, c, args.in_zero_point) * factor); };
    for_channels(g.channels, 32, wide, narrow);
  });
}

}  // namespace

extern const PoolI8Row average_pool_i8_avx2 = {"average_pool_i8_avx2", Isa::avx2, supports_all, run};

}  // namespace octet
