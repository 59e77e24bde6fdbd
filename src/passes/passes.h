// Rewrites of a float Graph, one file each. Each keeps the graph valid and its shapes inferred.
#pragma once

#include "base/status.h"
#include "graph/graph.h"

namespace octet {

// Walks the nodes in order, inferring shapes; evaluates nodes whose inputs are all constant (Shape of a known shape
// counts as constant); moves "until resolved" inputs into attributes; turns identity, squeeze, unsqueeze, flatten,
// cast and expand/tile of nothing into reshape or nothing. Afterwards only executable operators remain; what cannot be
// resolved is an error that names node and operator.
Status fold_constants(Graph& graph);

// mat_mul by a constant matrix -> gemm, which has a bias and an int8 form; gemm whose weights are not constant ->
// mat_mul.
Status lower_mat_mul(Graph& graph);

// Folds batch_norm into the conv, conv_transpose or gemm before it; lowers what remains to a depthwise 1x1 conv
// (rank 4) or to mul and add.
Status fold_batch_norm(Graph& graph);

// Folds mul and add by per-channel constants after conv, conv_transpose and gemm into weights and bias.
Status fold_scale_shift(Graph& graph);

// x * sigmoid(x) -> silu, x * hard_sigmoid(x) and x * clip(x + 3, 0, 6) / 6 -> hard_swish, and other spelled-out
// activations (gelu by erf, ...) that exporters write as several nodes.
Status fuse_activation_patterns(Graph& graph);

// Constant zero pad before conv or pool (where its meaning allows) into the window's pads.
Status fuse_pad(Graph& graph);

// relu, clip and relu6 into the clamp of the conv, conv_transpose, gemm, add, sub or mul that alone feeds them.
Status fuse_activation(Graph& graph);

// dequantize -> operator -> quantize, as importers write what a quantized file says, into the int8 operator with the
// file's integers and scales (Tensor::scales); the network's inputs and outputs become int8 where only such nodes stand
// at them. What has no int8 form stays float between its quantize and dequantize nodes.
Status fuse_quantized(Graph& graph);

// Reshape of reshape, transpose of transpose, reshape to the same shape, single concat.
Status remove_redundant(Graph& graph);

// All of the above in order, then validate. What every imported graph goes through once.
Status prepare_graph(Graph& graph);

}  // namespace octet
