// AVX-VNNI (VEX): Vnni256 with its multiply.
#pragma once

#include "kernels/x86/vector_vnni256.h"

namespace octet {
namespace {

struct AvxVnni : Vnni256 {
  static constexpr int kMaxVectors = 2;
  static constexpr bool kManyRegisters = false;
  static constexpr int pixels(int vectors) { return vectors == 2 ? 6 : 12; }
  static __m256i dot(__m256i sum, __m256i x, __m256i w) { return _mm256_dpbusd_avx_epi32(sum, x, w); }
};

}  // namespace
}  // namespace octet
