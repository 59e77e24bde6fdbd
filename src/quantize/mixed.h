// Mixed precision: the layers that cost the answers most stay float, as few of them as a budget takes.
//
// The sensitivity of a layer is measured: by how much the error at the outputs shrinks where it alone is kept in float
// (the order of HAWQ, Dong et al., ICCV 2019, with the measured error in place of the curvature). Layers are then taken
// by error saved for each multiply-accumulate until the budget holds. No clock enters the choice.
#pragma once

#include <functional>
#include <memory>

#include "quantize/config.h"
#include "quantize/hooks.h"
#include "quantize/output_distance.h"
#include "quantize/report.h"

namespace octet {

struct MixedJob {
  std::shared_ptr<const Graph> graph;  // float
  std::vector<std::size_t> layers;     // nodes that may be kept in float
  // The int8 network with the nodes of these names in float.
  std::function<Result<Graph>(const std::vector<std::string>& kept)> make;
  const OutputDistance* outputs = nullptr;
  MixedBudget budget;
};

struct MixedChoice {
  std::vector<std::string> skip;  // names of outputs of the nodes that stay float
  MixedReport report;
};

// Errors: those of make and run_samples; Code::config where max_drop is given for a network that is no classifier.
Result<MixedChoice> choose_mixed(const MixedJob& job, const Hooks& hooks);

}  // namespace octet
