// The int8 form of a float graph, as integer-contract.md defines it: weights, biases, factors and tables are computed
// here once and stored; boundaries between int8 and float parts are explicit quantize, dequantize and requantize nodes.
#pragma once

#include "quantize/assign.h"
#include "quantize/config.h"
#include "quantize/round_weights.h"

namespace octet {

struct RewriteOptions {
  WeightMethod weight_method = WeightMethod::MAX_ABS;
  int weight_clamp_value = 127;
  // By node; layers whose weights are empty here, or all where this is empty, are rounded to the nearest levels.
  std::vector<RoundedWeights> rounded;
};

// `quants` holds the scale and zero point of each group. Names of nodes and tensors are kept; a tensor that both parts
// read exists in both types, the second with "/int8" or "/float" behind its name.
Result<Graph> rewrite_int8(const Graph& graph, const Assignment& assignment, const std::vector<Quant>& quants,
                           const RewriteOptions& options);

}  // namespace octet
