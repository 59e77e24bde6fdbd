#include <immintrin.h>

#include "kernels/image.h"

namespace octet {
namespace {

// 8 bytes of each of two pairs of pixels: at (p, q) in the lower half, at (r, s) in the upper one.
inline __m256i load_pixels(const uint8_t* row, int32_t p, int32_t q, int32_t r, int32_t s) {
  const __m128i low =
      _mm_unpacklo_epi64(_mm_loadl_epi64((const __m128i*)(row + p)), _mm_loadl_epi64((const __m128i*)(row + q)));
  const __m128i high =
      _mm_unpacklo_epi64(_mm_loadl_epi64((const __m128i*)(row + r)), _mm_loadl_epi64((const __m128i*)(row + s)));
  return _mm256_inserti128_si256(_mm256_castsi128_si256(low), high, 1);
}

// Takes of each 8 bytes the byte `from` and that of the next pixel, as 32-bit integers beside each other.
__m256i byte_and_next(int from, int pixel_bytes) {
  alignas(32) int8_t take[32];
  __builtin_memset(take, 0x80, sizeof take);
  for (int half = 0; half < 32; half += 16) {
    take[half] = (int8_t)from;
    take[half + 4] = (int8_t)(from + pixel_bytes);
    take[half + 8] = (int8_t)(8 + from);
    take[half + 12] = (int8_t)(8 + from + pixel_bytes);
  }
  return _mm256_load_si256((const __m256i*)take);
}

inline void resize_one(const ResizeRowArgs& args, int64_t i) {
  for (int32_t c = 0; c < args.planes; ++c) {
    if (args.from[c] < 0) continue;
    const uint8_t* const pixel = args.row + args.first[i] + args.from[c];
    const float a = (float)pixel[0];
    args.output[c * args.count + i] =
        args.weight[i] == 0 ? a : a + ((float)pixel[args.pixel_bytes] - a) * args.weight[i];
  }
}

// A pixel and the next one are within 8 bytes: one load brings both, for all planes.
void resize(const ResizeRowArgs& args) {
  __m256i take[4];
  for (int32_t c = 0; c < args.planes; ++c) take[c] = byte_and_next(args.from[c], args.pixel_bytes);
  const int32_t* const first = args.first;
  int64_t i = 0;
  for (; i + 8 <= args.count && first[i + 7] + 8 <= args.row_bytes; i += 8) {
    const __m256i v0 = load_pixels(args.row, first[i], first[i + 1], first[i + 4], first[i + 5]);
    const __m256i v1 = load_pixels(args.row, first[i + 2], first[i + 3], first[i + 6], first[i + 7]);
    const __m256 weight = _mm256_loadu_ps(args.weight + i);
    for (int32_t c = 0; c < args.planes; ++c) {
      if (args.from[c] < 0) continue;
      const __m256 f0 = _mm256_cvtepi32_ps(_mm256_shuffle_epi8(v0, take[c]));
      const __m256 f1 = _mm256_cvtepi32_ps(_mm256_shuffle_epi8(v1, take[c]));
      const __m256 a = _mm256_shuffle_ps(f0, f1, 0x88);
      const __m256 b = _mm256_shuffle_ps(f0, f1, 0xDD);
      const __m256 y = _mm256_add_ps(a, _mm256_mul_ps(_mm256_sub_ps(b, a), weight));
      _mm256_storeu_ps(args.output + c * args.count + i, y);
    }
  }
  for (; i < args.count; ++i) resize_one(args, i);
}

void blend(const BlendRowsArgs& args) {
  const __m256 weight = _mm256_set1_ps(args.weight);
  const __m256 mean = _mm256_set1_ps(args.mean);
  const __m256 normal = _mm256_set1_ps(args.normal);
  int64_t i = 0;
  for (; i + 8 <= args.count; i += 8) {
    const __m256 top = _mm256_loadu_ps(args.top + i);
    const __m256 step = _mm256_mul_ps(_mm256_sub_ps(_mm256_loadu_ps(args.bottom + i), top), weight);
    const __m256 pixel = _mm256_add_ps(top, step);
    _mm256_storeu_ps(args.output + i, _mm256_mul_ps(_mm256_sub_ps(pixel, mean), normal));
  }
  for (; i < args.count; ++i) {
    const float pixel = args.top[i] + (args.bottom[i] - args.top[i]) * args.weight;
    args.output[i] = (pixel - args.mean) * args.normal;
  }
}

}  // namespace

extern const ImageRow image_avx2 = {"image_avx2", Isa::avx2, resize, blend};

}  // namespace octet
