#include "quantize/causes.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <map>

#include "base/text.h"
#include "quantize/assign.h"
#include "quantize/equalize.h"
#include "quantize/ranges.h"
#include "quantize/weight_error.h"

namespace octet {
namespace {

constexpr double kNearEnough = 35;     // dB: of the error of such a layer there is nothing to say
constexpr double kAddsLittle = 40;     // dB: nor of what it adds itself
constexpr double kUneven = 8;          // a channel that reaches so many times as far as the middle one
constexpr double kFarApart = 8;        // inputs whose ranges differ by this factor
constexpr double kRarelyReached = 16;  // the range beside the root mean square of the values
constexpr double kUnused = 2;          // the range beside the values that were seen

std::string text(const char* format, double a, double b = 0, double c = 0) {
  char buffer[200];
  std::snprintf(buffer, sizeof buffer, format, a, b, c);
  return buffer;
}

std::string percent(double share) {
  return share > 0 && share < 0.0005 ? std::string("less than 0.1 %") : text("%.1f %%", 100 * share);
}

constexpr double kExact = 200;  // dB that stand for no error at all

double ratio_db(double signal, double error) {
  if (error <= 0) return kExact;
  return signal > 0 ? std::clamp(10 * std::log10(signal / error), -kExact, kExact) : -kExact;
}

std::string quoted(const std::string& name) { return "'" + printable(name, 80) + "'"; }

float reach(const MinMax& range) { return range.empty() ? 0 : std::max(range.high, -range.low); }

class Finder {
 public:
  Finder(const CauseContext& context, const std::vector<LayerEvidence>& layers)
      : context_(context),
        reference_(*context.reference),
        model_(*context.model),
        layers_(layers),
        producer_(find_producers(reference_)),
        maker_(find_producers(model_)) {
    for (std::size_t i = 0; i < layers.size(); ++i) by_tensor_[output_of(i)] = i;
    for (std::size_t i = 0; i < layers.size(); ++i) parts_.push_back(parts_of(i));
  }

  std::vector<LayerCause> run() const {
    std::vector<LayerCause> causes;
    for (std::size_t i = 0; i < layers_.size(); ++i) causes.push_back(cause_of(i));
    return causes;
  }

 private:
  enum Part { clipping, rounding, weights, inherited, kParts };
  struct Parts {
    std::array<double, kParts> energy{};
    WeightError weight_error;
    std::size_t worst_input = SIZE_MAX;  // the layer that brings most of the inherited error

    Part largest_own() const {
      return static_cast<Part>(std::max_element(energy.begin(), energy.begin() + inherited) - energy.begin());
    }
    double share(Part part) const {
      double all = 0;
      for (const double each : energy) all += each;
      return all > 0 ? energy[part] / all : 0;
    }
  };

  const Node& node_of(std::size_t i) const { return reference_.nodes[static_cast<std::size_t>(layers_[i].node)]; }
  TensorId output_of(std::size_t i) const { return node_of(i).outputs[0]; }
  bool is_int8(std::size_t i) const { return model_.at(layers_[i].model).dtype == DType::i8; }
  const std::string& name_of_layer(std::size_t i) const {
    return node_of(i).name.empty() ? reference_.at(output_of(i)).name : node_of(i).name;
  }

  // The measured layers whose values the node reads, through reshapes and the like that compute nothing.
  std::vector<std::size_t> inputs_of(const Node& node) const {
    std::vector<std::size_t> found;
    for (TensorId id : node.inputs) {
      while (id != kNoTensor && !reference_.is_constant(id) && !by_tensor_.contains(id)) {
        const int n = producer_[static_cast<std::size_t>(id)];
        id = n >= 0 && keeps_values(reference_.nodes[static_cast<std::size_t>(n)])
                 ? reference_.nodes[static_cast<std::size_t>(n)].input(0)
                 : kNoTensor;
      }
      if (id != kNoTensor && by_tensor_.contains(id)) found.push_back(by_tensor_.at(id));
    }
    return found;
  }

  static bool adds_up(const Node& node) {
    return node.op == Op::concat ||
           (node.op == Op::binary && (node.attrs.binary == BinaryKind::add || node.attrs.binary == BinaryKind::sub));
  }

  Parts parts_of(std::size_t i) const {
    const LayerEvidence& layer = layers_[i];
    const Node& node = node_of(i);
    Parts parts;
    // A move that has its input's quantization adds no error of its own.
    const bool moves = keeps_values(node) && node.op != Op::concat;
    if (is_int8(i) && !moves) {
      parts.energy[clipping] = layer.own.clipping;
      parts.energy[rounding] = layer.own.rounding;
    }
    if (is_heavy(node.op)) {
      parts.weight_error = weight_error(i);
      parts.energy[weights] = parts.weight_error.share * layer.signal;
    }
    double most = 0;
    for (const std::size_t input : inputs_of(node)) {
      const LayerEvidence& from = layers_[input];
      const double energy = adds_up(node) ? from.error : from.signal > 0 ? from.error / from.signal * layer.signal : 0;
      parts.energy[inherited] = adds_up(node) ? parts.energy[inherited] + energy : std::max(most, energy);
      if (energy > most) parts.worst_input = input;
      most = std::max(most, energy);
    }
    // An estimate cannot be more than what there is.
    for (double& energy : parts.energy) energy = std::min(energy, layer.error);
    return parts;
  }

  // Compares the weights where the two layers read and make the same tensors.
  WeightError weight_error(std::size_t i) const {
    const Node& node = node_of(i);
    const int maker = maker_[static_cast<std::size_t>(layers_[i].model)];
    if (maker < 0) return {};
    const Node& int8 = model_.nodes[static_cast<std::size_t>(maker)];
    if (int8.op != node.op || int8.inputs.size() != 4) return {};
    ChannelScaling scaling{{}, layers_[i].factors};
    if (!reads_the_same(node, int8, scaling.input)) return {};
    return compare_weights({reference_, node}, {model_, int8}, scaling, few_levels());
  }

  // So few levels, of those that weights are spread over, no method leaves by itself.
  int few_levels() const {
    return ((context_.config == nullptr ? kMaxClampValue : context_.config->weight_clamp_value) + 3) / 4;
  }

  // `factors`: of the channels of what they read.
  bool reads_the_same(const Node& node, const Node& int8, std::span<const float>& factors) const {
    const std::string& name = reference_.at(node.input(0)).name;
    const std::string& other = model_.at(int8.input(0)).name;
    const auto found = by_tensor_.find(node.input(0));
    if (found != by_tensor_.end()) factors = layers_[found->second].factors;
    const std::string base = factors.empty() ? name : name + kEqualizedSuffix;
    return other == base || other == base + "/requantized" || other == name + "/int8" ||
           other == name + "/int8/requantized";
  }

  // What the layer itself adds.
  double own_energy(std::size_t i) const {
    const auto& energy = parts_[i].energy;
    return energy[clipping] + energy[rounding] + energy[weights];
  }
  double own_share(std::size_t i) const { return layers_[i].signal > 0 ? own_energy(i) / layers_[i].signal : 0; }

  LayerCause cause_of(std::size_t i) const {
    LayerCause cause = kind_of_cause(i);
    cause.own_sqnr_db = is_int8(i) ? ratio_db(layers_[i].signal, own_energy(i)) : kExact;
    return cause;
  }

  LayerCause kind_of_cause(std::size_t i) const {
    const LayerEvidence& layer = layers_[i];
    if (layer.tied_samples > 0) return ties(i);
    if (!is_int8(i) || layer.error <= 0) return {};
    if (ratio_db(layer.signal, own_energy(i)) >= kAddsLittle) {
      return ratio_db(layer.signal, layer.error) < kNearEnough ? inherits(i) : LayerCause{};
    }
    switch (parts_[i].largest_own()) {
      case clipping:
        return clips(i);
      case weights:
        return loses_weights(i);
      default:
        return rounds(i);
    }
  }

  LayerCause ties(std::size_t i) const {
    const LayerEvidence& layer = layers_[i];
    return {"softmax_ties",
            text("in %.0f of %.0f samples several classes share the greatest int8 probability, whose steps are 1/256",
                 static_cast<double>(layer.tied_samples), static_cast<double>(layer.samples)),
            keep_float(i) + ", or read the values before the softmax, which keep their order"};
  }

  LayerCause clips(std::size_t i) const {
    const LayerEvidence& layer = layers_[i];
    const MinMax range = range_of(model_.at(layer.model).quant);
    const Histogram& values = layer.probe->values();
    const double widest = std::max(static_cast<double>(values.max()) / std::max(1e-30, static_cast<double>(range.high)),
                                   range.low < 0 ? static_cast<double>(values.min() / range.low) : 0.0);
    std::string what = percent(layer.clipped_share) + " of the values lie outside the range and make " +
                       percent(parts_[i].share(clipping)) + " of the error; the farthest is " +
                       text("%.1f times as far as the range", widest);
    return {"clipping", std::move(what), wider_range()};
  }

  std::string wider_range() const {
    if (context_.config == nullptr) return "quantize with \"feature_quantize_method\": \"AUTO\" or \"MINMAX\"";
    switch (context_.config->activation_method) {
      case ActivationMethod::MINMAX:
        return "calibrate with more samples: those that were measured go beyond what calibration saw";
      case ActivationMethod::PERCENTILE:
        return "\"percentile\": a larger one, or \"feature_quantize_method\": \"AUTO\"";
      case ActivationMethod::AUTO:
        return "calibrate with more samples, or try \"feature_quantize_method\": \"MINMAX\"";
      default:
        return "\"feature_quantize_method\": \"AUTO\" or \"MINMAX\"";
    }
  }

  LayerCause loses_weights(std::size_t i) const {
    const WeightError& error = parts_[i].weight_error;
    if (error.few_levels > 0) {
      return {"bias_saturation",
              text("in %.0f of %.0f channels the bias is so large beside the weights that these keep fewer than %.0f "
                   "levels",
                   static_cast<double>(error.few_levels), static_cast<double>(error.channels), few_levels()),
              better_weights(i, false)};
    }
    return {"weights",
            text("the rounding of the weights alone (%.1f dB) makes %.0f %% of the error",
                 -10 * std::log10(error.share), 100 * parts_[i].share(weights)),
            better_weights(i, true)};
  }

  std::string better_weights(std::size_t i, bool by_rounding) const {
    const QuantizeConfig* config = context_.config;
    std::string keys;
    const auto add = [&](const char* key) { keys += (keys.empty() ? "" : ", ") + std::string(key); };
    if (by_rounding && (config == nullptr || !config->rounds_adaptively())) add("\"adaptive_rounding\": true");
    if (by_rounding && (config == nullptr || !config->corrects_bias())) add("\"bias_correction\": true");
    if (config == nullptr || !config->equalizes()) add("\"equalize\": true");
    return keys.empty() ? keep_float(i) : keys;
  }

  // Of the layers that the error comes through, the one that adds most beside its signal.
  LayerCause inherits(std::size_t i) const {
    std::size_t origin = i;
    for (std::size_t at = i; parts_[at].worst_input < at;) {
      at = parts_[at].worst_input;
      if (own_share(at) > own_share(origin)) origin = at;
    }
    const std::string what = percent(parts_[i].share(inherited)) + " of the error comes in with the inputs";
    if (origin == i) return {"inherited", what, "nothing here: it is little from each layer before"};
    return {"inherited", what + "; of the layers before, " + quoted(name_of_layer(origin)) + " adds most",
            "nothing here: start with " + quoted(name_of_layer(origin))};
  }

  // The steps of the range are too large for the values: what makes them so?
  LayerCause rounds(std::size_t i) const {
    if (LayerCause cause = far_inputs(i); !cause.kind.empty()) return cause;
    if (LayerCause cause = dead_channels(i); !cause.kind.empty()) return cause;
    if (LayerCause cause = uneven_channels(i); !cause.kind.empty()) return cause;
    const LayerEvidence& layer = layers_[i];
    const MinMax range = range_of(model_.at(layer.model).quant);
    const Histogram& values = layer.probe->values();
    const double width = static_cast<double>(range.high - range.low);
    const double seen = static_cast<double>(values.max()) - std::min(0.0, static_cast<double>(values.min()));
    if (width > kUnused * seen) {
      return {"wide_range", text("the range is %.1f times as wide as the values that were measured", width / seen),
              "calibrate with samples like those that the network will meet" + method_weighs()};
    }
    const double rms = std::sqrt(layer.signal / static_cast<double>(std::max<std::uint64_t>(1, values.count())));
    if (width > kRarelyReached * rms) {
      return {
          "rare_large_values",
          text("the range is %.0f times the root mean square of the values: few of them need its ends", width / rms),
          keep_float(i) + method_weighs()};
    }
    return {"rounding",
            text("256 levels over the whole range make %.0f %% of the error; nothing is uneven here",
                 100 * parts_[i].share(rounding)),
            keep_float(i) + ", or give \"mixed\" a budget, which finds the layers worth it"};
  }

  // AUTO weighs what rare values cost against the steps of all others; it may have been asked already.
  std::string method_weighs() const {
    const bool asked = context_.config != nullptr && context_.config->activation_method == ActivationMethod::AUTO;
    return asked
               ? ""
               : ", or \"feature_quantize_method\": \"AUTO\", which weighs rare values against the steps of the others";
  }

  // Concat and add: one scale for what comes with ranges far apart. Of a concat its inputs have that scale too, so that
  // the small one suffers already where it is made.
  LayerCause far_inputs(std::size_t i) const {
    if (LayerCause cause = far_inputs_of(node_of(i)); !cause.kind.empty()) return cause;
    for (const Node& node : reference_.nodes) {
      const bool reads = std::find(node.inputs.begin(), node.inputs.end(), output_of(i)) != node.inputs.end();
      if (node.op != Op::concat || !reads) continue;
      if (LayerCause cause = far_inputs_of(node); !cause.kind.empty()) return cause;
    }
    return {};
  }

  LayerCause far_inputs_of(const Node& node) const {
    if (!adds_up(node)) return {};
    const std::vector<std::size_t> inputs = inputs_of(node);
    if (inputs.size() < 2) return {};
    const auto reach_of = [&](std::size_t input) { return layers_[input].probe->values().max_abs(); };
    const auto [least, most] = std::minmax_element(
        inputs.begin(), inputs.end(), [&](std::size_t a, std::size_t b) { return reach_of(a) < reach_of(b); });
    const auto small = static_cast<double>(reach_of(*least));
    const auto large = static_cast<double>(reach_of(*most));
    if (!(small > 0) || large < kFarApart * small) return {};
    return {"far_inputs",
            "one scale serves " + quoted(name_of_layer(*least)) + text(" (up to %.3g) and ", small) +
                quoted(name_of_layer(*most)) + text(" (up to %.3g)", large) + " in " + quoted(node.name),
            keep_float(node.name)};
  }

  LayerCause dead_channels(std::size_t i) const {
    const auto& before = layers_[i].probe->reference_channels();
    const auto& after = layers_[i].probe->model_channels();
    std::size_t dead = 0;
    std::size_t alive = 0;
    for (std::size_t c = 0; c < before.size(); ++c) {
      if (before[c].empty() || before[c].low == before[c].high) continue;
      ++alive;
      dead += after[c].low == after[c].high ? 1 : 0;
    }
    if (dead == 0 || alive < 2) return {};
    return {"dead_channels",
            text("%.0f of %.0f channels have one value only in int8: their values are smaller than a step",
                 static_cast<double>(dead), static_cast<double>(alive)),
            even_out(i)};
  }

  LayerCause uneven_channels(std::size_t i) const {
    std::vector<std::pair<float, std::size_t>> reaches;
    const auto& channels = layers_[i].probe->reference_channels();
    for (std::size_t c = 0; c < channels.size(); ++c) {
      if (reach(channels[c]) > 0) reaches.emplace_back(reach(channels[c]), c);
    }
    if (reaches.size() < 4) return {};
    std::sort(reaches.begin(), reaches.end());
    const auto middle = static_cast<double>(reaches[reaches.size() / 2].first);
    const auto largest = static_cast<double>(reaches.back().first);
    if (largest < kUneven * middle) return {};
    return {"uneven_channels",
            text("channel %.0f reaches %.3g, the middle one of all %.3g: one scale serves both",
                 static_cast<double>(reaches.back().second), largest, middle),
            even_out(i)};
  }

  std::string even_out(std::size_t i) const {
    const bool on = context_.config != nullptr && context_.config->equalizes();
    return on ? keep_float(i) : "\"equalize\": true, or " + keep_float(i);
  }

  std::string keep_float(std::size_t i) const { return keep_float(name_of_layer(i)); }
  static std::string keep_float(const std::string& name) {
    return "keep it float: \"skip_quant_op_names\": [\"" + printable(name, 80) + "\"]";
  }

  const CauseContext& context_;
  const Graph& reference_;
  const Graph& model_;
  const std::vector<LayerEvidence>& layers_;
  std::vector<int> producer_, maker_;
  std::map<TensorId, std::size_t> by_tensor_;  // the layer that makes it
  std::vector<Parts> parts_;
};

}  // namespace

std::vector<LayerCause> find_causes(const CauseContext& context, const std::vector<LayerEvidence>& layers) {
  return Finder(context, layers).run();
}

}  // namespace octet
