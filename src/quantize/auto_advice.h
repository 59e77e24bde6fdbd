// Whether AUTO would choose clearly better ranges than the method that a configuration names.
#pragma once

#include <memory>
#include <string>

#include "image/samples.h"
#include "quantize/hooks.h"
#include "runtime/plan.h"

namespace octet {

struct AutoTrial {
  std::shared_ptr<const Plan> reference;   // the float network
  std::shared_ptr<const Graph> named;      // with the ranges of the named method
  std::shared_ptr<const Graph> automatic;  // with AUTO's ranges and else alike
  const SampleSource* source = nullptr;
  std::vector<std::size_t> samples;  // the first few are run
  std::string method;                // its name
  Isa isa = Isa::ref;
  int threads = 1;
};

// Runs both over at most 8 samples and compares the signal-to-noise ratio at the outputs, or before a final softmax.
// The advice where AUTO's is at least 2 dB better, else "". What AUTO does besides choosing ranges (equalization,
// rounding) is not tried: that would take as long as a quantization. Errors: those of measure.
Result<std::string> advise_auto(const AutoTrial& trial, const Hooks& hooks);

}  // namespace octet
