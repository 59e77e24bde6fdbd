// Whether an int8 network is good enough to be used unseen.
#pragma once

#include "quantize/report.h"

namespace octet {

// Below one of these a network is poor. They are far from what a good quantization gives, so that chance on a few
// samples does not reach them.
struct QualityLimits {
  static constexpr double kLeastSqnr = 10;        // dB, of each output: the error is a third of the signal
  static constexpr double kLeastCosine = 0.9;     // of each output, over all samples
  static constexpr double kLeastAgreement = 0.9;  // of a classifier: share of the samples with the float answer
  static constexpr double kMostTop1Loss = 0.03;   // with labels: float minus int8
  static constexpr double kLeastMatched = 0.9;    // of a detector: boxes found by both over those found by either
};

// Sets `poor` and adds a warning for each limit that is not kept, the budget of mixed precision included; the first one
// names the worst int8 layers.
void judge(Report& report);

}  // namespace octet
