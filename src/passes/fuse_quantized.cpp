// From the form in which quantized files come in to the int8 operators of integer-contract.md.
//
// An importer writes what the file says: float operators between dequantize (int8 -> float32) and quantize (back)
// nodes, and weights as float constants that keep their scales. Each operator whose inputs come from dequantize nodes
// and whose result goes to one quantize node becomes the int8 operator of the same scales, with the file's integers.
// Moves of values go before their dequantize, pairs that cancel vanish, and what does not match stays as the file has
// it.
#include <algorithm>
#include <cmath>
#include <optional>

#include "passes/int8_form.h"
#include "passes/passes.h"
#include "passes/rewrite.h"

namespace octet {
namespace {

// What a damaged file says may be no quantization at all; validate() refuses it, nothing is computed from it before.
bool is_sound(const Quant& quant) {
  return quant.scale >= kMinScale && quant.scale <= kMaxScale && quant.zero_point >= -128 && quant.zero_point <= 127;
}

// The int8 tensor behind a float one that a dequantize node makes, else kNoTensor.
TensorId int8_source(Rewriter& rewriter, TensorId id) {
  const Node* node = rewriter.producer(id, Op::dequantize);
  if (node == nullptr || !is_sound(rewriter.graph().at(node->inputs[0]).quant)) return kNoTensor;
  return node->inputs[0];
}

// What to add to integers between these two, that they fit into int8. Precondition: they span at most 256 levels.
int zero_point_of(double least, double most) {
  return static_cast<int>(least < -128 ? -128 - least : most > 127 ? 127 - most : 0);
}

// The integers of a constant that keeps its scales, and the scales one by one, for `layout`; nothing where the values
// are not (or no longer) scale times an integer, or where those of an output channel span more than 256 levels.
std::optional<QuantizedWeights> integers_of(const Tensor& constant, const WeightLayout& layout, bool channel_scales) {
  if (constant.scales.empty() || (constant.scales.size() > 1 && !channel_scales)) return std::nullopt;
  const std::size_t outputs = layout.output_channels();
  // Transposed layers have a scale for each channel of a group, or one for all.
  if (constant.scales.size() > 1 && constant.scales.size() != layout.channels) return std::nullopt;
  QuantizedWeights result;
  const auto values = constant.data.as<float>();
  result.values.resize(values.size());
  result.zero_points.resize(outputs);
  std::vector<int> levels;  // of an output channel
  for (std::size_t o = 0; o < outputs; ++o) {
    const float scale = constant.scales[constant.scales.size() == 1 ? 0 : o % layout.channels];
    if (scale < kMinScale || scale > kMaxScale) return std::nullopt;
    result.scales.push_back(scale);
    levels.clear();
    for (std::size_t block = 0; block < layout.blocks; ++block) {
      for (const float value : values.subspan(layout.start_of(o, block), layout.block_size)) {
        const double level = std::nearbyint(static_cast<double>(value) / static_cast<double>(scale));
        if (!(std::fabs(level) <= 255) || value != scale * static_cast<float>(level)) return std::nullopt;
        levels.push_back(static_cast<int>(level));
      }
    }
    const auto [least, most] = std::ranges::minmax(levels);
    if (most - least > 255) return std::nullopt;
    const int zero_point = zero_point_of(least, most);
    result.zero_points[o] = zero_point;
    auto level = levels.begin();
    for (std::size_t block = 0; block < layout.blocks; ++block) {
      for (std::int8_t& q : std::span(result.values).subspan(layout.start_of(o, block), layout.block_size)) {
        q = static_cast<std::int8_t>(*level++ + zero_point);
      }
    }
  }
  if (std::ranges::all_of(result.zero_points, [](int zero_point) { return zero_point == 0; })) {
    result.zero_points.clear();
  }
  return result;
}

class Fuser {
 public:
  explicit Fuser(Rewriter& rewriter) : rewriter_(rewriter), graph_(rewriter.graph()) {}

  Status visit(Node& node) {
    if (node.op == Op::quantize && fuse(node)) return {};
    if (sinks(node)) return sink(node);
    if (node.op == Op::softmax || node.op == Op::reduce) read_int8(node);
    rewriter_.emit(std::move(node));
    return {};
  }

 private:
  // Moves whose int8 inputs all have one quantization: the bytes move, then become float.
  bool sinks(const Node& node) {
    const bool nearest = node.op == Op::resize && node.attrs.resize == ResizeKind::nearest;
    if (!is_move(node.op) && node.op != Op::max_pool && !nearest) return false;
    if (!has_int8_form(graph_, node)) return false;
    const std::size_t inputs = node.op == Op::concat ? node.inputs.size() : 1;
    for (std::size_t i = 0; i < inputs; ++i) {
      const TensorId source = int8_source(rewriter_, node.inputs[i]);
      if (source == kNoTensor || graph_.at(source).quant != graph_.at(int8_source(rewriter_, node.inputs[0])).quant) {
        return false;
      }
    }
    return true;
  }

  Status sink(const Node& node) {
    Node moved = node;
    const std::size_t inputs = node.op == Op::concat ? node.inputs.size() : 1;
    for (std::size_t i = 0; i < inputs; ++i) moved.inputs[i] = int8_source(rewriter_, node.inputs[i]);
    std::vector<Node> behind;
    for (TensorId& id : moved.outputs) {
      Node dequantize;
      dequantize.op = Op::dequantize;
      dequantize.outputs = {id};
      dequantize.name = graph_.at(id).name + "/float";
      id = graph_.add_tensor(graph_.at(id).name + "/int8", DType::i8, graph_.at(id).dims);
      graph_.at(id).quant = graph_.at(moved.inputs[0]).quant;
      dequantize.inputs = {id};
      behind.push_back(std::move(dequantize));
    }
    rewriter_.emit(std::move(moved));
    for (Node& dequantize : behind) rewriter_.emit(std::move(dequantize));
    return {};
  }

  // A softmax or mean that reads int8 and gives float32, as it is, or until what quantizes the result is met.
  void read_int8(Node& node) {
    const TensorId source = int8_source(rewriter_, node.inputs[0]);
    if (source == kNoTensor || !has_int8_form(graph_, node)) return;
    node.inputs = {source};
    if (node.op == Op::softmax) node.inputs.push_back(add_softmax_table(graph_, node, graph_.at(source).quant.scale));
  }

  // `node` quantizes what another node computes from int8 values, or what a dequantize node makes.
  bool fuse(const Node& node) {
    const TensorId value = node.inputs[0];
    const Node* maker = rewriter_.producer(value);
    const Quant quant = graph_.at(node.outputs[0]).quant;
    if (maker == nullptr || !is_sound(quant)) return false;
    if (maker->op == Op::dequantize) return convert(node, maker->inputs[0], quant);
    if (!rewriter_.used_once(value) || maker->outputs.size() != 1) return false;
    Node fused = *maker;                                   // the float node stays behind, unread
    if (graph_.at(maker->inputs[0]).dtype == DType::i8) {  // from read_int8
      if (maker->op == Op::softmax && quant != kSoftmaxQuant) return false;
    } else {
      if (!has_int8_form(graph_, *maker)) return false;
      if (!take_int8_inputs(fused) || !take_parameters(*maker, fused, quant)) return false;
    }
    fused.outputs = {node.outputs[0]};
    if (keeps_values(fused)) match_quantization(fused, quant);
    rewriter_.emit(std::move(fused));
    return true;
  }

  bool convert(const Node& node, TensorId source, const Quant& quant) {
    if (graph_.at(source).quant == quant) {
      rewriter_.forward(node, source);
      return true;
    }
    Node converted = node;
    converted.op = Op::requantize;
    converted.inputs = {source};
    rewriter_.emit(std::move(converted));
    return true;
  }

  bool take_int8_inputs(Node& fused) {
    const bool many = fused.op == Op::binary || fused.op == Op::concat;
    const std::size_t inputs = many ? fused.inputs.size() : 1;
    for (std::size_t i = 0; i < inputs; ++i) {
      TensorId& id = fused.inputs[i];
      const TensorId source = graph_.is_constant(id) ? int8_constant(id) : int8_source(rewriter_, id);
      if (source == kNoTensor) return false;
      id = source;
    }
    return std::any_of(fused.inputs.begin(), fused.inputs.begin() + static_cast<std::ptrdiff_t>(inputs),
                       [&](TensorId id) { return !graph_.is_constant(id); });
  }

  // A constant of one scale whose integers span at most 256 levels, zero among them.
  TensorId int8_constant(TensorId id) {
    const Tensor& constant = graph_.at(id);
    if (constant.scales.size() != 1) return kNoTensor;
    const float scale = constant.scales[0];
    if (scale < kMinScale || scale > kMaxScale) return kNoTensor;
    double least = 0;
    double most = 0;
    for (const float value : constant.data.as<float>()) {
      const double level = std::nearbyint(static_cast<double>(value) / static_cast<double>(scale));
      if (value != scale * static_cast<float>(level)) return kNoTensor;
      least = std::min(least, level);
      most = std::max(most, level);
    }
    if (most - least > 255) return kNoTensor;
    return add_int8_constant(graph_, id, {scale, zero_point_of(least, most)});
  }

  // Weights, biases, factors and tables in place of the float parameters.
  bool take_parameters(const Node& maker, Node& fused, const Quant& quant) {
    const Quant in = graph_.at(fused.inputs[0]).quant;
    if (is_heavy(maker.op)) {
      const Tensor& weight = graph_.at(maker.input(1));
      const WeightLayout layout = weight_layout(maker, weight.dims);
      const bool by_output = weight.scale_axis == (maker.op == Op::conv_transpose ? 1U : 0U);
      auto integers = integers_of(weight, layout, by_output);
      if (!integers || !has_room_for_bias(graph_, maker, largest_weight(*integers))) return false;
      std::vector<float> bias(layout.output_channels(), 0);
      if (maker.input(2) != kNoTensor) {
        const Tensor& given = graph_.at(maker.input(2));
        if (!given.constant || given.dtype != DType::f32) return false;
        const auto values = given.data.as<float>();
        if (!std::all_of(values.begin(), values.end(), [](float value) { return std::isfinite(value); })) return false;
        std::copy(values.begin(), values.end(), bias.begin());
      }
      add_linear_operands(graph_, fused, std::move(*integers), bias, in.scale, quant.scale);
    } else if (maker.op == Op::unary) {
      fused.inputs = {fused.inputs[0], add_unary_table(graph_, maker, in, quant)};
    } else if (maker.op == Op::prelu) {
      fused.inputs = {fused.inputs[0], add_prelu_table(graph_, maker, in, quant)};
    }
    return true;
  }

  // What is moved must have the quantization of where it goes.
  void match_quantization(Node& node, const Quant& quant) {
    const std::size_t inputs = node.op == Op::concat ? node.inputs.size() : 1;
    for (std::size_t i = 0; i < inputs; ++i) {
      if (graph_.at(node.inputs[i]).quant == quant) continue;
      Node requantize = requantize_node(graph_, node.inputs[i], quant);
      node.inputs[i] = requantize.outputs[0];
      rewriter_.emit(std::move(requantize));
    }
  }

  Rewriter& rewriter_;
  Graph& graph_;
};

bool has_quantize(const Graph& graph) {
  return std::any_of(graph.nodes.begin(), graph.nodes.end(),
                     [](const Node& node) { return node.op == Op::quantize || node.op == Op::dequantize; });
}

// An input of the network that only quantize nodes of one quantization read becomes int8 itself: the session converts
// it while it reads it.
void quantize_inputs(Graph& graph) {
  std::vector<std::vector<std::size_t>> readers(graph.tensors.size());
  for (std::size_t n = 0; n < graph.nodes.size(); ++n) {
    for (const TensorId id : graph.nodes[n].inputs) {
      if (id != kNoTensor) readers[static_cast<std::size_t>(id)].push_back(n);
    }
  }
  std::vector<bool> dropped(graph.nodes.size(), false);
  std::vector<TensorId> replaced(graph.tensors.size(), kNoTensor);
  const auto is_output = [&](TensorId id) {
    return std::find(graph.outputs.begin(), graph.outputs.end(), id) != graph.outputs.end();
  };
  for (const TensorId id : graph.inputs) {
    const auto& own = readers[static_cast<std::size_t>(id)];
    if (own.empty() || is_output(id) || graph.at(id).dtype != DType::f32) continue;
    const TensorId first = graph.nodes[own[0]].outputs[0];
    const bool all = std::all_of(own.begin(), own.end(), [&](std::size_t n) {
      const Node& node = graph.nodes[n];
      return node.op == Op::quantize && graph.at(node.outputs[0]).quant == graph.at(first).quant &&
             !is_output(node.outputs[0]);
    });
    if (!all) continue;
    graph.at(id).dtype = DType::i8;
    graph.at(id).quant = graph.at(first).quant;
    for (const std::size_t n : own) {
      dropped[n] = true;
      replaced[static_cast<std::size_t>(graph.nodes[n].outputs[0])] = id;
    }
  }
  std::vector<Node> kept;
  for (std::size_t n = 0; n < graph.nodes.size(); ++n) {
    if (dropped[n]) continue;
    for (TensorId& id : graph.nodes[n].inputs) {
      if (id != kNoTensor && replaced[static_cast<std::size_t>(id)] != kNoTensor) {
        id = replaced[static_cast<std::size_t>(id)];
      }
    }
    kept.push_back(std::move(graph.nodes[n]));
  }
  graph.nodes = std::move(kept);
}

// An output that a dequantize node makes becomes the int8 tensor itself: the session gives it out as float32.
Status dequantize_outputs(Graph& graph) {
  return rewrite(graph, [](Rewriter& rewriter, Node& node) -> Status {
    const bool is_output = std::find(rewriter.graph().outputs.begin(), rewriter.graph().outputs.end(),
                                     node.outputs[0]) != rewriter.graph().outputs.end();
    // forward makes the node before give the output; what only enters the network stays behind its conversion.
    if (node.op == Op::dequantize && is_output && rewriter.producer(node.inputs[0]) != nullptr) {
      rewriter.forward(node, node.inputs[0]);
      return {};
    }
    rewriter.emit(std::move(node));
    return {};
  });
}

}  // namespace

Status fuse_quantized(Graph& graph) {
  if (!has_quantize(graph)) return {};
  OCTET_TRY(rewrite(graph, [](Rewriter& rewriter, Node& node) { return Fuser(rewriter).visit(node); }));
  quantize_inputs(graph);
  OCTET_TRY(dequantize_outputs(graph));
  for (Tensor& tensor : graph.tensors) tensor.scales = {};
  remove_dead(graph);
  return {};
}

}  // namespace octet
