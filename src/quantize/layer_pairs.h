// Layers that two networks have in common, told by the names of what they make, and what makes their values comparable.
#pragma once

#include "quantize/sample_runner.h"

namespace octet {

struct LayerPair {
  int node = -1;  // of the reference
  TensorId reference = kNoTensor, model = kNoTensor;
  float low = 0, high = 0;  // of the model's range; infinite for float
  // By channel: the model's tensor beside that of the reference (quantize/channel_factors.h); 0: not known. Empty:
  // equalization did not scale it.
  std::vector<float> factors;
};

// One for each node of the reference whose output the model has in the same shape and under the same name, or with
// kEqualizedSuffix behind it; in the order of the nodes. Factors are found on up to 32 of the samples; without such
// tensors none is run. Errors: those of run_samples.
Result<std::vector<LayerPair>> pair_layers(const std::shared_ptr<const Plan>& reference,
                                           const std::shared_ptr<const Plan>& model, const SampleSource& source,
                                           const std::vector<std::size_t>& samples, int threads, const Hooks& hooks);

// Brings values of the reference to the scale of the model's channels, which the model's range is for. A value other
// than 0 of a channel whose factor is not known becomes 0 in both. Precondition: the pair has factors.
void scale_channels(const LayerPair& pair, const Dims& dims, std::span<float> reference, std::span<float> model);

}  // namespace octet
