// Convolutions of real networks, and shapes at which tiles do not come out even; all of them again with weight zero
// points (extra_weights), which only int8 has.
#pragma once

#include <span>
#include <string>

#include "kernels/conv.h"

namespace octet::bench {

enum class ConvKind { general, depthwise, transposed };

std::span<const ConvGeometry> conv_shapes(ConvKind kind);

// "3x3_56x56x64-128_s2": kernel, input, output channels, then what is not 1 of stride, dilation and groups, and
// "_zp" for weight zero points.
std::string name_of(const ConvGeometry& geometry);

}  // namespace octet::bench
