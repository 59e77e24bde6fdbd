// Softmax of long vectors whose elements lie side by side, and of pairs. The rest is the reference's.
#include <math.h>

#include "kernels/reduce.h"
#include "kernels/x86/exp_avx2.h"

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

// Masked stores are slow on many CPUs, and a masked load soon after one waits for it.
void store_some(float* out, __m256 v, int64_t left) {
  if (left >= 8) return _mm256_storeu_ps(out, v);
  alignas(32) float values[8];
  _mm256_store_ps(values, v);
  for (int64_t i = 0; i < left; ++i) out[i] = values[i];
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

// The end of a softmax: divided by the sum, or the values less the logarithm of the sum.
__m256 finished(__m256 x, __m256 e, bool log, __m256 shift) {
  return log ? _mm256_sub_ps(x, shift) : _mm256_div_ps(e, shift);
}

void softmax_of(const float* in, float* out, int64_t count, bool log_softmax) {
  const float most = largest(in, count);
  __m256d sums = _mm256_setzero_pd();
  for (int64_t i = 0; i < count; i += 8) {
    const __m256 e = exp_of(_mm256_sub_ps(load_or_nothing(in + i, count - i), constant(most)));
    sums = _mm256_add_pd(
        sums, _mm256_add_pd(_mm256_cvtps_pd(_mm256_castps256_ps128(e)), _mm256_cvtps_pd(_mm256_extractf128_ps(e, 1))));
    if (!log_softmax) store_some(out + i, e, count - i);
  }
  const double sum = total(sums);
  const __m256 shift = constant(log_softmax ? most + (float)log(sum) : (float)sum);
  const float* from = log_softmax ? in : out;
  int64_t i = 0;
  for (; i + 8 <= count; i += 8) {
    const __m256 x = _mm256_loadu_ps(from + i);
    _mm256_storeu_ps(out + i, finished(x, x, log_softmax, shift));
  }
  for (; i < count; ++i) {
    const __m256 x = constant(from[i]);
    out[i] = _mm256_cvtss_f32(finished(x, x, log_softmax, shift));
  }
}

// Four vectors of two elements, one behind the other.
__m256 softmax_pairs(__m256 x) {
  constexpr int kSwap = 0xB1;
  const __m256 e = exp_of(_mm256_sub_ps(x, _mm256_max_ps(x, _mm256_permute_ps(x, kSwap))));
  return _mm256_div_ps(e, _mm256_add_ps(e, _mm256_permute_ps(e, kSwap)));
}

void softmax_pairs(const float* in, float* out, int64_t count) {
  for (int64_t i = 0; i < count; i += 8)
    store_some(out + i, softmax_pairs(load_or_nothing(in + i, count - i)), count - i);
}

void softmax_f32(const SoftmaxArgs& args, int64_t begin, int64_t end) {
  const bool pairs = args.count == 2 && args.stride == 1 && args.vectors.rank == 1 && args.vectors.strides[0] == 2;
  if (pairs && !args.log) {
    return softmax_pairs((const float*)args.input + 2 * begin, (float*)args.output + 2 * begin, 2 * (end - begin));
  }
  if (args.stride != 1 || args.count < kSoftmaxInLanes) return softmax_f32_ref.run(args, begin, end);
  for (int64_t v = begin; v < end; ++v) {
    const int64_t offset = offset_of(args.vectors, v);
    softmax_of((const float*)args.input + offset, (float*)args.output + offset, args.count, args.log);
  }
}

}  // namespace

extern const SoftmaxRow softmax_f32_avx2 = {"softmax_f32_avx2", Isa::avx2, softmax_f32};

}  // namespace octet
