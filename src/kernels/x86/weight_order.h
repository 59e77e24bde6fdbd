// Where packing finds a weight: the convolution families keep them in different orders, and the phases of a transposed
// convolution are convolutions over some of the taps, in reverse.
#pragma once

#include "kernels/conv.h"

namespace octet {
namespace {

// Elements from one group, output channel of a group, input channel of a group, row, column to the next.
struct WeightOrder {
  int64_t group, output, input, row, column;
};

inline WeightOrder canonical_order(const ConvGeometry& g) {
  const int64_t taps = (int64_t)g.kernel_h * g.kernel_w;
  const int64_t output = taps * (g.in_c / g.groups);
  return {output * (g.out_c / g.groups), output, taps, g.kernel_w, 1};
}

}  // namespace
}  // namespace octet
