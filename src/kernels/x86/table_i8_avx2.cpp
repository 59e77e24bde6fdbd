#include <immintrin.h>

#include "kernels/elementwise.h"

namespace octet {
namespace {

constexpr int kPieces = 16;  // of 16 entries each

__m256i load(const int8_t* from) { return _mm256_loadu_si256((const __m256i*)from); }

// Whether the table is that of a ReLU or another clamp where input and output have one scale: q between its first and
// its last entry.
bool is_clamp(const int8_t* table, __m256i low, __m256i high) {
  alignas(32) int8_t values[32];
  for (int i = 0; i < 32; ++i) values[i] = (int8_t)(i - 128);
  __m256i q = load(values), same = _mm256_set1_epi8(-1);
  for (int i = 0; i < 256; i += 32, q = _mm256_add_epi8(q, _mm256_set1_epi8(32))) {
    const __m256i y = _mm256_min_epi8(_mm256_max_epi8(q, low), high);
    same = _mm256_and_si256(same, _mm256_cmpeq_epi8(y, load(table + i)));
  }
  return _mm256_movemask_epi8(same) == -1;
}

// A byte shuffle looks up 16 entries by the low 4 bits of the index, and gives 0 where the index is negative. Each
// piece of a half of the table so counts wherever the index has come as far; as it is the difference to the piece
// before, the sum is the last that counts.
__m256i look_up(const __m256i* differences, __m256i x) {
  const __m256i step = _mm256_set1_epi8(16);
  __m256i above = x, below = _mm256_xor_si256(x, _mm256_set1_epi8(-128)), y = _mm256_setzero_si256();
  for (int p = 0; p < kPieces / 2; ++p) {
    y = _mm256_xor_si256(y, _mm256_shuffle_epi8(differences[p], below));
    y = _mm256_xor_si256(y, _mm256_shuffle_epi8(differences[kPieces / 2 + p], above));
    below = _mm256_subs_epi8(below, step);
    above = _mm256_subs_epi8(above, step);
  }
  return y;
}

int64_t run_look_up(const int8_t* table, const int8_t* input, int8_t* output, int64_t count) {
  __m256i differences[kPieces];
  for (int p = 0; p < kPieces; ++p) {
    const __m128i piece = _mm_loadu_si128((const __m128i*)(table + 16 * p));
    const bool first = p % (kPieces / 2) == 0;
    const __m128i before = first ? _mm_setzero_si128() : _mm_loadu_si128((const __m128i*)(table + 16 * (p - 1)));
    differences[p] = _mm256_broadcastsi128_si256(_mm_xor_si128(piece, before));
  }
  int64_t i = 0;
  for (; i + 32 <= count; i += 32) {
    _mm256_storeu_si256((__m256i*)(output + i), look_up(differences, load(input + i)));
  }
  return i;
}

int64_t run_clamp(__m256i low, __m256i high, const int8_t* input, int8_t* output, int64_t count) {
  int64_t i = 0;
  for (; i + 32 <= count; i += 32) {
    const __m256i y = _mm256_min_epi8(_mm256_max_epi8(load(input + i), low), high);
    _mm256_storeu_si256((__m256i*)(output + i), y);
  }
  return i;
}

void run(const int8_t* table, const int8_t* input, int8_t* output, int64_t count) {
  int64_t i = 0;
  if (count >= 32) {
    const __m256i low = _mm256_set1_epi8(table[0]), high = _mm256_set1_epi8(table[255]);
    i = is_clamp(table, low, high) ? run_clamp(low, high, input, output, count)
                                   : run_look_up(table, input, output, count);
  }
  for (; i < count; ++i) output[i] = table[input[i] + 128];
}

}  // namespace

extern const TableI8Row table_i8_avx2 = {"table_i8_avx2", Isa::avx2, run};

}  // namespace octet
