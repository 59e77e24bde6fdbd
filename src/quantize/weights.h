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
#include "quantize/config.h"

namespace octet {

// MAX_ABS: the largest magnitude gets the last level.
// ADMM: alternates the nearest levels q and the scale <w, q> / <q, q> that fits them best, from MAX_ABS until it
//   stands still (Leng et al., Extremely Low Bit Neural Network, AAAI 2018).
// MSE: the best of MAX_ABS shrunk in 64 to 1024 steps to a half, by squared error, then fitted as by ADMM.
// Precondition: 1 <= clamp_value <= 127, here and below.
float weight_scale(std::span<const float> weights, WeightMethod method, int clamp_value = 127);

// Precondition: out.size() == weights.size(), scale positive and finite.
void quantize_channel(std::span<const float> weights, float scale, int clamp_value, std::span<std::int8_t> out);

// How the output channels lie in a tensor: groups x blocks x channels x block_size, row-major; the channels of all
// groups are the output channels, in order.
struct WeightLayout {
  std::size_t groups = 1;
  std::size_t blocks = 1;
  std::size_t channels = 1;  // of one group
  std::size_t block_size = 1;

  std::size_t output_channels() const { return groups * channels; }

  // conv [O, I/groups, kh, kw] and gemm [N, K]: a channel is one contiguous run, whatever the groups.
  static WeightLayout contiguous(std::size_t output_channels, std::size_t per_channel) {
    return {1, 1, output_channels, per_channel};
  }
  // conv_transpose [I, O/groups, kh, kw].
  static WeightLayout transposed(std::size_t groups, std::size_t inputs_per_group, std::size_t outputs_per_group,
                                 std::size_t kernel_area) {
    return {groups, inputs_per_group, outputs_per_group, kernel_area};
  }
};

struct QuantizedWeights {
  std::vector<std::int8_t> values;  // in the order of the weights
  std::vector<float> scales;        // one an output channel
};

// Code::shape where the layout does not have as many elements as there are weights, or none.
Result<QuantizedWeights> quantize_weights(std::span<const float> weights, const WeightLayout& layout,
                                          WeightMethod method, int clamp_value = 127);

}  // namespace octet
