#include <immintrin.h>

#include "kernels/elementwise.h"

namespace octet {
namespace {

// A shuffle of two registers looks up 128 entries by the low 7 bits of the index; the highest bit, which is the sign,
// chooses the half of the table.
void run(const int8_t* table, const int8_t* input, int8_t* output, int64_t count) {
  const __m512i below0 = _mm512_loadu_si512(table), below1 = _mm512_loadu_si512(table + 64);
  const __m512i above0 = _mm512_loadu_si512(table + 128), above1 = _mm512_loadu_si512(table + 192);
  for (int64_t i = 0; i < count; i += 64) {
    const __mmask64 mask = count - i < 64 ? ~(uint64_t)0 >> (64 - (count - i)) : ~(uint64_t)0;
    const __m512i x = _mm512_maskz_loadu_epi8(mask, input + i);
    const __m512i below = _mm512_permutex2var_epi8(below0, x, below1);
    const __m512i above = _mm512_permutex2var_epi8(above0, x, above1);
    _mm512_mask_storeu_epi8(output + i, mask, _mm512_mask_blend_epi8(_mm512_movepi8_mask(x), above, below));
  }
}

}  // namespace

extern const TableI8Row table_i8_avx512vbmi = {"table_i8_avx512vbmi", Isa::avx512vbmi, run};

}  // namespace octet
