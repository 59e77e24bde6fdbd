#include <immintrin.h>

#include "kernels/elementwise.h"

namespace octet {
namespace {

// 8 pixels of `channels` floats are `channels` vectors: element k of vector v is pixel (8 v + k) / channels, channel
// (8 v + k) % channels.
struct Places {
  alignas(32) int32_t pixel[kMostPlanes][8];
  alignas(32) int32_t chosen[kMostPlanes][kMostPlanes][8];  // [vector][channel]: all ones where it is that channel's
};

Places places_of(int32_t channels) {
  Places places;
  __builtin_memset(&places, 0, sizeof places);
  for (int32_t at = 0; at < 8 * channels; ++at) {
    places.pixel[at / 8][at % 8] = at / channels;
    places.chosen[at / 8][at % channels][at % 8] = -1;
  }
  return places;
}

template <int channels>
int64_t run_pixels(const float* input, int64_t plane_step, float* output, int64_t count) {
  const Places places = places_of(channels);
  int64_t i = 0;
  for (; i + 8 <= count; i += 8) {
    __m256 planes[channels];
    for (int c = 0; c < channels; ++c) planes[c] = _mm256_loadu_ps(input + c * plane_step + i);
    for (int v = 0; v < channels; ++v) {
      const __m256i pixel = _mm256_load_si256((const __m256i*)places.pixel[v]);
      __m256 y = _mm256_permutevar8x32_ps(planes[0], pixel);
      for (int c = 1; c < channels; ++c) {
        const __m256 chosen = _mm256_load_ps((const float*)places.chosen[v][c]);
        y = _mm256_blendv_ps(y, _mm256_permutevar8x32_ps(planes[c], pixel), chosen);
      }
      _mm256_storeu_ps(output + i * channels + 8 * v, y);
    }
  }
  return i;
}

void run(const float* input, int64_t plane_step, int32_t channels, float* output, int64_t count) {
  int64_t i = 0;
  if (channels == 2) i = run_pixels<2>(input, plane_step, output, count);
  if (channels == 3) i = run_pixels<3>(input, plane_step, output, count);
  if (channels == 4) i = run_pixels<4>(input, plane_step, output, count);
  for (; i < count; ++i) {
    for (int32_t c = 0; c < channels; ++c) output[i * channels + c] = input[c * plane_step + i];
  }
}

}  // namespace

extern const PixelsF32Row pixels_f32_avx2 = {"pixels_f32_avx2", Isa::avx2, run};

}  // namespace octet
