#include "quantize/weight_error.h"

#include <algorithm>
#include <cmath>
#include <vector>

namespace octet {
namespace {

// A weight of both layers.
struct WeightPair {
  std::size_t input, output;  // channels
  double value;               // of the reference, in the scale of the int8 network's channels
  double rounded;
  int level;
};

std::vector<double> factors_or_one(std::span<const float> factors, std::size_t channels) {
  std::vector<double> all(channels, 1);
  for (std::size_t c = 0; c < std::min(channels, factors.size()); ++c) all[c] = static_cast<double>(factors[c]);
  return all;
}

class Comparison {
 public:
  Comparison(const LayerOf& reference, const LayerOf& int8, const ChannelScaling& scaling)
      : weight_(reference.graph.at(reference.node.input(1))),
        rounded_(int8.graph.at(int8.node.input(1))),
        multiplier_(int8.graph.at(int8.node.input(3))),
        transposed_(reference.node.op == Op::conv_transpose),
        groups_(static_cast<std::size_t>(reference.node.attrs.groups)),
        quantum_(static_cast<double>(int8.graph.at(int8.node.outputs[0]).quant.scale /
                                     int8.graph.at(int8.node.input(0)).quant.scale)) {
    if (!weight_.constant || weight_.dtype != DType::f32 || rounded_.dtype != DType::i8 ||
        rounded_.dims != weight_.dims || multiplier_.dtype != DType::f32 || element_count(weight_.dims) == 0) {
      return;
    }
    first_ = static_cast<std::size_t>(weight_.dims[0]);
    second_ = static_cast<std::size_t>(weight_.dims[1]);
    inputs_ = factors_or_one(scaling.input, transposed_ ? first_ : second_ * groups_);
    outputs_ = factors_or_one(scaling.output, transposed_ ? second_ * groups_ : first_);
    can_be_done_ = multiplier_.data.as<float>().size() == outputs_.size();
    if (!can_be_done_) return;
    // A factor of the inputs divides.
    if (!scaling.input.empty()) fit(&WeightPair::input, inputs_, -1);
    if (!scaling.output.empty()) fit(&WeightPair::output, outputs_, 1);
  }

  bool can_be_done() const { return can_be_done_; }
  std::size_t output_channels() const { return outputs_.size(); }

  template <class Function>
  void for_weights(Function function) const {
    const auto values = weight_.data.as<float>();
    const auto levels = rounded_.data.as<std::int8_t>();
    const auto multipliers = multiplier_.data.as<float>();
    const std::size_t area = values.size() / first_ / second_;
    for (std::size_t at = 0; at < values.size(); ++at) {
      const std::size_t row = at / area / second_;
      const std::size_t column = row / (first_ / groups_) * second_ + at / area % second_;
      WeightPair pair{transposed_ ? row : column, transposed_ ? column : row, 0, 0, int{levels[at]}};
      if (inputs_[pair.input] == 0 || outputs_[pair.output] == 0) continue;
      pair.value = static_cast<double>(values[at]) * outputs_[pair.output] / inputs_[pair.input];
      pair.rounded = static_cast<double>(multipliers[pair.output]) * quantum_ * pair.level;
      function(pair);
    }
  }

 private:
  // Changes the factors of channels so that the weights of each come nearest to the rounded ones.
  void fit(std::size_t WeightPair::*channel, std::vector<double>& factors, int power) {
    std::vector<double> product(factors.size()), square(factors.size());
    for_weights([&](const WeightPair& pair) {
      product[pair.*channel] += pair.value * pair.rounded;
      square[pair.*channel] += pair.value * pair.value;
    });
    for (std::size_t c = 0; c < factors.size(); ++c) {
      if (product[c] > 0) factors[c] *= power > 0 ? product[c] / square[c] : square[c] / product[c];
    }
  }

  const Tensor &weight_, &rounded_, &multiplier_;
  bool transposed_;
  std::size_t groups_, first_ = 0, second_ = 0;
  double quantum_;  // of the rounded weights, beside their multipliers
  std::vector<double> inputs_, outputs_;
  bool can_be_done_ = false;
};

}  // namespace

WeightError compare_weights(const LayerOf& reference, const LayerOf& int8, const ChannelScaling& scaling,
                            int enough_levels) {
  WeightError result;
  const Comparison comparison(reference, int8, scaling);
  if (!comparison.can_be_done()) return result;
  result.channels = comparison.output_channels();
  std::vector<double> largest(result.channels);
  std::vector<int> most_level(result.channels);
  double energy = 0;
  double error = 0;
  comparison.for_weights([&](const WeightPair& pair) {
    energy += pair.value * pair.value;
    error += (pair.value - pair.rounded) * (pair.value - pair.rounded);
    largest[pair.output] = std::max(largest[pair.output], std::fabs(pair.value));
    most_level[pair.output] = std::max(most_level[pair.output], std::abs(pair.level));
  });
  for (std::size_t c = 0; c < result.channels; ++c) {
    result.few_levels += largest[c] > 0 && most_level[c] < enough_levels ? 1 : 0;
  }
  result.share = energy > 0 ? std::min(1.0, error / energy) : 0;
  return result;
}

}  // namespace octet
