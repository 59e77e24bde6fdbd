#include "quantize/rewrite.h"

#include <algorithm>
#include <cmath>

#include "base/scalar_functions.h"
#include "kernels/requantize.h"
#include "ops/loops.h"
#include "quantize/ranges.h"
#include "quantize/weights.h"

namespace octet {
namespace {

constexpr Quant kSoftmaxQuant{1.0F / 256, -128};

class Rewriter {
 public:
  Rewriter(const Graph& graph, const Assignment& assignment, const std::vector<Quant>& quants,
           const RewriteOptions& options)
      : in_(graph), assignment_(assignment), quants_(quants), options_(options), producer_(find_producers(graph)) {}

  Result<Graph> run() {
    out_.name = in_.name;
    out_.source_format = in_.source_format;
    out_.recipe = in_.recipe;
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
      copy.inputs.push_back(softmax_table(node, out_.at(copy.inputs[0]).quant.scale));
      out_.nodes.push_back(std::move(copy));
      return {};
    }
    for (const TensorId id : node.outputs) make_int8(id, quant_of(id));
    if (is_heavy(node.op)) {
      OCTET_TRY(add_weights(node, copy));
    } else if (node.op == Op::unary) {
      copy.inputs.resize(1);
      copy.inputs.push_back(unary_table(node, out_.at(copy.inputs[0]).quant));
    } else if (node.op == Op::prelu) {
      copy.inputs[1] = prelu_table(node, out_.at(copy.inputs[0]).quant);
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
      const std::string name = out_.at(id).name + "/requantized";
      const TensorId made = out_.add_tensor(name, DType::i8, out_.at(id).dims);
      out_.at(made).quant = quant;
      Node requantize;
      requantize.op = Op::requantize;
      requantize.name = name;
      requantize.inputs = {id};
      requantize.outputs = {made};
      out_.nodes.push_back(std::move(requantize));
      node.inputs[i] = made;
    }
  }

  // A constant operand of add, sub or mul: per tensor, its own range.
  TensorId int8_constant(TensorId id) {
    const Tensor& tensor = in_.at(id);
    const auto values = tensor.data.as<float>();
    MinMax range = min_max(values);
    const Quant quant = range.empty() ? Quant{1, 0} : quant_from_range(range.low, range.high);
    std::vector<std::int8_t> q;
    const OutputRange bounds = output_range(quant);
    for (const float value : values) q.push_back(round_to_int8(value * (1.0F / quant.scale), bounds));
    const TensorId made = out_.add_constant(tensor.name + "/int8", DType::i8, tensor.dims, q);
    out_.at(made).quant = quant;
    return made;
  }

  TensorId softmax_table(const Node& node, float scale) {
    std::vector<std::uint32_t> table(256);
    for (std::size_t i = 0; i < 256; ++i) {  // 2^31 stands for 1
      table[i] = static_cast<std::uint32_t>(
          std::nearbyint(2147483648.0 * std::exp(-static_cast<double>(scale) * static_cast<double>(i))));
    }
    return out_.add_constant(node.name + "/table", DType::u32, {256}, table);
  }

  // table[q + 128] is the value's function, quantized.
  template <class Function>
  static void fill_table(std::int8_t* table, const Quant& in, const Quant& out, Function function) {
    const OutputRange bounds = output_range(out);
    const float inverse = 1.0F / out.scale;
    for (int q = -128; q < 128; ++q) {
      const float y = function(in.scale * static_cast<float>(q - in.zero_point)) * inverse;
      table[q + 128] = round_to_int8(std::isnan(y) ? 0.0F : y, bounds);
    }
  }

  TensorId unary_table(const Node& node, const Quant& in) {
    std::vector<std::int8_t> table(256);
    fill_table(table.data(), in, quant_of(node.outputs[0]),
               [&](float x) { return unary_value(node.attrs.unary, node.attrs.alpha, node.attrs.beta, x); });
    return out_.add_constant(node.name + "/table", DType::i8, {256}, table);
  }

  TensorId prelu_table(const Node& node, const Quant& in) {
    const std::int64_t channels = in_.at(node.input(0)).dims[1];
    const auto slopes = in_.at(node.input(1)).data.as<float>();
    std::vector<std::int8_t> table(static_cast<std::size_t>(channels) * 256);
    for (std::int64_t c = 0; c < channels; ++c) {
      const float slope = slopes[slopes.size() == 1 ? 0 : static_cast<std::size_t>(c)];
      fill_table(table.data() + c * 256, in, quant_of(node.outputs[0]),
                 [&](float x) { return x < 0.0F ? x * slope : x; });
    }
    return out_.add_constant(node.name + "/table", DType::i8, {channels, 256}, table);
  }

  WeightLayout weight_layout(const Node& node, const Dims& dims) const {
    auto size = [](std::int64_t value) { return static_cast<std::size_t>(value); };
    const std::int64_t count = element_count(dims);
    if (node.op != Op::conv_transpose) return WeightLayout::contiguous(size(dims[0]), size(count / dims[0]));
    return WeightLayout::transposed(size(node.attrs.groups), size(dims[0] / node.attrs.groups), size(dims[1]),
                                    size(dims[2] * dims[3]));
  }

  // Adds weight, bias and multiplier: y = round((sum q_x q_w + bias) * multiplier).
  Status add_weights(const Node& node, Node& copy) {
    const Tensor& weight = in_.at(node.input(1));
    const WeightLayout layout = weight_layout(node, weight.dims);
    const auto values = weight.data.as<float>();
    const std::size_t outputs = layout.output_channels();
    const double in_scale = out_.at(copy.inputs[0]).quant.scale;
    const double out_scale = quant_of(node.outputs[0]).scale;
    const std::vector<float> float_bias = bias_of(node, outputs);
    QuantizedWeights quantized;
    if (const RoundedWeights* rounded = rounded_weights(node)) {
      quantized = rounded->weights;
    } else {
      OCTET_ASSIGN(quantized, quantize_weights(values, layout, options_.weight_method, options_.weight_clamp_value));
    }
    raise_scales_for_bias(node, float_bias, in_scale, layout, quantized);
    std::vector<std::int32_t> bias(outputs, 0);
    std::vector<float> multiplier(outputs);
    for (std::size_t o = 0; o < outputs; ++o) {
      const double scale = in_scale * quantized.scales[o];
      // A bias beyond what the largest scale holds: the report shows what that costs.
      const double room = static_cast<double>(std::min(std::int64_t{1} << 30, room_for_bias(in_, node)));
      bias[o] = static_cast<std::int32_t>(std::nearbyint(std::clamp(float_bias[o] / scale, -room, room)));
      multiplier[o] = limit_scale(scale / out_scale);
    }
    const auto channels = static_cast<std::int64_t>(outputs);
    copy.inputs.resize(1);
    copy.inputs.push_back(out_.add_constant(node.name + "/weight", DType::i8, weight.dims, quantized.values));
    copy.inputs.push_back(out_.add_constant(node.name + "/bias", DType::i32, {channels}, bias));
    copy.inputs.push_back(out_.add_constant(node.name + "/multiplier", DType::f32, {channels}, multiplier));
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

  // Weights that are tiny beside their bias: with their own scale the bias would leave 32 bits. A coarser scale keeps
  // it within 2^30, or what a long sum of products leaves; such weights hardly matter for the result.
  void raise_scales_for_bias(const Node& node, const std::vector<float>& bias, double in_scale,
                             const WeightLayout& layout, QuantizedWeights& quantized) const {
    const auto values = in_.at(node.input(1)).data.as<float>();
    const auto largest_bias = static_cast<double>(std::min(std::int64_t{1} << 30, room_for_bias(in_, node)));
    for (std::size_t o = 0; o < layout.output_channels(); ++o) {
      const double needed = std::fabs(static_cast<double>(bias[o])) / (in_scale * largest_bias);
      if (quantized.scales[o] >= needed) continue;
      quantized.scales[o] = limit_scale(needed * 1.000001);
      const std::size_t group = o / layout.channels;
      const std::size_t channel = o % layout.channels;
      for (std::size_t block = 0; block < layout.blocks; ++block) {
        const std::size_t begin = ((group * layout.blocks + block) * layout.channels + channel) * layout.block_size;
        quantize_channel(values.subspan(begin, layout.block_size), quantized.scales[o], options_.weight_clamp_value,
                         std::span(quantized.values).subspan(begin, layout.block_size));
      }
    }
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
