// Streaming histogram of an activation over all samples.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <span>
#include <vector>

namespace octet {

// Least and greatest finite value; `empty()` before the first.
struct MinMax {
  float low = std::numeric_limits<float>::infinity();
  float high = -std::numeric_limits<float>::infinity();

  bool empty() const { return low > high; }
  void merge(const MinMax& other) {
    low = std::min(low, other.low);
    high = std::max(high, other.high);
  }
  friend bool operator==(const MinMax&, const MinMax&) = default;
};

// Of the finite values, as one sample gives to EmaRange (quantize/ranges.h).
MinMax min_max(std::span<const float> values);

// Values that fall into one bin, seen as `count` values of `center`.
struct Bin {
  double center = 0;
  std::uint64_t count = 0;
};

// Bins of equal width over the magnitudes, one half for positive and one for negative values. The width is the
// least power of two with which all values fit: when a larger value comes it doubles, and pairs of bins merge
// exactly. A value's bin in the end is floor(|x| / width) for the last width, whatever the width was when the
// value came, so the result does not depend on the order of the values, of add() or of merge(), nor on threads.
// At least half of the bins lie below the greatest magnitude.
//
// Zeros are counted apart: every quantization holds zero exactly, so they say nothing about the range.
// NaN and infinities are counted and otherwise left out; the caller reports them.
//
// One thread at a time; 64 KiB of memory.
class Histogram {
 public:
  static constexpr int kBins = 4096;  // of each sign

  Histogram();

  void add(std::span<const float> values);
  void merge(const Histogram& other);

  std::uint64_t count() const { return finite_; }  // of finite values, zeros included
  std::uint64_t zeros() const { return zeros_; }
  std::uint64_t non_finite() const { return non_finite_; }
  bool empty() const { return finite_ == 0; }
  // Exact, 0 where empty.
  float min() const { return empty() ? 0 : extremes_.low; }
  float max() const { return empty() ? 0 : extremes_.high; }
  float max_abs() const { return std::max(max(), -min()); }

  double bin_width() const;
  // Values x != 0 with floor(|x| / bin_width()) = index.
  std::uint64_t positive(int index) const { return counts_[static_cast<std::size_t>(index)]; }
  std::uint64_t negative(int index) const { return counts_[static_cast<std::size_t>(kBins + index)]; }

  // The width is 2^exponent(); counts() are the positive bins and then the negative ones. With extremes() and zeros()
  // they are all that a histogram of finite values is (quantize/statistics.h stores them).
  int exponent() const { return exponent_; }
  const MinMax& extremes() const { return extremes_; }
  std::span<const std::uint64_t> counts() const { return counts_; }
  // The histogram of these parts, which come from outside: none where no values could have given them.
  static std::optional<Histogram> from_parts(int exponent, const MinMax& extremes, std::uint64_t zeros,
                                             std::vector<std::uint64_t> counts);

  // The bins that hold something, from the least value to the greatest, without zeros. A center lies within
  // [min(), max()], so a bin at the edge does not lie beyond what was seen.
  std::vector<Bin> bins() const;

 private:
  struct Tally;

  void widen(int exponent);
  void add_block(std::span<const float> values, Tally* tally);
  void add_part(std::span<const float> values, Tally* tally);

  std::vector<std::uint64_t> counts_;  // positive bins, then negative ones
  int exponent_;                       // the width is 2^exponent_
  MinMax extremes_;
  std::uint64_t finite_ = 0;
  std::uint64_t zeros_ = 0;
  std::uint64_t non_finite_ = 0;
};

}  // namespace octet
