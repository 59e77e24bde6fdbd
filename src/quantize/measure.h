// Two networks with the same inputs and outputs, run over the same samples: how far the second is from the first.
#pragma once

#include <optional>

#include "quantize/config.h"
#include "quantize/detections.h"
#include "quantize/report.h"
#include "quantize/sample_runner.h"

namespace octet {

struct MeasureOptions {
  int threads = 1;
  // Class of each sample of the source, -1: none. Empty: no labels.
  std::vector<std::int64_t> labels;
  std::optional<Detector> detector = {};  // of both networks
  // Also what a page shows: why layers differ, the distribution of their values, pictures of the worst samples.
  bool details = false;
  const char* stage = "measure";           // for progress
  const QuantizeConfig* config = nullptr;  // by which the second was quantized; borrowed. NULL: not known
};

// Fills outputs, layers (one for each node of `reference` whose output `model` has under the same name, or with
// kEqualizedSuffix behind it), agreement, accuracy, detections, worst samples and the counts of samples of `report`.
// What equalization scaled is compared with the values of `reference` times a factor for each channel
// (quantize/channel_factors.h), found on up to 32 of the samples. Errors: those of run_samples; Code::shape where
// inputs or outputs of the two differ.
Status measure(const std::shared_ptr<const Plan>& reference, const std::shared_ptr<const Plan>& model,
               const SampleSource& source, std::vector<std::size_t> samples, const MeasureOptions& options,
               const Hooks& hooks, Report& report);

// Number of classes where the tensor is one distribution over classes (one dimension larger than 1), else 0.
std::int64_t class_count(const Dims& dims);

}  // namespace octet
