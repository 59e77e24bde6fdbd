#include "quantize/histogram.h"

#include <array>
#include <bit>
#include <cmath>

namespace octet {
namespace {

constexpr std::size_t kBlock = 512;        // values that are scanned, then binned while they are in the cache
constexpr std::size_t kLanes = 8;          // independent accumulators, which compilers turn into vectors
constexpr std::size_t kTallyFrom = 16384;  // fewer values do not pay for clearing and folding a tally
constexpr std::size_t kTallyTo = std::size_t{1} << 30;  // keeps 32-bit counters from overflowing

constexpr int kMinExponent = -126;  // 2^126 is still a float, so that scaling by 1 / width is exact
constexpr int kBinBits = std::bit_width(static_cast<unsigned>(Histogram::kBins)) - 1;
static_assert(Histogram::kBins == 1 << kBinBits);

struct Scan {
  MinMax extremes;
  std::uint32_t zeros = 0;
  std::uint32_t non_finite = 0;
};

// One pass over at most 2^32 values; NaN stays out of the extremes, an infinity does not.
Scan scan(std::span<const float> values) {
  std::array<float, kLanes> low;
  std::array<float, kLanes> high;
  std::array<std::uint32_t, kLanes> zeros{};
  std::array<std::uint32_t, kLanes> non_finite{};
  const MinMax none;
  low.fill(none.low);
  high.fill(none.high);
  const auto take = [&](float x, std::size_t lane) {
    low[lane] = x < low[lane] ? x : low[lane];
    high[lane] = x > high[lane] ? x : high[lane];
    zeros[lane] += x == 0.0f ? 1 : 0;
    non_finite[lane] += std::fabs(x) <= std::numeric_limits<float>::max() ? 0 : 1;
  };
  const std::size_t whole = values.size() / kLanes * kLanes;
  for (std::size_t i = 0; i < whole; i += kLanes) {
    for (std::size_t lane = 0; lane < kLanes; ++lane) take(values[i + lane], lane);
  }
  for (std::size_t i = whole; i < values.size(); ++i) take(values[i], i - whole);

  Scan result;
  for (std::size_t lane = 0; lane < kLanes; ++lane) {
    // Adding 0 turns -0 into 0: which of them came first must not show.
    result.extremes.merge({low[lane] + 0.0f, high[lane] + 0.0f});
    result.zeros += zeros[lane];
    result.non_finite += non_finite[lane];
  }
  return result;
}

// The finite values of a block, in `buffer`.
std::span<const float> only_finite(std::span<const float> values, std::array<float, kBlock>* buffer) {
  std::size_t kept = 0;
  for (const float x : values) {
    if (std::isfinite(x)) (*buffer)[kept++] = x;
  }
  return {buffer->data(), kept};
}

// The least width 2^e with which the magnitude lies in the bins.
int exponent_for(float magnitude) {
  int exponent = 0;
  std::frexp(magnitude, &exponent);  // magnitude < 2^exponent
  return magnitude == 0 ? kMinExponent : std::max(exponent - kBinBits, kMinExponent);
}

// Index into the positive bins followed by the negative ones. x + 0 sends -0 to the positive bins.
inline std::uint32_t bin_of(float x, float inverse_width) {
  const float value = x + 0.0f;
  const auto index = static_cast<std::int32_t>(std::fabs(value) * inverse_width);
  const auto sign = static_cast<std::int32_t>(std::bit_cast<std::uint32_t>(value)) >> 31;
  return static_cast<std::uint32_t>(index + (sign & Histogram::kBins));
}

// Neighbours count into different arrays: the same bin twice in a row, as after a ReLU, would wait for the store.
template <class Count>
void count_block(std::span<const float> values, float inverse_width, Count* even, Count* odd) {
  if (values.size() == kBlock) {
    std::array<std::uint32_t, kBlock> index;
    for (std::size_t i = 0; i < kBlock; ++i) index[i] = bin_of(values[i], inverse_width);
    for (std::size_t i = 0; i < kBlock; i += 2) {
      ++even[index[i]];
      ++odd[index[i + 1]];
    }
    return;
  }
  for (const float x : values) ++even[bin_of(x, inverse_width)];
}

void shift_bins(std::uint64_t* counts, int shift) {
  for (int i = 1; i < Histogram::kBins; ++i) {
    const std::uint64_t count = counts[i];
    counts[i] = 0;
    counts[i >> shift] += count;
  }
}

}  // namespace

MinMax min_max(std::span<const float> values) {
  MinMax all;
  std::array<float, kBlock> buffer;
  for (std::size_t start = 0; start < values.size(); start += kBlock) {
    const auto block = values.subspan(start, std::min(kBlock, values.size() - start));
    Scan found = scan(block);
    if (found.non_finite != 0) found = scan(only_finite(block, &buffer));
    all.merge(found.extremes);
  }
  return all;
}

// 32-bit counters of one add(), folded into the histogram's own at its end and before the width changes.
struct Histogram::Tally {
  static constexpr std::size_t kSize = 2 * std::size_t{kBins};
  std::vector<std::uint32_t> counts = std::vector<std::uint32_t>(2 * kSize);

  std::uint32_t* even() { return counts.data(); }
  std::uint32_t* odd() { return counts.data() + kSize; }

  void fold_into(std::vector<std::uint64_t>* target) {
    for (std::size_t i = 0; i < kSize; ++i) {
      (*target)[i] += std::uint64_t{even()[i]} + odd()[i];
    }
    std::fill(counts.begin(), counts.end(), 0u);
  }
};

Histogram::Histogram() : counts_(2 * std::size_t{kBins}), exponent_(kMinExponent) {}

double Histogram::bin_width() const { return std::ldexp(1.0, exponent_); }

void Histogram::widen(int exponent) {
  const int shift = std::min(exponent - exponent_, kBinBits);
  shift_bins(counts_.data(), shift);
  shift_bins(counts_.data() + kBins, shift);
  exponent_ = exponent;
}

void Histogram::add_block(std::span<const float> values, Tally* tally) {
  Scan found = scan(values);
  std::array<float, kBlock> buffer;
  if (found.non_finite != 0) {
    non_finite_ += found.non_finite;
    values = only_finite(values, &buffer);
    found = scan(values);
  }
  extremes_.merge(found.extremes);
  finite_ += values.size();
  zeros_ += found.zeros;

  const int exponent = exponent_for(max_abs());
  if (exponent > exponent_) {
    if (tally != nullptr) tally->fold_into(&counts_);
    widen(exponent);
  }
  const float inverse_width = std::ldexp(1.0f, -exponent_);
  if (tally != nullptr) {
    count_block(values, inverse_width, tally->even(), tally->odd());
  } else {
    count_block(values, inverse_width, counts_.data(), counts_.data());
  }
}

void Histogram::add_part(std::span<const float> values, Tally* tally) {
  const std::uint64_t zeros_before = zeros_;
  for (std::size_t start = 0; start < values.size(); start += kBlock) {
    add_block(values.subspan(start, std::min(kBlock, values.size() - start)), tally);
  }
  if (tally != nullptr) tally->fold_into(&counts_);
  // Counting zeros with the others and taking them out again is quicker than a branch.
  counts_[0] -= zeros_ - zeros_before;
}

void Histogram::add(std::span<const float> values) {
  if (values.size() < kTallyFrom) {
    add_part(values, nullptr);
    return;
  }
  Tally tally;
  for (std::size_t start = 0; start < values.size(); start += kTallyTo) {
    add_part(values.subspan(start, std::min(kTallyTo, values.size() - start)), &tally);
  }
}

void Histogram::merge(const Histogram& other) {
  if (other.exponent_ > exponent_) widen(other.exponent_);
  const int shift = std::min(exponent_ - other.exponent_, kBinBits);
  for (int i = 0; i < kBins; ++i) {
    counts_[static_cast<std::size_t>(i >> shift)] += other.positive(i);
    counts_[static_cast<std::size_t>(kBins + (i >> shift))] += other.negative(i);
  }
  extremes_.merge(other.extremes_);
  finite_ += other.finite_;
  zeros_ += other.zeros_;
  non_finite_ += other.non_finite_;
}

std::optional<Histogram> Histogram::from_parts(int exponent, const MinMax& extremes, std::uint64_t zeros,
                                               std::vector<std::uint64_t> counts) {
  Histogram histogram;
  if (counts.size() != histogram.counts_.size()) return {};
  std::uint64_t finite = zeros;
  for (const std::uint64_t count : counts) {
    if (__builtin_add_overflow(finite, count, &finite)) return {};
  }
  histogram.counts_ = std::move(counts);
  histogram.finite_ = finite;
  histogram.zeros_ = zeros;
  histogram.extremes_ = extremes;
  histogram.exponent_ = exponent;
  if (finite == 0) {
    if (!(extremes == MinMax{}) || exponent != kMinExponent) return {};
    return histogram;
  }
  if (!std::isfinite(extremes.low) || !std::isfinite(extremes.high) || extremes.low > extremes.high) return {};
  if (exponent != exponent_for(histogram.max_abs())) return {};
  // The outermost bin of each sign is the one that its extreme lies in.
  const float inverse_width = std::ldexp(1.0f, -exponent);
  const auto outermost = [&](int first, bool any, float extreme) {
    int last = kBins - 1;
    while (last >= 0 && histogram.counts_[static_cast<std::size_t>(first + last)] == 0) --last;
    return last == (any ? static_cast<int>(std::fabs(extreme) * inverse_width) : -1);
  };
  if (!outermost(0, extremes.high > 0, extremes.high) || !outermost(kBins, extremes.low < 0, extremes.low)) return {};
  return histogram;
}

std::vector<Bin> Histogram::bins() const {
  std::vector<Bin> bins;
  const double low = min();
  const double high = max();
  const auto keep = [&](double middle, std::uint64_t count) {
    if (count != 0) bins.push_back({std::clamp(middle * bin_width(), low, high), count});
  };
  for (int i = kBins - 1; i >= 0; --i) keep(-(i + 0.5), negative(i));
  for (int i = 0; i < kBins; ++i) keep(i + 0.5, positive(i));
  return bins;
}

}  // namespace octet
