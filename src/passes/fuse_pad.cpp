#include <array>
#include <limits>

#include "passes/passes.h"
#include "passes/rewrite.h"

namespace octet {

namespace {

// The pads of H and W (top, left, bottom, right) where a constant pads these alone.
std::optional<std::array<std::int64_t, 4>> image_pads(const Node& pad) {
  const std::vector<std::int64_t>& sizes = pad.attrs.sizes;
  if (pad.attrs.pad != PadKind::constant || sizes.size() != 8) return std::nullopt;
  if (sizes[0] != 0 || sizes[1] != 0 || sizes[4] != 0 || sizes[5] != 0) return std::nullopt;
  return std::array<std::int64_t, 4>{sizes[2], sizes[3], sizes[6], sizes[7]};
}

bool has_no_pads(const Window& window) { return window.pads == std::array<std::int64_t, 4>{0, 0, 0, 0}; }

bool is_never_negative(const Node* maker) {
  if (maker == nullptr) return false;
  if (maker->attrs.clamp.low >= 0) return true;
  const auto clamp = clamp_of(*maker);
  return clamp && clamp->low >= 0;
}

// Whether the window may take the pad over: it must treat what lies outside as the pad's value.
bool accepts(Rewriter& rewriter, const Node& node, const Node& pad) {
  const float value = pad.attrs.alpha;
  switch (node.op) {
    case Op::conv:
      return value == 0;
    case Op::average_pool:
      return value == 0 && !node.attrs.ceil_mode && (node.attrs.count_include_pad || has_no_pads(node.attrs.window));
    case Op::max_pool:  // ignores what lies outside; so does a pad below or equal to every value
      if (node.attrs.ceil_mode) return false;
      return value == -std::numeric_limits<float>::infinity() || value <= std::numeric_limits<float>::lowest() ||
             (value == 0 && has_no_pads(node.attrs.window) && is_never_negative(rewriter.producer(pad.inputs[0])));
    default:
      return false;
  }
}

void fuse(Rewriter& rewriter, Node& node) {
  Graph& graph = rewriter.graph();
  const Node* pad = rewriter.producer(node.inputs[0], Op::pad);
  if (pad == nullptr || node.attrs.window.auto_pad != AutoPad::none || !accepts(rewriter, node, *pad)) return;
  const auto pads = image_pads(*pad);
  if (!pads) return;
  Node fused = node;
  fused.inputs[0] = pad->inputs[0];
  if (node.op == Op::average_pool) fused.attrs.count_include_pad = true;
  for (std::size_t i = 0; i < 4; ++i) fused.attrs.window.pads[i] += (*pads)[i];
  const Dims before = graph.at(node.outputs[0]).dims;
  // Pads that the window cannot have (as large as a pool's window) stay where they are.
  if (!infer_node(graph, fused).ok() || graph.at(node.outputs[0]).dims != before) {
    graph.at(node.outputs[0]).dims = before;
    return;
  }
  rewriter.set_input(node, 0, pad->inputs[0]);
  node = std::move(fused);
}

}  // namespace

Status fuse_pad(Graph& graph) {
  return rewrite(graph, [](Rewriter& rewriter, Node& node) -> Status {
    if (node.op == Op::conv || node.op == Op::max_pool || node.op == Op::average_pool) fuse(rewriter, node);
    rewriter.emit(std::move(node));
    return {};
  });
}

}  // namespace octet
