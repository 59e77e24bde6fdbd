// Shape inference by groups of operators; infer_node chooses. Every function checks the attributes that it reads and
// writes the dims of the outputs; infer_node sets the types.
#pragma once

#include <span>
#include <string>

#include "base/status.h"
#include "graph/graph.h"

namespace octet {

// Code::shape, with the node before the message.
Status shape_error(const Node& node, const std::string& message);

// Writes the dims of output `index`; fails where they are negative, too many or too large.
Status set_output(Graph& graph, const Node& node, std::size_t index, Dims dims);

// Makes a negative axis positive; fails outside [-rank, rank).
Status resolve_axis(const Node& node, std::size_t rank, std::int64_t* axis);

// As NumPy broadcasts.
Status broadcast(const Node& node, const Dims& a, const Dims& b, Dims* out);

inline const Dims& input_dims(const Graph& graph, const Node& node, std::size_t index) {
  return graph.at(node.inputs[index]).dims;
}

// infer_window.cpp: sliding windows and resizing.
Status infer_conv(Graph& graph, Node& node);
Status infer_conv_transpose(Graph& graph, Node& node);
Status infer_pool(Graph& graph, Node& node);
Status infer_resize(Graph& graph, Node& node);

// infer_layout.cpp: operators that move values.
Status infer_concat(Graph& graph, Node& node);
Status infer_split(Graph& graph, Node& node);
Status infer_slice(Graph& graph, Node& node);
Status infer_pad(Graph& graph, Node& node);
Status infer_reshape(Graph& graph, Node& node);
Status infer_transpose(Graph& graph, Node& node);
Status infer_depth_to_space(Graph& graph, Node& node);
Status infer_space_to_depth(Graph& graph, Node& node);
Status infer_gather(Graph& graph, Node& node);
Status infer_expand(Graph& graph, Node& node);
Status infer_squeeze(Graph& graph, Node& node);
Status infer_unsqueeze(Graph& graph, Node& node);
Status infer_flatten(Graph& graph, Node& node);
Status infer_tile(Graph& graph, Node& node);

// infer.cpp: operators that compute values.
Status infer_gemm(Graph& graph, Node& node);
Status infer_mat_mul(Graph& graph, Node& node);
Status infer_reduce(Graph& graph, Node& node);

}  // namespace octet
