#include <algorithm>
#include <cmath>
#include <vector>

#include "quantize/ranges.h"

namespace octet {
namespace {

double x_log_x(double x) { return x > 0 ? x * std::log(x) : 0; }

// Sums over bins [0, i) for every i: the divergence of a threshold then costs one logarithm a level.
class Divergence {
 public:
  Divergence(const std::vector<double>& counts, int levels)
      : counts_(counts),
        levels_(levels),
        mass_(counts.size() + 1),
        used_(counts.size() + 1),
        entropy_(counts.size() + 1) {
    for (std::size_t i = 0; i < counts.size(); ++i) {
      mass_[i + 1] = mass_[i] + counts[i];
      used_[i + 1] = used_[i] + (counts[i] > 0 ? 1 : 0);
      entropy_[i + 1] = entropy_[i] + x_log_x(counts[i]);
    }
  }

  // Of the observed distribution P, cut after `bins` bins with the tail counted into the last of them, from Q: the
  // same bins without the tail merged into the levels, each level spread evenly over its bins that hold something.
  // Sum P log(P / Q), with P and Q normalized. Precondition: bin bins - 1 holds something.
  double of(std::size_t bins) const {
    const double total = mass_.back();
    const double inside = mass_[bins];
    const double tail = total - inside;
    const double last = counts_[bins - 1];
    const double p_log_p = entropy_[bins - 1] + x_log_x(last + tail);
    double p_log_q = 0;
    const auto levels = static_cast<std::size_t>(levels_);
    std::size_t begin = 0;
    for (std::size_t level = 1; level <= levels; ++level) {
      const std::size_t end = level * bins / levels;
      const double mass = mass_[end] - mass_[begin];
      const double observed = mass + (level == levels ? tail : 0);
      if (mass > 0) p_log_q += observed * std::log(mass / (used_[end] - used_[begin]));
      begin = end;
    }
    return (p_log_p - p_log_q) / total - std::log(total) + std::log(inside);
  }

 private:
  const std::vector<double>& counts_;
  int levels_;
  std::vector<double> mass_;
  std::vector<double> used_;
  std::vector<double> entropy_;
};

// Counts of the magnitudes, up to the last bin that holds something.
std::vector<double> magnitudes(const Histogram& histogram) {
  std::vector<double> counts(Histogram::kBins);
  for (int i = 0; i < Histogram::kBins; ++i) {
    counts[static_cast<std::size_t>(i)] = static_cast<double>(histogram.positive(i) + histogram.negative(i));
  }
  while (!counts.empty() && counts.back() == 0) counts.pop_back();
  return counts;
}

// The number of bins below the best threshold.
std::size_t best_cut(const std::vector<double>& counts, int levels) {
  constexpr std::size_t kStepShare = 128;  // thresholds lie a 128th apart
  constexpr double kClearlyLess = 1e-12;   // rounding of the sums must not prefer a smaller threshold
  const Divergence divergence(counts, levels);
  std::size_t best = counts.size();
  double least = divergence.of(best);
  // With no more bins than levels nothing but the tail diverges, the less the more bins there are: the first such
  // threshold ends the search.
  for (std::size_t bins = counts.size(); bins > static_cast<std::size_t>(levels);) {
    bins -= std::max<std::size_t>(1, bins / kStepShare);
    // A cut after an empty bin would put the tail where Q has nothing; the next lower bin says the same better.
    while (bins > 0 && counts[bins - 1] == 0) --bins;
    if (bins == 0) break;
    const double found = divergence.of(bins);
    if (found < least - kClearlyLess) {
      least = found;
      best = bins;
    }
  }
  return best;
}

}  // namespace

Quant kl_quant(const Histogram& histogram, int clamp_value) {
  const std::vector<double> counts = magnitudes(histogram);
  if (counts.empty()) return quant_from_range(0, 0, clamp_value);
  const bool one_sided = histogram.min() >= 0;
  const int signed_levels = clamp_value + 1;
  const int unsigned_levels = clamp_value == kMaxClampValue ? 256 : 2 * clamp_value + 1;
  const std::size_t cut = best_cut(counts, one_sided ? unsigned_levels : signed_levels);
  const double edge = static_cast<double>(cut) * histogram.bin_width();
  const double threshold = cut == counts.size() ? histogram.max_abs() : std::min<double>(edge, histogram.max_abs());
  return quant_from_threshold(static_cast<float>(threshold), one_sided, clamp_value);
}

}  // namespace octet
