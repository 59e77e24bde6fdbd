#include <immintrin.h>

#include "kernels/x86/pool_i8.h"

namespace octet {
namespace {

__m256i max_of_32(const PoolWindow& w, int32_t c) {
  __m256i best = _mm256_set1_epi8(-128);
  for (int32_t y = 0; y < w.rows; ++y) {
    const int8_t* from = w.first + y * w.row_step + c;
    for (int32_t x = 0; x < w.columns; ++x, from += w.column_step) {
      best = _mm256_max_epi8(best, _mm256_loadu_si256((const __m256i*)from));
    }
  }
  return best;
}

__m128i max_of_16(const PoolWindow& w, int32_t c) {
  __m128i best = _mm_set1_epi8(-128);
  for (int32_t y = 0; y < w.rows; ++y) {
    const int8_t* from = w.first + y * w.row_step + c;
    for (int32_t x = 0; x < w.columns; ++x, from += w.column_step) {
      best = _mm_max_epi8(best, _mm_loadu_si128((const __m128i*)from));
    }
  }
  return best;
}

int8_t max_of_1(const PoolWindow& w, int32_t c) {
  int8_t best = -128;
  for (int32_t y = 0; y < w.rows; ++y) {
    const int8_t* from = w.first + y * w.row_step + c;
    for (int32_t x = 0; x < w.columns; ++x, from += w.column_step) best = best < *from ? *from : best;
  }
  return best;
}

void run(const PoolI8Args& args, int64_t tile_begin, int64_t tile_end) {
  const int32_t channels = args.geometry.channels;
  for_windows(args, tile_begin, tile_end, [&](const PoolWindow& w, int8_t* output, int32_t, int32_t) {
    auto narrow = [&](int32_t c) { output[c] = max_of_1(w, c); };
    if (channels >= 32) {
      for_channels(
          channels, 32, [&](int32_t c) { _mm256_storeu_si256((__m256i*)(output + c), max_of_32(w, c)); }, narrow);
    } else {
      for_channels(
          channels, 16, [&](int32_t c) { _mm_storeu_si128((__m128i*)(output + c), max_of_16(w, c)); }, narrow);
    }
  });
}

}  // namespace

extern const PoolI8Row max_pool_i8_avx2 = {"max_pool_i8_avx2", Isa::avx2, supports_all, run};

}  // namespace octet
