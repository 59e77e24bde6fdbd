#include "export/int8.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "base/scalar_functions.h"

namespace octet {
namespace {

Status cannot(const Node& node, const std::string& why) { return fail(Code::unsupported, describe(node) + ": " + why); }

// As the table of the integer contract is made: the value's function, quantized.
int quantized(float y, const Quant& quant) {
  const float scaled = std::isnan(y) ? 0.0F : y * (1.0F / quant.scale);
  const auto low = static_cast<float>(-128 - quant.zero_point);
  const auto high = static_cast<float>(127 - quant.zero_point);
  return static_cast<int>(std::nearbyint(std::clamp(scaled, low, high))) + quant.zero_point;
}

float value_of(int q, const Quant& quant) { return quant.scale * static_cast<float>(q - quant.zero_point); }

// The float near the exact quotient from which the factor comes out again in float32, one operation after the other, as
// Octet and other runtimes compute it; of equals the one that is best in double precision, as some compute it.
float scale_for(float factor, float in_scale, float out_scale) {
  const double exact = static_cast<double>(factor) * out_scale / in_scale;
  const auto nearest = static_cast<float>(exact);
  const auto error = [&](float scale) {
    const float by_floats = in_scale * scale / out_scale;
    const auto by_doubles = static_cast<float>(static_cast<double>(in_scale) * scale / out_scale);
    return std::fabs(static_cast<double>(by_floats) - factor) * 4 + std::fabs(static_cast<double>(by_doubles) - factor);
  };
  float best = nearest;
  float lower = nearest;
  float higher = nearest;
  for (int step = 0; step < 2; ++step) {
    lower = std::nextafter(lower, 0.0F);
    higher = std::nextafter(higher, std::numeric_limits<float>::infinity());
    if (error(lower) < error(best)) best = lower;
    if (error(higher) < error(best)) best = higher;
  }
  return best;
}

}  // namespace

bool is_int8(const Graph& graph, const Node& node) { return graph.at(node.inputs[0]).dtype == DType::i8; }

std::int64_t output_channels(const Graph& graph, const Node& linear) {
  return element_count(graph.at(linear.inputs[3]).dims);
}

Result<WeightScales> weight_scales(const Graph& graph, const Node& linear) {
  constexpr float kMostWeight = 128 + 255;  // with its zero point
  constexpr float kMostBias = 0x1p31F;
  const float in_scale = graph.at(linear.inputs[0]).quant.scale;
  const float out_scale = graph.at(linear.outputs[0]).quant.scale;
  WeightScales result;
  for (const float factor : graph.at(linear.inputs[3]).data.as<float>()) {
    result.dead.push_back(factor == 0);
    const float scale = factor == 0 ? 1.0F : scale_for(factor, in_scale, out_scale);
    const float product = in_scale * scale;  // the scale of the bias
    const bool weights_fit = std::isnormal(scale) && std::isfinite(scale * kMostWeight);
    if (!weights_fit || !std::isnormal(product) || !std::isfinite(product * kMostBias)) {
      return cannot(linear, "the scale of the weights of output channel " + std::to_string(result.scales.size()) +
                                " is out of the range of float32");
    }
    result.scales.push_back(scale);
  }
  return result;
}

Clamp clamp_within(const Clamp& clamp, const Quant& quant) {
  Clamp rest;
  if (std::nearbyint(clamp.low / quant.scale) > static_cast<float>(-128 - quant.zero_point)) rest.low = clamp.low;
  if (std::nearbyint(clamp.high / quant.scale) < static_cast<float>(127 - quant.zero_point)) rest.high = clamp.high;
  return rest;
}

Status check_unary_table(const Graph& graph, const Node& unary) {
  const Quant in = graph.at(unary.inputs[0]).quant;
  const Quant out = graph.at(unary.outputs[0]).quant;
  const auto table = graph.at(unary.inputs[1]).data.as<std::int8_t>();
  for (int q = -128; q < 128; ++q) {
    const float y = unary_value(unary.attrs.unary, unary.attrs.alpha, unary.attrs.beta, value_of(q, in));
    const int expected = quantized(y, out);
    const int found = table[static_cast<std::size_t>(q + 128)];
    if (std::abs(found - expected) <= 1) continue;
    return cannot(unary, std::string("its table is not that of ") + name_of(unary.attrs.unary) + ": it gives " +
                             std::to_string(found) + " for " + std::to_string(q) + ", not " + std::to_string(expected));
  }
  return {};
}

Status check_softmax_table(const Graph& graph, const Node& softmax) {
  const double scale = graph.at(softmax.inputs[0]).quant.scale;
  const auto table = graph.at(softmax.inputs[1]).data.as<std::uint32_t>();
  const auto one = static_cast<double>(table[0]);
  for (std::size_t i = 0; i < table.size(); ++i) {
    const double expected = one * std::exp(-scale * static_cast<double>(i));
    if (std::fabs(table[i] - expected) <= 1 + 1e-6 * one) continue;
    return cannot(softmax, "its table is not that of exp at entry " + std::to_string(i));
  }
  return {};
}

Result<std::vector<float>> prelu_slopes(const Graph& graph, const Node& prelu) {
  const Quant in = graph.at(prelu.inputs[0]).quant;
  const Quant out = graph.at(prelu.outputs[0]).quant;
  const Tensor& tables = graph.at(prelu.inputs[1]);
  const auto entries = tables.data.as<std::int8_t>();
  std::vector<float> slopes;
  for (std::size_t c = 0; c < static_cast<std::size_t>(tables.dims[0]); ++c) {
    const auto table = entries.subspan(c * 256, 256);
    // Each entry of a negative value x that is no end of the range says that slope * x lies within half a step of it.
    double low = -std::numeric_limits<double>::infinity();
    double high = std::numeric_limits<double>::infinity();
    for (int q = -128; q < std::min(in.zero_point, 128); ++q) {
      const double x = static_cast<double>(in.scale) * (q - in.zero_point);
      const int t = table[static_cast<std::size_t>(q + 128)];
      const double y = static_cast<double>(out.scale) * (t - out.zero_point);
      const double half = 0.5 * out.scale;
      if (t < 127) low = std::max(low, (y + half) / x);  // x is negative: the larger y, the smaller the slope
      if (t > -128) high = std::min(high, (y - half) / x);
    }
    double slope = 0;  // where there is no negative value, any
    if (std::isfinite(low) && std::isfinite(high)) slope = 0.5 * (low + high);
    if (std::isfinite(low) != std::isfinite(high))
      slope = std::isfinite(low) ? low + std::fabs(low) : high - std::fabs(high);
    slopes.push_back(static_cast<float>(slope));
    for (int q = -128; q < 128; ++q) {
      const float x = value_of(q, in);
      const int expected = quantized(x < 0.0F ? x * slopes.back() : x, out);
      if (std::abs(table[static_cast<std::size_t>(q + 128)] - expected) <= 1) continue;
      return cannot(prelu, "no slope gives its table of channel " + std::to_string(c));
    }
  }
  return slopes;
}

}  // namespace octet
