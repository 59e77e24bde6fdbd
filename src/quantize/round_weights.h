// Weights rounded so that the layer's output, not each weight, comes nearest to the float one.
//
// For an output channel with weights w and quantized weights s q the error of the output is (s q - w)^T x over the
// inputs x that the layer sees. Its mean goes into the bias (bias correction: Nagel et al., ICCV 2019, section 4.2,
// with means that were observed); what is left is (s q - w)^T C (s q - w) with the covariance C of x. Coordinate
// descent over q, from the nearest levels, makes that least: the aim of AdaRound (Nagel et al., ICML 2020) reached by
// the means of optimal brain quantization (Frantar and Alistarh, NeurIPS 2022), without gradients.
#pragma once

#include <atomic>

#include "quantize/hooks.h"
#include "quantize/patches.h"
#include "quantize/weights.h"

namespace octet {

struct RoundOptions {
  WeightMethod method = WeightMethod::MAX_ABS;  // gives the scales from which the search starts
  int clamp_value = 127;
  bool adapt = true;         // false: nearest levels
  bool correct_bias = true;  // false: no shift, and the mean of x counts as error
  // Becomes true when nobody wants the result any more: rounding then ends within one row of inputs or one channel.
  const std::atomic<bool>* stop = nullptr;

  bool stopped() const { return stop != nullptr && stop->load(std::memory_order_relaxed); }
};

// One layer. bias_shift is added to the float bias; empty where there is nothing to add.
struct RoundedWeights {
  QuantizedWeights weights;
  std::vector<float> bias_shift;
};

// weights: [output channels][depth], channels of the groups one after the other. Layers deeper than kMaxAdaptedDepth
// keep the nearest levels, since the cost grows with the square of the depth.
inline constexpr std::size_t kMaxAdaptedDepth = 2304;
RoundedWeights round_weights(std::span<const float> weights, std::size_t output_channels, const Patches& patches,
                             const RoundOptions& options);

// All layers that have patches, on `threads` threads; by node, `weights.values` empty for the others. Code::cancelled.
Result<std::vector<RoundedWeights>> round_network(const Graph& graph, const std::vector<Patches>& patches,
                                                  const RoundOptions& options, int threads, const Hooks& hooks);

}  // namespace octet
