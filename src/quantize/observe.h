// The float network over the calibration samples: what values each group of tensors takes.
#pragma once

#include "quantize/assign.h"
#include "quantize/histogram.h"
#include "quantize/ranges.h"
#include "quantize/sample_runner.h"

namespace octet {

struct GroupStatistics {
  Histogram histogram;
  MinMax ema;  // moving average over the samples in their order
};

struct Observation {
  std::vector<GroupStatistics> groups;  // by group of the assignment
  SampleOutcome samples;
};

struct ObserveOptions {
  int threads = 1;
  std::int64_t ema_batch = 32;
};

// Memory does not grow with the number of samples. Errors: those of run_samples; Code::data naming tensor and sample
// where a value is not finite.
Result<Observation> observe(const std::shared_ptr<const Plan>& plan, const Assignment& assignment,
                            const SampleSource& source, std::vector<std::size_t> samples, const ObserveOptions& options,
                            const Hooks& hooks);

// Tensors whose values are looked at: for each group those that are computed, not those that are moved or read again.
std::vector<TensorId> observed_tensors(const Graph& graph, const Assignment& assignment);

}  // namespace octet
