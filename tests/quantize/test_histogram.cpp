// The histogram of activations: exact bins, whatever the order, the chunks and the threads.
#include <algorithm>
#include <cmath>
#include <limits>
#include <random>
#include <span>
#include <vector>

#include "quantize/generated.h"
#include "quantize/histogram.h"
#include "support/cmocka.h"

namespace octet {
namespace {

constexpr float kInf = std::numeric_limits<float>::infinity();
constexpr float kNan = std::numeric_limits<float>::quiet_NaN();

Histogram of(const std::vector<float>& values) {
  Histogram histogram;
  histogram.add(values);
  return histogram;
}

void assert_same(const Histogram& a, const Histogram& b) {
  assert_true(a.count() == b.count());
  assert_true(a.zeros() == b.zeros());
  assert_true(a.non_finite() == b.non_finite());
  assert_true(a.min() == b.min() && std::signbit(a.min()) == std::signbit(b.min()));
  assert_true(a.max() == b.max() && std::signbit(a.max()) == std::signbit(b.max()));
  assert_true(a.bin_width() == b.bin_width());
  for (int i = 0; i < Histogram::kBins; ++i) {
    assert_true(a.positive(i) == b.positive(i));
    assert_true(a.negative(i) == b.negative(i));
  }
}

// The definition, one value after another, with the width known beforehand.
void assert_is_histogram_of(const Histogram& histogram, const std::vector<float>& values) {
  std::vector<std::uint64_t> positive(Histogram::kBins), negative(Histogram::kBins);
  std::uint64_t zeros = 0;
  std::uint64_t finite = 0;
  float low = kInf;
  float high = -kInf;
  for (const float x : values) {
    if (!std::isfinite(x)) continue;
    ++finite;
    low = std::min(low, x);
    high = std::max(high, x);
    if (x == 0) {
      ++zeros;
      continue;
    }
    const auto index = static_cast<std::size_t>(std::floor(std::fabs(double{x}) / histogram.bin_width()));
    assert_true(index < Histogram::kBins);
    ++(x > 0 ? positive : negative)[index];
  }
  assert_true(histogram.count() == finite);
  assert_true(histogram.zeros() == zeros);
  assert_true(histogram.non_finite() == values.size() - finite);
  assert_true(finite == 0 || (histogram.min() == low && histogram.max() == high));
  for (int i = 0; i < Histogram::kBins; ++i) {
    assert_true(histogram.positive(i) == positive[static_cast<std::size_t>(i)]);
    assert_true(histogram.negative(i) == negative[static_cast<std::size_t>(i)]);
  }
}

void counts_by_definition(void**) {
  // Sizes around the block and the tally of the implementation.
  for (const std::size_t size : {1u, 7u, 511u, 512u, 513u, 5000u, 16384u, 40001u}) {
    for (const char* name : {"relu", "bell", "outliers", "steps", "leaky", "negative"}) {
      const auto values = test::generate(name, size);
      assert_is_histogram_of(of(values), values);
    }
  }
}

void order_does_not_show(void**) {
  auto values = test::generate("outliers", 30000);
  values[77] = -0.0f;
  values[78] = kNan;
  const Histogram expected = of(values);
  auto ascending = values;
  std::sort(ascending.begin(), ascending.end(), [](float a, float b) { return std::fabs(a) < std::fabs(b); });
  assert_same(of(ascending), expected);
  std::reverse(ascending.begin(), ascending.end());
  assert_same(of(ascending), expected);
  std::mt19937 random(5);
  std::shuffle(values.begin(), values.end(), random);
  assert_same(of(values), expected);
}

void chunks_and_merges_do_not_show(void**) {
  const auto values = test::generate("outliers", 30000);
  const Histogram expected = of(values);
  for (const std::size_t chunk : {1u, 3u, 1000u, 17000u}) {
    Histogram in_chunks;
    std::vector<Histogram> parts(3);
    std::size_t turn = 0;
    for (std::size_t start = 0; start < values.size(); start += chunk) {
      const auto part = std::span(values).subspan(start, std::min(chunk, values.size() - start));
      in_chunks.add(part);
      parts[turn++ % parts.size()].add(part);
    }
    assert_same(in_chunks, expected);
    Histogram forward;
    for (const auto& part : parts) forward.merge(part);
    assert_same(forward, expected);
    Histogram backward = parts[2];
    backward.merge(parts[1]);
    backward.merge(parts[0]);
    assert_same(backward, expected);
  }
}

void width_is_the_least_power_of_two(void**) {
  for (const float top : {1.0f, std::nextafter(1.0f, 0.0f), 1.5f, 6.0f, 1e-30f, 1e30f, 4096.0f}) {
    const Histogram histogram = of({top, -top / 3});
    const double width = histogram.bin_width();
    assert_true(std::log2(width) == std::floor(std::log2(width)));
    assert_true(double{top} < Histogram::kBins * width);
    assert_true(double{top} >= Histogram::kBins / 2 * width);
  }
}

void extreme_magnitudes(void**) {
  const float denormal = std::numeric_limits<float>::denorm_min();
  const float greatest = std::numeric_limits<float>::max();
  const std::vector<float> tiny{denormal, -denormal, 1e-40f, 0.0f};
  assert_is_histogram_of(of(tiny), tiny);
  // Tiny first, then the greatest float: the bins shift by all their bits at once.
  const std::vector<float> growing{denormal, -denormal, 1.0f, -2.0f, greatest, -greatest};
  assert_is_histogram_of(of(growing), growing);
  Histogram merged = of(tiny);
  merged.merge(of(growing));
  auto all = tiny;
  all.insert(all.end(), growing.begin(), growing.end());
  assert_is_histogram_of(merged, all);
}

void width_changes_within_a_large_add(void**) {
  std::vector<float> values(50000, 0.25f);
  for (std::size_t i = 0; i < values.size(); i += 2) values[i] = 0;
  for (std::size_t i = 1; i < 17; ++i) values[i * 2900] = std::ldexp(1.0f, static_cast<int>(i));
  assert_is_histogram_of(of(values), values);
}

void non_finite_values_are_counted_apart(void**) {
  std::vector<float> values = test::generate("bell", 3000);
  for (const std::size_t at : {0u, 600u, 1200u}) values[at] = kNan;
  values[601] = kInf;
  values[2999] = -kInf;
  const Histogram histogram = of(values);
  assert_true(histogram.non_finite() == 5);
  assert_is_histogram_of(histogram, values);
  const std::vector<float> none(700, kNan);
  const Histogram empty = of(none);
  assert_true(empty.empty());
  assert_true(empty.non_finite() == 700);
  assert_true(empty.min() == 0 && empty.max() == 0 && empty.max_abs() == 0);
  assert_true(empty.bins().empty());
}

void zeros_of_both_signs_are_zeros(void**) {
  const Histogram histogram = of({0.0f, -0.0f, -0.0f});
  assert_true(histogram.count() == 3 && histogram.zeros() == 3);
  assert_true(histogram.bins().empty());
  assert_false(std::signbit(histogram.min()));
  assert_false(std::signbit(histogram.max()));
  assert_true(Histogram().empty());
}

void bins_go_from_least_to_greatest(void**) {
  const auto values = test::generate("leaky", 5000);
  const Histogram histogram = of(values);
  std::uint64_t total = 0;
  double previous = -kInf;
  for (const Bin& bin : histogram.bins()) {
    assert_true(bin.count > 0);
    assert_true(bin.center > previous);
    assert_true(bin.center >= double{histogram.min()} && bin.center <= double{histogram.max()});
    previous = bin.center;
    total += bin.count;
  }
  assert_true(total == histogram.count() - histogram.zeros());
}

void extremes_of_a_sample(void**) {
  assert_true(min_max({}).empty());
  const std::vector<float> only_nan{kNan, kInf};
  assert_true(min_max(only_nan).empty());
  auto values = test::generate("bell", 1500);
  const auto [low, high] = std::minmax_element(values.begin(), values.end());
  assert_true(min_max(values) == (MinMax{*low, *high}));
  values.push_back(-kInf);
  values.push_back(kNan);
  const auto finite = std::span(values).first(1500);
  assert_true(min_max(values) == min_max(finite));
}

}  // namespace
}  // namespace octet

int main() {
  using namespace octet;
  const CMUnitTest tests[] = {
      cmocka_unit_test(counts_by_definition),
      cmocka_unit_test(order_does_not_show),
      cmocka_unit_test(chunks_and_merges_do_not_show),
      cmocka_unit_test(width_is_the_least_power_of_two),
      cmocka_unit_test(extreme_magnitudes),
      cmocka_unit_test(width_changes_within_a_large_add),
      cmocka_unit_test(non_finite_values_are_counted_apart),
      cmocka_unit_test(zeros_of_both_signs_are_zeros),
      cmocka_unit_test(bins_go_from_least_to_greatest),
      cmocka_unit_test(extremes_of_a_sample),
  };
  return cmocka_run_group_tests_name("quantize/histogram", tests, nullptr, nullptr);
}
