#include "quantize/ranges.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <span>
#include <vector>

#include "quantize/rounding.h"

namespace octet {
namespace {

constexpr int kLowest = -128;
constexpr int kHighest = 127;

// The levels that a range is spread over, as offsets from the zero point.
struct Levels {
  int low = 0;
  int high = 0;
  int zero_point = 0;
};

Levels one_sided_levels(int clamp_value) {
  if (clamp_value >= kMaxClampValue) return {0, kHighest - kLowest, kLowest};
  return {0, 2 * clamp_value, -clamp_value};
}

Levels symmetric_levels(int clamp_value) { return {-clamp_value, clamp_value, 0}; }

Levels levels_for(const Histogram& histogram, int clamp_value) {
  return histogram.min() >= 0 ? one_sided_levels(clamp_value) : symmetric_levels(clamp_value);
}

float finite_end(float end) {
  constexpr float kGreatest = std::numeric_limits<float>::max();
  return std::isnan(end) ? 0.0f : std::clamp(end, -kGreatest, kGreatest);
}

// clip_weight multiplies the errors of values beyond the range.
double squared_error_of(std::span<const Bin> bins, const Quant& quant, int clamp_value, double clip_weight = 1) {
  const bool limited = clamp_value < kMaxClampValue;
  const double scale = quant.scale;
  const double inverse = 1.0 / scale;
  const double low = (limited ? -clamp_value : kLowest) - quant.zero_point;
  const double high = (limited ? clamp_value : kHighest) - quant.zero_point;
  double sum = 0;
  for (const Bin& bin : bins) {
    const double value = bin.center * inverse;
    const double error = bin.center - scale * round_to_even(std::clamp(value, low, high));
    const double weight = value < low || value > high ? clip_weight : 1;
    sum += weight * static_cast<double>(bin.count) * error * error;
  }
  return sum;
}

Quant admm_from_bins(std::span<const Bin> bins, const Histogram& histogram, int clamp_value) {
  constexpr int kMaxSteps = 200;
  constexpr double kStandsStill = 1e-9;
  const Levels levels = levels_for(histogram, clamp_value);
  double scale = static_cast<double>(histogram.max_abs()) / levels.high;
  if (scale == 0) return quant_from_threshold(0, false, clamp_value);
  for (int step = 0; step < kMaxSteps; ++step) {
    double dot = 0;
    double norm = 0;
    for (const Bin& bin : bins) {
      const double level = round_to_even(std::clamp<double>(bin.center / scale, levels.low, levels.high));
      const double weight = static_cast<double>(bin.count) * level;
      dot += weight * bin.center;
      norm += weight * level;
    }
    const double next = dot / norm;
    if (!(next > 0) || std::abs(next - scale) <= kStandsStill * scale) break;
    scale = next;
  }
  return {limit_scale(scale), levels.zero_point};
}

// Shrinks the ends of a range while the squared error falls.
class MseSearch {
 public:
  MseSearch(std::span<const Bin> bins, float low, float high, int clamp_value, double clip_weight)
      : bins_(bins),
        low_(std::min(low, 0.0f)),
        high_(std::max(high, 0.0f)),
        clamp_value_(clamp_value),
        clip_weight_(clip_weight) {}

  Quant run() {
    constexpr int kCoarseSteps = 80;  // down to 1/1024
    constexpr double kFinest = 1.0 / 64;
    for (int step = 0; step <= kCoarseSteps; ++step) try_range(std::exp2(-step / 8.0), std::exp2(-step / 8.0));
    for (double exponent = 1.0 / 16; exponent >= kFinest; exponent /= 2) refine(std::exp2(exponent));
    return best_;
  }

 private:
  bool try_range(double low_share, double high_share) {
    if (low_share > 1 || high_share > 1) return false;
    const Quant quant =
        quant_from_range(static_cast<float>(low_ * low_share), static_cast<float>(high_ * high_share), clamp_value_);
    const double error = squared_error_of(bins_, quant, clamp_value_, clip_weight_);
    if (!(error < best_error_)) return false;
    best_error_ = error;
    best_ = quant;
    low_share_ = low_share;
    high_share_ = high_share;
    return true;
  }

  void refine(double ratio) {
    constexpr int kMaxRounds = 32;
    for (int round = 0; round < kMaxRounds; ++round) {
      bool better = try_range(low_share_, high_share_ / ratio);
      better |= try_range(low_share_, high_share_ * ratio);
      better |= try_range(low_share_ / ratio, high_share_);
      better |= try_range(low_share_ * ratio, high_share_);
      if (!better) return;
    }
  }

  std::span<const Bin> bins_;
  double low_;
  double high_;
  int clamp_value_;
  double clip_weight_;
  double low_share_ = 1;
  double high_share_ = 1;
  double best_error_ = std::numeric_limits<double>::infinity();
  Quant best_{1, 0};
};

Quant mse_from_bins(std::span<const Bin> bins, const Histogram& histogram, int clamp_value, double clip_weight = 1) {
  if (bins.empty()) return quant_from_range(0, 0, clamp_value);
  return MseSearch(bins, histogram.min(), histogram.max(), clamp_value, clip_weight).run();
}

// The upper edge of the outermost bin of one sign that stays, when `allowed` values may be cut off.
template <class Count>
double cut_tail(Count count, std::uint64_t allowed, double bin_width) {
  std::uint64_t beyond = 0;
  for (int i = Histogram::kBins - 1; i >= 0; --i) {
    beyond += count(i);
    if (beyond > allowed) return (i + 1) * bin_width;
  }
  return 0;
}

}  // namespace

Quant quant_from_range(float low, float high, int clamp_value) {
  const double from = std::min(finite_end(low), 0.0f);
  const double to = std::max(finite_end(high), 0.0f);
  if (from == 0 && to == 0) return {1, 0};
  const Levels levels = one_sided_levels(clamp_value);
  const float scale = limit_scale((to - from) / levels.high);
  const double zero_point = std::clamp<double>(-from / scale, 0, levels.high);
  return {scale, levels.zero_point + static_cast<std::int32_t>(round_to_even(zero_point))};
}

Quant quant_from_threshold(float threshold, bool one_sided, int clamp_value) {
  if (one_sided) return quant_from_range(0, threshold, clamp_value);
  return {limit_scale(static_cast<double>(finite_end(threshold)) / clamp_value), 0};
}

MinMax range_of(const Quant& quant) {
  return {quant.scale * static_cast<float>(kLowest - quant.zero_point),
          quant.scale * static_cast<float>(kHighest - quant.zero_point)};
}

double squared_error(const Histogram& histogram, const Quant& quant, int clamp_value) {
  return squared_error_of(histogram.bins(), quant, clamp_value);
}

void EmaRange::Average::take(const MinMax& batch) {
  if (batch.empty()) return;
  low = begun ? kMomentum * low + (1 - kMomentum) * batch.low : batch.low;
  high = begun ? kMomentum * high + (1 - kMomentum) * batch.high : batch.high;
  begun = true;
}

void EmaRange::add(const MinMax& sample) {
  state_.batch.merge(sample);
  if (++state_.in_batch < batch_size_) return;
  state_.average.take(state_.batch);
  state_.batch = {};
  state_.in_batch = 0;
}

MinMax EmaRange::range() const {
  Average average = state_.average;
  average.take(state_.batch);
  if (!average.begun) return {};
  return {static_cast<float>(average.low), static_cast<float>(average.high)};
}

Quant minmax_quant(const Histogram& histogram, int clamp_value) {
  return quant_from_range(histogram.min(), histogram.max(), clamp_value);
}

Quant admm_quant(const Histogram& histogram, int clamp_value) {
  return admm_from_bins(histogram.bins(), histogram, clamp_value);
}

Quant percentile_quant(const Histogram& histogram, double percentile, int clamp_value) {
  const double share = std::clamp((100 - percentile) / 100, 0.0, 1.0);
  const auto allowed = static_cast<std::uint64_t>(share * static_cast<double>(histogram.count()));
  const double width = histogram.bin_width();
  const double high = cut_tail([&](int i) { return histogram.positive(i); }, allowed, width);
  const double low = -cut_tail([&](int i) { return histogram.negative(i); }, allowed, width);
  if (low == 0 && high == 0) return minmax_quant(histogram, clamp_value);
  return quant_from_range(static_cast<float>(std::max<double>(low, histogram.min())),
                          static_cast<float>(std::min<double>(high, histogram.max())), clamp_value);
}

Quant mse_quant(const Histogram& histogram, int clamp_value) {
  return mse_from_bins(histogram.bins(), histogram, clamp_value);
}

RangeChoice choose_range(ActivationMethod method, const Histogram& histogram, const RangeOptions& options) {
  const std::vector<Bin> bins = histogram.bins();
  const double clip_weight = method == ActivationMethod::AUTO ? kAutoClipWeight : 1;
  const auto by = [&](ActivationMethod candidate) -> Quant {
    switch (candidate) {
      case ActivationMethod::KL:
        return kl_quant(histogram, options.clamp_value);
      case ActivationMethod::ADMM:
        return admm_from_bins(bins, histogram, options.clamp_value);
      case ActivationMethod::EMA:
        if (options.ema.empty()) break;
        return quant_from_range(options.ema.low, options.ema.high, options.clamp_value);
      case ActivationMethod::PERCENTILE:
        return percentile_quant(histogram, options.percentile, options.clamp_value);
      case ActivationMethod::MSE:
        return mse_from_bins(bins, histogram, options.clamp_value, clip_weight);
      case ActivationMethod::MINMAX:
      case ActivationMethod::AUTO:
        break;
    }
    return minmax_quant(histogram, options.clamp_value);
  };
  const auto choice = [&](ActivationMethod candidate) {
    const Quant quant = by(candidate);
    return RangeChoice{quant, candidate, squared_error_of(bins, quant, options.clamp_value, clip_weight)};
  };
  if (method != ActivationMethod::AUTO) return choice(method);
  RangeChoice best = choice(ActivationMethod::MINMAX);
  for (const auto candidate : {ActivationMethod::EMA, ActivationMethod::KL, ActivationMethod::ADMM,
                               ActivationMethod::PERCENTILE, ActivationMethod::MSE}) {
    RangeChoice other = choice(candidate);
    if (other.squared_error < best.squared_error) best = other;
  }
  return best;
}

}  // namespace octet
