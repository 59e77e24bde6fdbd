// Softmax of vectors whose elements lie side by side. Other strides are the reference's.
#include <math.h>

#include "kernels/reduce.h"
#include "kernels/x86/exp_avx2.h"
#include "kernels/x86/vector_f32_avx2.h"

namespace octet {

extern const SoftmaxRow softmax_f32_ref;

namespace {

// What of a vector's lanes does not exist is this, so that neither the largest value nor the sum sees it.
__m256 load_or_nothing(const float* in, int64_t left) {
  const __m256 nothing = constant(-__builtin_inff());
  if (left >= 8) return _mm256_loadu_ps(in);
  const __m256i lanes = _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7);
  const __m256i exists = _mm256_cmpgt_epi32(_mm256_set1_epi32((int)left), lanes);
  return _mm256_blendv_ps(nothing, _mm256_maskload_ps(in, exists), _mm256_castsi256_ps(exists));
}

// Of the four lanes.
double total(__m256d sums) {
  const __m128d halves = _mm_add_pd(_mm256_castpd256_pd128(sums), _mm256_extractf128_pd(sums, 1));
  return _mm_cvtsd_f64(halves) + _mm_cvtsd_f64(_mm_unpackhi_pd(halves, halves));
}

float largest(const float* in, int64_t count) {
  __m256 most = load_or_nothing(in, count);
  for (int64_t i = 8; i < count; i += 8) most = _mm256_max_ps(most, load_or_nothing(in + i, count - i));
  __m128 half = _mm_max_ps(_mm256_castps256_ps128(most), _mm256_extractf128_ps(most, 1));
  half = _mm_max_ps(half, _mm_movehl_ps(half, half));
  return _mm_cvtss_f32(_mm_max_ss(half, _mm_shuffle_ps(half, half, 1)));
}

// out = e^(in - most), where it is not null; returns their sum.
double exponentials(const float* in, float* out, int64_t count, float most) {
  __m256d sums = _mm256_setzero_pd();
  for (int64_t i = 0; i < count; i += 8) {
    const __m256 e = exp_of(_mm256_sub_ps(load_or_nothing(in + i, count - i), constant(most)));
    if (out != nullptr) Vector::store(out + i, e, Vector::first_lanes(count - i));
    sums = _mm256_add_pd(
        sums, _mm256_add_pd(_mm256_cvtps_pd(_mm256_castps256_ps128(e)), _mm256_cvtps_pd(_mm256_extractf128_ps(e, 1))));
  }
  return total(sums);
}

void softmax_f32(const SoftmaxArgs& args, int64_t begin, int64_t end) {
  if (args.stride != 1) return softmax_f32_ref.run(args, begin, end);
  for (int64_t v = begin; v < end; ++v) {
    const int64_t offset = offset_of(args.vectors, v);
    const float* in = (const float*)args.input + offset;
    float* out = (float*)args.output + offset;
    const float most = largest(in, args.count);
    const double sum = exponentials(in, args.log ? nullptr : out, args.count, most);
    const __m256 shift = constant(args.log ? most + (float)log(sum) : (float)sum);
    for (int64_t i = 0; i < args.count; i += 8) {
      const Vector::Lanes lanes = Vector::first_lanes(args.count - i);
      const __m256 y = args.log ? _mm256_sub_ps(Vector::load(in + i, lanes), shift)
                                : _mm256_div_ps(Vector::load(out + i, lanes), shift);
      Vector::store(out + i, y, lanes);
    }
  }
}

}  // namespace

extern const SoftmaxRow softmax_f32_avx2 = {"softmax_f32_avx2", Isa::avx2, softmax_f32};

}  // namespace octet
