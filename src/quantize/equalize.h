// Cross-layer equalization (Nagel et al., Data-Free Quantization Through Weight Equalization and Bias Correction, ICCV
// 2019, section 4.1), with the ranges of the activations that were seen instead of those of the weights that make them,
// and for all channels that have to be scaled together (quantize/channel_groups.h): through concats, pools and
// residual additions, not from one convolution to the next alone.
//
// A tensor has one scale for all its channels; a channel that never exceeds a hundredth of the largest gets a few
// levels. Channel c can be divided by s(c) where it is made and the weights that read it multiplied by s(c): the
// network means the same. Weights have a scale for each output channel, so that the side that makes the channel loses
// nothing; nor does a depthwise layer that reads it. A layer that mixes channels does, so there the ranges of both
// sides meet half way. With r(c), the greatest magnitude of channel c as a share of that of its tensor (the greatest of
// all tensors that are scaled together), and w(c), the greatest magnitude of the weights that read it as a share of the
// greatest of the same output channel:
//   s(c) = r(c) where depthwise layers alone read it, else sqrt(r(c) / w(c))
// as a share of the largest s and at least 1 / 1024. Nagel et al. have sqrt(r1(c) / r2(c)) with the ranges of two
// weights of one scale each. A channel that is always 0 keeps its size.
//
// Where an activation limits its result (relu6) and values come near the limit, channels keep their size: each would
// need a limit of its own, and one that lies at what was seen of the channel costs far more than it gains (MobileNetV2:
// 15 instead of 22 dB before the softmax, on other images than those seen). A limit that no value came near is dropped
// with the scaling, as Nagel et al. do.
#pragma once

#include "quantize/sample_runner.h"

namespace octet {

// Behind the names of an int8 network's tensors whose channels were scaled: nobody is to take their values for those of
// the source's tensor of the same name.
inline constexpr char kEqualizedSuffix[] = "/equalized";

struct EqualizeOptions {
  int threads = 1;
};

struct Equalized {
  Graph graph;                       // the same network with the same names
  std::vector<std::string> changed;  // tensors whose channels were scaled: their values are not the source's any more
};

// Errors: those of run_samples.
Result<Equalized> equalize(const std::shared_ptr<const Plan>& plan, const SampleSource& source,
                           std::vector<std::size_t> samples, const EqualizeOptions& options, const Hooks& hooks);

}  // namespace octet
