#include "passes/passes.h"
#include "passes/rewrite.h"

namespace octet {

namespace {

bool takes_clamp(const Node& node) {
  switch (node.op) {
    case Op::conv:
    case Op::conv_transpose:
    case Op::gemm:
      return true;
    case Op::binary:
      return node.attrs.binary == BinaryKind::add || node.attrs.binary == BinaryKind::sub ||
             node.attrs.binary == BinaryKind::mul;
    default:
      return false;
  }
}

}  // namespace

Status fuse_activation(Graph& graph) {
  return rewrite(graph, [](Rewriter& rewriter, Node& node) -> Status {
    const auto clamp = clamp_of(node);
    Node* maker = clamp ? rewriter.producer(node.inputs[0]) : nullptr;
    if (maker != nullptr && rewriter.used_once(node.inputs[0]) && takes_clamp(*maker)) {
      maker->attrs.clamp = combine(maker->attrs.clamp, *clamp);
      rewriter.absorb(*maker, node);
      return {};
    }
    rewriter.emit(std::move(node));
    return {};
  });
}

}  // namespace octet
