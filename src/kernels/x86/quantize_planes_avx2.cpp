#include "kernels/elementwise.h"
#include "kernels/x86/round_avx2.h"

namespace octet {
namespace {

// Where the bytes of each plane go when 16 pixels of `channels` bytes are written as `channels` vectors: byte k of
// vector v is pixel (16 v + k) / channels, channel (16 v + k) % channels. 0x80 takes nothing.
struct Places {
  alignas(16) int8_t take[kMostPlanes][kMostPlanes][16];  // [vector][plane]
};

Places places_of(int32_t channels) {
  Places places;
  __builtin_memset(&places, 0x80, sizeof places);
  for (int32_t at = 0; at < 16 * channels; ++at) {
    places.take[at / 16][at % channels][at % 16] = (int8_t)(at / channels);
  }
  return places;
}

template <int channels>
void store_pixels(const Places& places, const __m128i* planes, int8_t* to) {
  for (int v = 0; v < channels; ++v) {
    __m128i bytes = _mm_setzero_si128();
    for (int c = 0; c < channels; ++c) {
      bytes = _mm_or_si128(bytes, _mm_shuffle_epi8(planes[c], _mm_load_si128((const __m128i*)places.take[v][c])));
    }
    _mm_storeu_si128((__m128i*)(to + 16 * v), bytes);
  }
}

template <int channels>
int64_t run_pixels(const float* input, int64_t plane_step, int8_t* output, int64_t count, __m256 scale,
                   const Rounding& rounding) {
  const Places places = places_of(channels);
  int64_t i = 0;
  for (; i + 32 <= count; i += 32) {
    __m128i low[channels], high[channels];
    for (int c = 0; c < channels; ++c) {
      __m256 y[4];
      for (int v = 0; v < 4; ++v) {
        const __m256 product = _mm256_mul_ps(_mm256_loadu_ps(input + c * plane_step + i + 8 * v), scale);
        y[v] = _mm256_and_ps(product, _mm256_cmp_ps(product, product, _CMP_ORD_Q));  // NaN becomes 0
      }
      const __m256i bytes = round_bytes(rounding, y);
      low[c] = _mm256_castsi256_si128(bytes);
      high[c] = _mm256_extracti128_si256(bytes, 1);
    }
    store_pixels<channels>(places, low, output + i * channels);
    store_pixels<channels>(places, high, output + (i + 16) * channels);
  }
  return i;
}

void run(const float* input, int64_t plane_step, int32_t channels, int8_t* output, int64_t count, float inverse_scale,
         OutputRange range) {
  const Rounding rounding = rounding_of(range);
  const __m256 scale = _mm256_set1_ps(inverse_scale);
  int64_t i = 0;
  if (channels == 2) i = run_pixels<2>(input, plane_step, output, count, scale, rounding);
  if (channels == 3) i = run_pixels<3>(input, plane_step, output, count, scale, rounding);
  if (channels == 4) i = run_pixels<4>(input, plane_step, output, count, scale, rounding);
  for (; i < count; ++i) {
    for (int32_t c = 0; c < channels; ++c) {
      const float y = input[c * plane_step + i] * inverse_scale;
      output[i * channels + c] = round_byte(rounding, y == y ? y : 0.0f);
    }
  }
}

}  // namespace

extern const QuantizePlanesRow quantize_planes_avx2 = {"quantize_planes_avx2", Isa::avx2, run};

}  // namespace octet
