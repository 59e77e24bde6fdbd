// Declarations of the runners that runners.inc lists; each is defined beside the prepare function that chooses it.
#pragma once

#include "ops/op.h"

namespace octet {

#define OCTET_RUNNER(runner) void runner(const Io& io, std::int64_t begin, std::int64_t end) noexcept;
#include "ops/runners.inc"
#undef OCTET_RUNNER

extern const BandRunner kConvF32Bands, kConvI8Bands, kPoolF32Bands, kPoolI8Bands, kBinaryF32Bands, kBinaryI8Bands,
    kUnaryF32Bands, kTableI8Bands, kQuantizeBands, kDequantizeBands, kRequantizeBands;

}  // namespace octet
