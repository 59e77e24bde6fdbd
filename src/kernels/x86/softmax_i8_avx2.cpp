// Softmax from int8 to int8 of dense vectors: two classes, as detectors have them for thousands of boxes, and many. The
// result depends on how far a value is below the largest one: 256 cases, for which it is computed side by side. Others
// are the reference's.
#include <immintrin.h>

#include "kernels/reduce.h"

namespace octet {

extern const SoftmaxRow softmax_i8_ref;

namespace {

constexpr int64_t kFewest = 32;        // values for which it pays to compute the cases
constexpr int64_t kWorthATable = 256;  // vectors of two
// Longer vectors could have a sum from 2^45 on, and doubles would not divide exactly: a quotient below 256 that is no
// whole number is at least 1 / sum from the next one, and doubles there are 2^-45 apart.
constexpr int64_t kMostValues = 8192;

// min(255, (256 e + sum / 2) / sum) - 128 in whole numbers, of the table's values times 256.
inline int8_t quotient(double n, double half, double sum) {
  const double q = (n + half) / sum;
  return (int8_t)((int32_t)(q < 255.0 ? q : 255.0) - 128);
}

inline __m128i quotients(const double* n, __m256d half, __m256d sum) {
  const __m256d q = _mm256_div_pd(_mm256_add_pd(_mm256_loadu_pd(n), half), sum);
  return _mm256_cvttpd_epi32(_mm256_min_pd(q, _mm256_set1_pd(255.0)));
}

// results[d] for d < cases, rounded up to 16.
void make_results(const double* numerators, int32_t cases, uint64_t sum, int8_t* results) {
  const __m256d divisor = _mm256_set1_pd((double)sum);
  const uint64_t whole_half = sum / 2;
  const __m256d half = _mm256_set1_pd((double)whole_half);
  for (int32_t d = 0; d < cases; d += 16) {
    const __m128i low =
        _mm_packus_epi32(quotients(numerators + d, half, divisor), quotients(numerators + d + 4, half, divisor));
    const __m128i high =
        _mm_packus_epi32(quotients(numerators + d + 8, half, divisor), quotients(numerators + d + 12, half, divisor));
    const __m128i bytes = _mm_packus_epi16(low, high);
    _mm_storeu_si128((__m128i*)(results + d), _mm_xor_si128(bytes, _mm_set1_epi8((char)0x80)));  // - 128
  }
}

struct Range {
  int32_t least, most;
};
Range range_of(const int8_t* in, int64_t count) {
  __m256i least = _mm256_loadu_si256((const __m256i*)in);
  __m256i most = least;
  for (int64_t i = 32; i < count; i += 32) {
    const __m256i x = _mm256_loadu_si256((const __m256i*)(in + (i + 32 <= count ? i : count - 32)));
    least = _mm256_min_epi8(least, x);
    most = _mm256_max_epi8(most, x);
  }
  int8_t lows[32], highs[32];
  _mm256_storeu_si256((__m256i*)lows, least);
  _mm256_storeu_si256((__m256i*)highs, most);
  Range range = {127, -128};
  for (int k = 0; k < 32; ++k) {
    range.least = range.least < lows[k] ? range.least : lows[k];
    range.most = range.most < highs[k] ? highs[k] : range.most;
  }
  return range;
}

uint64_t sum_of(const int8_t* in, int64_t count, const uint32_t* table, int32_t most) {
  uint64_t parts[4] = {0, 0, 0, 0};
  int64_t i = 0;
  for (; i + 4 <= count; i += 4) {
    for (int k = 0; k < 4; ++k) parts[k] += table[most - in[i + k]];
  }
  for (; i < count; ++i) parts[0] += table[most - in[i]];
  return parts[0] + parts[1] + parts[2] + parts[3];
}

void softmax_of_many(const SoftmaxArgs& args, int64_t begin, int64_t end) {
  double numerators[256];
  for (int d = 0; d < 256; ++d) numerators[d] = 256.0 * (double)args.table[d];
  for (int64_t v = begin; v < end; ++v) {
    const int64_t offset = offset_of(args.vectors, v);
    const int8_t* const in = (const int8_t*)args.input + offset;
    int8_t* const out = (int8_t*)args.output + offset;
    const Range range = range_of(in, args.count);
    int8_t results[256];
    make_results(numerators, range.most - range.least + 1, sum_of(in, args.count, args.table, range.most), results);
    for (int64_t i = 0; i < args.count; ++i) out[i] = results[range.most - in[i]];
  }
}

struct Pair {
  int8_t first, second;
};

// The results depend on the difference of the two values alone.
void softmax_of_two(const SoftmaxArgs& args, int64_t begin, int64_t end) {
  Pair pairs[511];  // [255 + first - second]
  for (int d = 0; d < 256; ++d) {
    const uint64_t sum = (uint64_t)args.table[0] + args.table[d];
    const uint64_t whole_half = sum / 2;
    const double whole = (double)sum, half = (double)whole_half;
    const int8_t larger = quotient(256.0 * (double)args.table[0], half, whole);
    const int8_t smaller = quotient(256.0 * (double)args.table[d], half, whole);
    pairs[255 + d] = {larger, smaller};
    pairs[255 - d] = {smaller, larger};
  }
  const auto* in = (const int8_t*)args.input;
  auto* out = (Pair*)args.output;
  for (int64_t v = begin; v < end; ++v) out[v] = pairs[255 + in[2 * v] - in[2 * v + 1]];
}

void softmax_i8(const SoftmaxArgs& args, int64_t begin, int64_t end) {
  const bool side_by_side = args.vectors.rank == 1 && args.vectors.strides[0] == 2 && args.stride == 1;
  if (args.count == 2 && side_by_side && end - begin >= kWorthATable) {
    softmax_of_two(args, begin, end);
  } else if (args.stride == 1 && args.count >= kFewest && args.count <= kMostValues) {
    softmax_of_many(args, begin, end);
  } else {
    softmax_i8_ref.run(args, begin, end);
  }
}

}  // namespace

extern const SoftmaxRow softmax_i8_avx2 = {"softmax_i8_avx2", Isa::avx2, softmax_i8};

}  // namespace octet
