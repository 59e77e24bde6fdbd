#include <cmath>

#include "passes/linear.h"
#include "passes/passes.h"
#include "passes/rewrite.h"

namespace octet {

namespace {

// y = scale * x + shift, per channel.
struct Affine {
  std::vector<double> scale;
  std::vector<double> shift;
};

Result<Affine> affine_of(const Graph& graph, const Node& node) {
  std::span<const float> parameters[4];  // scale, bias, mean, variance
  for (std::size_t i = 0; i < 4; ++i) {
    const TensorId id = node.inputs[i + 1];
    if (!graph.is_constant(id) || graph.at(id).dtype != DType::f32) {
      return fail(Code::unsupported, describe(node) + ": its scale, bias, mean and variance must be float32 constants");
    }
    parameters[i] = graph.at(id).data.as<float>();
  }
  Affine affine;
  for (std::size_t c = 0; c < parameters[0].size(); ++c) {
    const double variance = static_cast<double>(parameters[3][c]) + node.attrs.alpha;
    const double scale = parameters[0][c] / std::sqrt(variance);
    const double shift = parameters[1][c] - parameters[2][c] * scale;
    if (!(variance > 0) || !std::isfinite(scale) || !std::isfinite(shift)) {
      return fail(Code::format,
                  describe(node) + ": the parameters of channel " + std::to_string(c) + " do not give finite numbers");
    }
    affine.scale.push_back(scale);
    affine.shift.push_back(shift);
  }
  return affine;
}

std::vector<float> rounded(const std::vector<double>& values) { return {values.begin(), values.end()}; }

// Rank 4: a convolution of one weight per channel, which takes part in fusion and has an int8 form.
Status to_depthwise(Rewriter& rewriter, const Node& node, const Affine& affine) {
  Graph& graph = rewriter.graph();
  const auto channels = static_cast<std::int64_t>(affine.scale.size());
  Node conv;
  conv.op = Op::conv;
  conv.name = node.name;
  conv.attrs.groups = channels;
  conv.inputs = {node.inputs[0],
                 graph.add_constant(node.name + "/weight", DType::f32, {channels, 1, 1, 1}, rounded(affine.scale)),
                 graph.add_constant(node.name + "/bias", DType::f32, {channels}, rounded(affine.shift))};
  conv.outputs = {node.outputs[0]};
  OCTET_TRY(infer_node(graph, conv));
  rewriter.emit(std::move(conv));
  return {};
}

Status to_mul_add(Rewriter& rewriter, const Node& node, const Affine& affine) {
  Graph& graph = rewriter.graph();
  Dims dims(graph.at(node.inputs[0]).dims.size() - 1, 1);  // C x 1 x 1 ...: broadcasts over dimension 1
  dims[0] = static_cast<std::int64_t>(affine.scale.size());
  const TensorId product = graph.add_tensor(graph.at(node.outputs[0]).name + "/scaled", DType::f32, {});
  const auto emit = [&](BinaryKind kind, TensorId x, const char* name, const std::vector<double>& values,
                        TensorId out) -> Status {
    Node step;
    step.op = Op::binary;
    step.name = node.name;
    step.attrs.binary = kind;
    step.inputs = {x, graph.add_constant(node.name + name, DType::f32, dims, rounded(values))};
    step.outputs = {out};
    OCTET_TRY(infer_node(graph, step));
    rewriter.emit(std::move(step));
    return {};
  };
  OCTET_TRY(emit(BinaryKind::mul, node.inputs[0], "/scale", affine.scale, product));
  return emit(BinaryKind::add, product, "/shift", affine.shift, node.outputs[0]);
}

}  // namespace

Status fold_batch_norm(Graph& graph) {
  return rewrite(graph, [&](Rewriter& rewriter, Node& node) -> Status {
    if (node.op != Op::batch_norm) {
      rewriter.emit(std::move(node));
      return {};
    }
    OCTET_ASSIGN(const Affine affine, affine_of(graph, node));
    Node* linear = rewriter.producer(node.inputs[0]);
    if (linear != nullptr && rewriter.used_once(node.inputs[0]) && is_foldable(graph, *linear) &&
        channel_axis(graph, *linear) == 1 && fold_into(graph, *linear, affine.scale, affine.shift)) {
      rewriter.absorb(*linear, node);
      return {};
    }
    if (graph.at(node.inputs[0]).dims.size() == 4) return to_depthwise(rewriter, node, affine);
    return to_mul_add(rewriter, node, affine);
  });
}

}  // namespace octet
