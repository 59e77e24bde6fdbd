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

// What the samples so far gave to a group.
struct GroupTally {
  Histogram histogram;
  EmaRange ema;
};

// An observation on its way: some of the samples have been looked at, in their order.
struct ObservedSoFar {
  std::vector<GroupTally> groups;                    // by group of the assignment
  SampleOutcome samples;                             // their indices into the source
  std::size_t done = 0;                              // how many were looked at, unreadable ones too
  std::chrono::steady_clock::time_point reported{};  // progress
};

// Before the first sample.
ObservedSoFar nothing_observed(const Assignment& assignment, std::int64_t ema_batch);

// Looks at samples [so_far.done, end) of `samples`. Whether they are given at once or in parts changes nothing. After a
// failure `so_far` is of no use. That none can be read is no error here. Errors: as observe().
Status observe_more(const std::shared_ptr<const Plan>& plan, const Assignment& assignment, const SampleSource& source,
                    std::span<const std::size_t> samples, std::size_t end, int threads, const Hooks& hooks,
                    ObservedSoFar& so_far);

// What was seen in the end.
Observation observation_of(ObservedSoFar so_far);

// Memory does not grow with the number of samples. Errors: those of run_samples; Code::data naming tensor and sample
// where a value is not finite.
Result<Observation> observe(const std::shared_ptr<const Plan>& plan, const Assignment& assignment,
                            const SampleSource& source, std::vector<std::size_t> samples, const ObserveOptions& options,
                            const Hooks& hooks);

// Tensors whose values are looked at: for each group those that are computed, not those that are moved or read again.
std::vector<TensorId> observed_tensors(const Graph& graph, const Assignment& assignment);

}  // namespace octet
