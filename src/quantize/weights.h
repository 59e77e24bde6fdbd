// Scales of weights: symmetric int8, one scale an output channel, zero point 0.
//
// real = scale x q, |q| <= clamp_value (127, or less where the configuration says so). Rounding is to nearest
// even. A channel of zeros has scale 1; a scale that would leave 2^-64...2^64 (weights too small or too large for
// the integer contract) is limited to that, so that it is positive and finite for any input. Non-finite weights are
// the caller's to refuse: here an infinity saturates, NaN becomes 0, and neither enters a scale.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "base/status.h"
#include "passes/int8_form.h"
#include "quantize/config.h"

namespace octet {

// MAX_ABS: the largest magnitude gets the last level.
// ADMM: alternates the nearest levels q and the scale <w, q> / <q, q> that fits them best, from MAX_ABS until it
//   stands still (Leng et al., Extremely Low Bit Neural Network, AAAI 2018).
// MSE: the best of MAX_ABS shrunk in 64 to 1024 steps to a half, by squared error, then fitted as by ADMM.
// Precondition: 1 <= clamp_value <= 127, here and below.
float weight_scale(std::span<const float> weights, WeightMethod method, int clamp_value = 127);

// Code::shape where the layout does not have as many elements as there are weights, or none.
Result<QuantizedWeights> quantize_weights(std::span<const float> weights, const WeightLayout& layout,
                                          WeightMethod method, int clamp_value = 127);

}  // namespace octet
