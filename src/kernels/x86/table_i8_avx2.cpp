#include <immintrin.h>

#include "kernels/elementwise.h"

namespace octet {
namespace {

// A byte shuffle looks up 16 entries by the low 4 bits of the index; the high 4 bits choose among the 16 pieces of the
// table.
void run(const int8_t* table, const int8_t* input, int8_t* output, int64_t count) {
  int64_t i = 0;
  if (count >= 32) {
    __m256i pieces[16];
    for (int p = 0; p < 16; ++p) {
      pieces[p] = _mm256_broadcastsi128_si256(_mm_loadu_si128((const __m128i*)(table + 16 * p)));
    }
    const __m256i low_bits = _mm256_set1_epi8(0x0F), flip = _mm256_set1_epi8(8);
    for (; i + 32 <= count; i += 32) {
      const __m256i x = _mm256_loadu_si256((const __m256i*)(input + i));
      const __m256i index = _mm256_and_si256(x, low_bits);
      const __m256i piece = _mm256_xor_si256(_mm256_and_si256(_mm256_srli_epi16(x, 4), low_bits), flip);
      __m256i y = _mm256_setzero_si256();
      for (int p = 0; p < 16; ++p) {
        const __m256i here = _mm256_cmpeq_epi8(piece, _mm256_set1_epi8((char)p));
        y = _mm256_or_si256(y, _mm256_and_si256(here, _mm256_shuffle_epi8(pieces[p], index)));
      }
      _mm256_storeu_si256((__m256i*)(output + i), y);
    }
  }
  for (; i < count; ++i) output[i] = table[input[i] + 128];
}

}  // namespace

extern const TableI8Row table_i8_avx2 = {"table_i8_avx2", Isa::avx2, run};

}  // namespace octet
