// One function for each kind of node: writes the operators that stand for it. Errors (Code::unsupported) say what the
// format cannot carry.
#pragma once

#include "base/status.h"
#include "export/mnn/writer.h"

namespace octet::mnn {

// write_layers.cpp
Status write_conv(Writer& w, const Node& node);
Status write_conv_transpose(Writer& w, const Node& node);
Status write_gemm(Writer& w, const Node& node);
Status write_mat_mul(Writer& w, const Node& node);

// write_spatial.cpp
Status write_pool(Writer& w, const Node& node);
Status write_reduce(Writer& w, const Node& node);
Status write_resize(Writer& w, const Node& node);
Status write_depth_to_space(Writer& w, const Node& node);
Status write_space_to_depth(Writer& w, const Node& node);

// write_elementwise.cpp
Status write_unary(Writer& w, const Node& node);
Status write_prelu(Writer& w, const Node& node);
Status write_binary(Writer& w, const Node& node);
Status write_softmax(Writer& w, const Node& node);
// `from` clamped, as the tensor `to`.
void write_clamp(Writer& w, std::int32_t from, std::int32_t to, const Clamp& clamp, const std::string& name);

// write_places.cpp
Status write_concat(Writer& w, const Node& node);
Status write_split(Writer& w, const Node& node);
Status write_slice(Writer& w, const Node& node);
Status write_pad(Writer& w, const Node& node);
Status write_reshape(Writer& w, const Node& node);
Status write_transpose(Writer& w, const Node& node);
Status write_gather(Writer& w, const Node& node);
Status write_expand(Writer& w, const Node& node);

// write_boundary.cpp
Status write_quantize(Writer& w, const Node& node);
Status write_dequantize(Writer& w, const Node& node);
Status write_requantize(Writer& w, const Node& node);
// The same values as a tensor of its own: from `index`, for `id`.
std::int32_t write_copy(Writer& w, std::int32_t index, TensorId id, const std::string& name);

}  // namespace octet::mnn
