// The factors by which equalization scaled the channels of an int8 network's tensors.
//
// The file does not carry them, but both networks show them: channel c of the int8 tensor is g(c) times that of the
// float one, plus an error. g(c) = sum(float x int8) / sum(float^2) is the one with the least squares of that error. An
// error that does not follow the values leaves it where it is; one that does, a gain, goes into it and is not seen.
#pragma once

#include "quantize/sample_runner.h"

namespace octet {

struct TensorPair {
  TensorId reference = kNoTensor, model = kNoTensor;
};

// By pair, by channel (dimension 1); 0: the channel of the reference is always 0, and nothing is known. Errors: those
// of run_samples.
Result<std::vector<std::vector<float>>> fit_channel_factors(const std::shared_ptr<const Plan>& reference,
                                                            const std::shared_ptr<const Plan>& model,
                                                            const std::vector<TensorPair>& pairs,
                                                            const SampleSource& source,
                                                            std::vector<std::size_t> samples, int threads,
                                                            const Hooks& hooks);

// The values as float32, in the order of the tensor's dimensions.
void export_values(const Session& session, const Observed& observed, std::vector<float>& values);

}  // namespace octet
