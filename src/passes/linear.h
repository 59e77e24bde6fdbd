// A scale and a shift per output channel, taken into a convolution or matrix product.
#pragma once

#include <span>

#include "graph/graph.h"

namespace octet {

// conv, conv_transpose or gemm with float32 constants, and no fused activation behind which a scale could not move.
bool is_foldable(const Graph& graph, const Node& node);

// The dimension of its output that the output channels are.
std::size_t channel_axis(const Graph& graph, const Node& linear);

// Makes `linear` compute scale[o] * (what it computed)[o] + shift[o], with new constants: others may read the old
// ones. Computed in double precision. Returns false, and changes nothing, where a result is not finite.
bool fold_into(Graph& graph, Node& linear, std::span<const double> scale, std::span<const double> shift);

}  // namespace octet
