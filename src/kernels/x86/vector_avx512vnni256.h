// AVX512-VNNI on 256-bit registers (EVEX): Vnni256 with its multiply.
#pragma once

#include "kernels/x86/vector_vnni256.h"

namespace octet {
namespace {

struct Avx512Vnni256 : Vnni256 {
  static constexpr int kMaxVectors = 4;
  static constexpr int pixels(int vectors) { return vectors == 4 ? 6 : 12; }
  static __m256i dot(__m256i sum, __m256i x, __m256i w) { return _mm256_dpbusd_epi32(sum, x, w); }
};

}  // namespace
}  // namespace octet
