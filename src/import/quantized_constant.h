// How the constants of a quantized file enter a Graph: as float32 values that keep their scales (Tensor::scales), so
// that the pass fuse_quantized finds the file's integers again.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "graph/graph.h"

namespace octet {

// Adds float32 constants of the values scale * centred, where `centred` is an integer less its zero point, in the order
// of `dims`. `scales` holds one scale, or one for each element of dimension `axis`. Errors (Code::format, which name
// the tensor): another number of values or scales, an axis outside the dimensions, a scale that is not positive and
// finite.
Result<TensorId> add_quantized_constant(Graph& graph, const std::string& name, const Dims& dims,
                                        std::span<const std::int32_t> centred, const std::vector<float>& scales,
                                        std::size_t axis);

}  // namespace octet
