#include "graph/open_sizes.h"
#include "passes/follow_sizes.h"
#include "passes/passes.h"

namespace octet {

Status prepare_graph(Graph& graph) {
  if (open_names(graph).size() > kMostOpenSizes) graph.open_sizes.clear();  // of a file that was made to hurt
  FollowedSizes sizes;
  OCTET_TRY(has_open_sizes(graph) ? fold_following(graph, &sizes) : fold_constants(graph));
  OCTET_TRY(lower_mat_mul(graph));
  OCTET_TRY(fold_batch_norm(graph));
  // Before the folding of scales: "add 3, clip, divide by 6" after a convolution is better one activation than a bias.
  OCTET_TRY(fuse_activation_patterns(graph));
  OCTET_TRY(fold_scale_shift(graph));
  OCTET_TRY(fuse_pad(graph));
  OCTET_TRY(fuse_activation(graph));
  OCTET_TRY(fuse_quantized(graph));
  OCTET_TRY(remove_redundant(graph));
  remove_dead(graph);
  OCTET_TRY(infer_shapes(graph));
  check_following(graph, sizes);
  return validate(graph);
}

}  // namespace octet
