#include "quantize/rewrite.h"

#include <algorithm>

#include "quantize/ranges.h"
#include "quantize/weights.h"

namespace octet {
namespace {

class Rewriter {
 public:
  Rewriter(const Graph& graph, const Assignment& assignment, const std::vector<Quant>& quants,
           const RewriteOptions& options)
      : in_(graph), assignment_(assignment), quants_(quants), options_(options), producer_(find_producers(graph)) {}

  Result<Graph> run() {
    out_.name = in_.name;
    out_.source_format = in_.source_format;
    out_.recipe = in_.recipe;
    out_.open_sizes = in_.open_sizes;
    out_.tensors = in_.tensors;
    out_.inputs = in_.inputs;
    out_.outputs = in_.outputs;
    other_type_.assign(in_.tensors.size(), kNoTensor);
    for (const TensorId id : in_.inputs) {
      if (int8_input(id)) make_int8(id, quant_of(id));
    }
    for (std::size_t n = 0; n < in_.nodes.size(); ++n) {
      if (assignment_.int8_node[n]) {
        OCTET_TRY(add_int8(in_.nodes[n]));
      } else {
        add_float(in_.nodes[n]);
      }
    }
    remove_dead(out_);
    OCTET_TRY(infer_shapes(out_));
    OCTET_TRY(validate(out_));
    return std::move(out_);
  }

 private:
  // A network's input becomes int8 where nothing reads it as float.
  bool int8_input(TensorId id) const {
    if (!assignment_.int8_tensor[static_cast<std::size_t>(id)]) return false;
    for (std::size_t n = 0; n < in_.nodes.size(); ++n) {
      const auto& inputs = in_.nodes[n].inputs;
      if (!assignment_.int8_node[n] && std::find(inputs.begin(), inputs.end(), id) != inputs.end()) return false;
    }
    return std::find(in_.outputs.begin(), in_.outputs.end(), id) == in_.outputs.end();
  }

  Quant quant_of(TensorId id) const {
    const int n = producer_[static_cast<std::size_t>(id)];
    if (n >= 0 && in_.nodes[static_cast<std::size_t>(n)].op == Op::softmax) return kSoftmaxQuant;
    return quants_[static_cast<std::size_t>(assignment_.group[static_cast<std::size_t>(id)])];
  }

  void make_int8(TensorId id, const Quant& quant) {
    out_.at(id).dtype = DType::i8;
    out_.at(id).quant = quant;
  }

  // The tensor in the wanted type; where it exists in the other only, a node that converts it is added once.
  TensorId as_type(TensorId id, DType wanted) {
    if (out_.at(id).dtype == wanted) return id;
    TensorId& other = other_type_[static_cast<std::size_t>(id)];
    if (other != kNoTensor) return other;
    const bool to_int8 = wanted == DType::i8;
    const std::string name = out_.at(id).name + (to_int8 ? "/int8" : "/float");
    const TensorId made = out_.add_tensor(name, wanted, out_.at(id).dims);
    if (to_int8) out_.at(made).quant = quant_of(id);
    Node node;
    node.op = to_int8 ? Op::quantize : Op::dequantize;
    node.name = name;
    node.inputs = {id};
    node.outputs = {made};
    out_.nodes.push_back(std::move(node));
    other_type_[static_cast<std::size_t>(id)] = made;
    return made;
  }

  void add_float(const Node& node) {
    Node copy = node;
    for (TensorId& id : copy.inputs) {
      if (id != kNoTensor && !in_.is_constant(id)) id = as_type(id, DType::f32);
    }
    out_.nodes.push_back(std::move(copy));
  }

  Status add_int8(const Node& node) {
    Node copy = node;  // of which the inputs change
    const std::size_t data_inputs = node.op == Op::binary || node.op == Op::concat ? node.inputs.size() : 1;
    for (std::size_t i = 0; i < data_inputs; ++i) {
      copy.inputs[i] =
          in_.is_constant(node.inputs[i]) ? int8_constant(node.inputs[i]) : as_type(node.inputs[i], DType::i8);
    }
    const TensorId output = node.outputs[0];
    if (node.op == Op::softmax) {
      if (assignment_.int8_tensor[static_cast<std::size_t>(output)]) make_int8(output, kSoftmaxQuant);
      copy.inputs.resize(1);
      copy.inputs.push_back(add_softmax_table(out_, node, out_.at(copy.inputs[0]).quant.scale));
      out_.nodes.push_back(std::move(copy));
      return {};
    }
    if (!assignment_.int8_tensor[static_cast<std::size_t>(output)]) {  // a mean that gives float32
      out_.nodes.push_back(std::move(copy));
      return {};
    }
    for (const TensorId id : node.outputs) make_int8(id, quant_of(id));
    if (is_heavy(node.op)) {
      OCTET_TRY(add_weights(node, copy));
    } else if (node.op == Op::unary) {
      copy.inputs.resize(1);
      copy.inputs.push_back(add_unary_table(out_, node, out_.at(copy.inputs[0]).quant, quant_of(output)));
    } else if (node.op == Op::prelu) {
      copy.inputs[1] = add_prelu_table(out_, node, out_.at(copy.inputs[0]).quant, quant_of(output));
    } else if (keeps_values(node)) {
      match_quantization(copy, quant_of(output));
    }
    out_.nodes.push_back(std::move(copy));
    return {};
  }

  // What is moved must have the quantization of where it goes.
  void match_quantization(Node& node, const Quant& quant) {
    const std::size_t inputs = node.op == Op::concat ? node.inputs.size() : 1;
    for (std::size_t i = 0; i < inputs; ++i) {
      const TensorId id = node.inputs[i];
      if (out_.at(id).quant == quant) continue;
      Node requantize = requantize_node(out_, id, quant);
      node.inputs[i] = requantize.outputs[0];
      out_.nodes.push_back(std::move(requantize));
    }
  }

  // A constant operand of add, sub or mul: per tensor, its own range.
  TensorId int8_constant(TensorId id) {
    const MinMax range = min_max(in_.at(id).data.as<float>());
    return add_int8_constant(out_, id, range.empty() ? Quant{1, 0} : quant_from_range(range.low, range.high));
  }

  Status add_weights(const Node& node, Node& copy) {
    const Tensor& weight = in_.at(node.input(1));
    const WeightLayout layout = weight_layout(node, weight.dims);
    QuantizedWeights quantized;
    if (const RoundedWeights* rounded = rounded_weights(node)) {
      quantized = rounded->weights;
    } else {
      OCTET_ASSIGN(quantized, quantize_weights(weight.data.as<float>(), layout, options_.weight_method,
                                               options_.weight_clamp_value));
    }
    add_linear_operands(out_, copy, std::move(quantized), bias_of(node, layout.output_channels()),
                        out_.at(copy.inputs[0]).quant.scale, quant_of(node.outputs[0]).scale,
                        options_.weight_clamp_value);
    return {};
  }

  const RoundedWeights* rounded_weights(const Node& node) const {
    const auto n = static_cast<std::size_t>(&node - in_.nodes.data());
    return n < options_.rounded.size() && !options_.rounded[n].weights.values.empty() ? &options_.rounded[n] : nullptr;
  }

  // The float bias with the shift that rounding the weights asks for.
  std::vector<float> bias_of(const Node& node, std::size_t outputs) const {
    std::vector<float> bias(outputs, 0);
    if (node.input(2) != kNoTensor) {
      const auto values = in_.at(node.input(2)).data.as<float>();
      std::copy(values.begin(), values.end(), bias.begin());
    }
    const RoundedWeights* rounded = rounded_weights(node);
    if (rounded == nullptr) return bias;
    for (std::size_t o = 0; o < rounded->bias_shift.size(); ++o) bias[o] += rounded->bias_shift[o];
    return bias;
  }

  const Graph& in_;
  const Assignment& assignment_;
  const std::vector<Quant>& quants_;
  RewriteOptions options_;
  std::vector<int> producer_;
  std::vector<TensorId> other_type_;  // by tensor: the same in the type that it does not have
  Graph out_;
};

}  // namespace

Result<Graph> rewrite_int8(const Graph& graph, const Assignment& assignment, const std::vector<Quant>& quants,
                           const RewriteOptions& options) {
  return Rewriter(graph, assignment, quants, options).run();
}

}  // namespace octet
