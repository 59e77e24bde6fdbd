// Cross-layer equalization (Nagel et al., Data-Free Quantization Through Weight Equalization and Bias Correction, ICCV
// 2019, section 4.1), with the ranges of the activations that were seen instead of those of the weights that make them.
//
// A tensor has one scale for all its channels; a channel that never exceeds a hundredth of the largest gets a few
// levels. Where nothing but multiplication by weights follows, channel c can be divided by s(c) and the weights that
// read it multiplied by s(c): the network means the same. Weights have a scale for each output channel, so that the
// side that makes the channel loses nothing; nor does a depthwise layer that reads it. A layer that mixes channels
// does, so there the ranges of both sides meet half way.
#pragma once

#include "quantize/sample_runner.h"

namespace octet {

struct EqualizeOptions {
  int threads = 1;
};

struct Equalized {
  Graph graph;                       // the same network with the same names
  std::vector<std::string> changed;  // tensors whose channels were scaled: their values are not the source's any more
};

// Tensors whose clamp has an upper bound (relu6) are left alone. Errors: those of run_samples.
Result<Equalized> equalize(const std::shared_ptr<const Plan>& plan, const SampleSource& source,
                           std::vector<std::size_t> samples, const EqualizeOptions& options, const Hooks& hooks);

// Tensors that can be equalized: made by a conv or conv_transpose whose clamp, if any, is [0, infinity), read by
// nothing but conv and conv_transpose, and no output of the network.
std::vector<TensorId> equalizable_tensors(const Graph& graph);

}  // namespace octet
