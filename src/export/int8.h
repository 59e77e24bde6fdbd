// What a Graph's int8 operators hold as final numbers (factors, tables), given back as what other formats write: scales
// of weights, functions, slopes. Each is checked against the numbers that it comes from, so that a file that is written
// means what the graph computes. Errors (Code::unsupported) name the node.
#pragma once

#include <vector>

#include "base/status.h"
#include "graph/graph.h"

namespace octet {

// True where the node computes on int8.
bool is_int8(const Graph& graph, const Node& node);

// Output channels of an int8 conv, conv_transpose or gemm.
std::int64_t output_channels(const Graph& graph, const Node& linear);

// The scales [output channels] of an int8 linear node's weights: factor * output scale / input scale, of the floats
// nearest to that the one from which most nearly the node's factor comes out again. Where the factor is zero, the scale
// is 1 and the channel's `dead` is true: its weights and its bias count for nothing.
struct WeightScales {
  std::vector<float> scales;
  std::vector<bool> dead;
};
Result<WeightScales> weight_scales(const Graph& graph, const Node& linear);

// The part of a fused clamp that the 256 steps of `quant` do not hold already.
Clamp clamp_within(const Clamp& clamp, const Quant& quant);

// An int8 unary node's table is that of its function, to one step; a softmax's, of exp.
Status check_unary_table(const Graph& graph, const Node& unary);
Status check_softmax_table(const Graph& graph, const Node& softmax);

// Slopes [C] that give the table of an int8 prelu.
Result<std::vector<float>> prelu_slopes(const Graph& graph, const Node& prelu);

}  // namespace octet
