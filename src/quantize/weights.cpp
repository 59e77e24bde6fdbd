#include "quantize/weights.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <string>

#include "base/checked.h"
#include "quantize/ranges.h"
#include "quantize/rounding.h"

namespace octet {
namespace {

double max_abs(std::span<const float> weights) {
  float largest = 0;
  for (const float w : weights) {
    if (std::isfinite(w)) largest = std::max(largest, std::fabs(w));
  }
  return largest;
}

// The level of a weight; `inverse` is 1 / scale.
double level_of(double weight, double inverse, double bound) {
  return round_to_even(std::clamp(weight * inverse, -bound, bound));
}

double squared_error(std::span<const float> weights, double scale, double bound) {
  const double inverse = 1.0 / scale;
  double sum = 0;
  for (const float w : weights) {
    if (!std::isfinite(w)) continue;
    const double error = w - scale * level_of(w, inverse, bound);
    sum += error * error;
  }
  return sum;
}

double fit(std::span<const float> weights, double scale, double bound) {
  constexpr int kMaxSteps = 100;
  constexpr double kStandsStill = 1e-9;
  for (int step = 0; step < kMaxSteps; ++step) {
    const double inverse = 1.0 / scale;
    double dot = 0;
    double norm = 0;
    for (const float w : weights) {
      if (!std::isfinite(w)) continue;
      const double level = level_of(w, inverse, bound);
      dot += level * w;
      norm += level * level;
    }
    const double next = dot / norm;
    if (!(next > 0) || std::abs(next - scale) <= kStandsStill * scale) break;
    scale = next;
  }
  return scale;
}

double least_error_scale(std::span<const float> weights, double start, double bound) {
  // The error of few weights has many minima, that of many is smooth.
  const int steps = std::clamp(static_cast<int>(65536 / weights.size()), 64, 1024);
  double best = start;
  double least = std::numeric_limits<double>::infinity();
  for (int step = 0; step <= steps; ++step) {
    const double scale = start * (1.0 - 0.5 * step / steps);
    const double error = squared_error(weights, scale, bound);
    if (error < least) {
      least = error;
      best = scale;
    }
  }
  return fit(weights, best, bound);
}

bool has_size(const WeightLayout& layout, std::size_t size) {
  std::size_t total = 0;
  return checked_mul(layout.groups, layout.blocks, &total) && checked_mul(total, layout.channels, &total) &&
         checked_mul(total, layout.block_size, &total) && total == size && size != 0;
}

std::string layout_text(const WeightLayout& layout) {
  return std::to_string(layout.groups) + "x" + std::to_string(layout.blocks) + "x" + std::to_string(layout.channels) +
         "x" + std::to_string(layout.block_size);
}

}  // namespace

float weight_scale(std::span<const float> weights, WeightMethod method, int clamp_value) {
  const double bound = clamp_value;
  const double start = max_abs(weights) / bound;
  if (start == 0) return 1;
  switch (method) {
    case WeightMethod::ADMM:
      return limit_scale(fit(weights, start, bound));
    case WeightMethod::MSE:
      return limit_scale(least_error_scale(weights, start, bound));
    case WeightMethod::MAX_ABS:
      break;
  }
  return limit_scale(start);
}

Result<QuantizedWeights> quantize_weights(std::span<const float> weights, const WeightLayout& layout,
                                          WeightMethod method, int clamp_value) {
  if (!has_size(layout, weights.size())) {
    return fail(Code::shape, "weights of " + std::to_string(weights.size()) + " elements do not fit the layout " +
                                 layout_text(layout));
  }
  QuantizedWeights result;
  result.values.resize(weights.size());
  result.scales.reserve(layout.output_channels());
  std::vector<float> channel(layout.blocks * layout.block_size);
  std::vector<std::int8_t> levels(channel.size());
  for (std::size_t output = 0; output < layout.output_channels(); ++output) {
    const auto start_of = [&](std::size_t block) { return layout.start_of(output, block); };
    for (std::size_t block = 0; block < layout.blocks; ++block) {
      const auto from = weights.subspan(start_of(block), layout.block_size);
      std::copy(from.begin(), from.end(), channel.data() + block * layout.block_size);
    }
    const float scale = weight_scale(channel, method, clamp_value);
    quantize_channel(channel, scale, clamp_value, levels);
    for (std::size_t block = 0; block < layout.blocks; ++block) {
      std::copy_n(levels.data() + block * layout.block_size, layout.block_size, result.values.data() + start_of(block));
    }
    result.scales.push_back(scale);
  }
  return result;
}

}  // namespace octet
