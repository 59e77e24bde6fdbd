#include "kernels/x86/pool_i8.h"
#include "kernels/x86/sum_i8_avx512vnni.h"

namespace octet {
namespace {

void run(const PoolI8Args& args, int64_t tile_begin, int64_t tile_end) {
  const PoolGeometry& g = args.geometry;
  for_windows(args, tile_begin, tile_end, [&](const PoolWindow& w, int8_t* output, int32_t start_y, int32_t start_x) {
    const float factor = args.in_scale / (args.out_scale * (float)window_count(g, start_y, start_x, w));
    for (int32_t c = 0; c < g.channels; c += 64) {
      Sum64 sum(g.channels - c < 64 ? g.channels - c : 64);
      for (int32_t y = 0; y < w.rows; ++y) {
        const int8_t* from = w.first + y * w.row_step + c;
        for (int32_t x = 0; x < w.columns; ++x, from += w.column_step) sum.add(from);
      }
      sum.store((int64_t)w.rows * w.columns, args.in_zero_point, factor, args.range, output + c);
    }
  });
}

}  // namespace

extern const PoolI8Row average_pool_i8_avx512vnni = {"average_pool_i8_avx512vnni", Isa::avx512vnni, supports_all, run};

}  // namespace octet
