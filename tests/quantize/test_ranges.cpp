// The methods that choose ranges: against data/ranges.txt (NumPy, make_data.py), and what must hold for any data.
#include <algorithm>
#include <cmath>
#include <fstream>
#include <limits>
#include <map>
#include <sstream>
#include <string>
#include <vector>

#include "quantize/generated.h"
#include "quantize/ranges.h"
#include "support/cmocka.h"

namespace octet {
namespace {

constexpr float kInf = std::numeric_limits<float>::infinity();
constexpr float kNan = std::numeric_limits<float>::quiet_NaN();
constexpr ActivationMethod kMethods[] = {ActivationMethod::KL,     ActivationMethod::ADMM,       ActivationMethod::EMA,
                                         ActivationMethod::MINMAX, ActivationMethod::PERCENTILE, ActivationMethod::MSE};
constexpr double kTestPercentile = 99.9;

Histogram of(const std::vector<float>& values) {
  Histogram histogram;
  histogram.add(values);
  return histogram;
}

MinMax ema_of(const std::vector<float>& values) {
  constexpr std::size_t kSamples = 40;
  EmaRange ema(4);
  const std::size_t size = values.size() / kSamples;
  for (std::size_t sample = 0; sample < kSamples; ++sample) {
    ema.add(min_max(std::span(values).subspan(sample * size, size)));
  }
  return ema.range();
}

bool near(double a, double b, double relative) {
  return std::abs(a - b) <= relative * std::max(std::abs(a), std::abs(b));
}

// What holds for every choice: a scale of the contract, and zero among the levels.
void assert_valid(const Quant& quant) {
  assert_true(std::isfinite(quant.scale));
  assert_true(quant.scale >= kMinScale && quant.scale <= kMaxScale);
  assert_in_range(quant.zero_point + 128, 0, 255);
  assert_true(range_of(quant).low <= 0 && range_of(quant).high >= 0);
}

struct Expected {
  std::string tensor, method;
  std::size_t count = 0;
  int clamp_value = 0;
  double scale = 0;
  int zero_point = 0;
  double error = 0;
};

std::vector<Expected> read_expected() {
  std::ifstream file(OCTET_SOURCE_DIR "/tests/quantize/data/ranges.txt");
  assert_true(file.good());
  std::vector<Expected> rows;
  for (std::string line; std::getline(file, line);) {
    if (line.empty() || line[0] == '#') continue;
    std::istringstream fields(line);
    Expected row;
    fields >> row.tensor >> row.count >> row.method >> row.clamp_value >> row.scale >> row.zero_point >> row.error;
    assert_true(static_cast<bool>(fields));
    rows.push_back(row);
  }
  return rows;
}

// What does not agree with the row, or null.
const char* disagreement(const Expected& row, const Histogram& histogram, const MinMax& ema) {
  const auto method = parse_activation_method(row.method);
  if (!method.ok()) return "unknown method";
  const RangeChoice choice = choose_range(*method, histogram, {row.clamp_value, kTestPercentile, ema});
  const double error = squared_error(histogram, choice.quant, row.clamp_value);
  assert_valid(choice.quant);
  if (choice.method != *method || !near(choice.squared_error, error, 1e-12)) return "choice";
  if (*method == ActivationMethod::MSE) {
    // NumPy tried a grid: the search must find as good a range, not the same one.
    return choice.squared_error <= row.error * 1.01 ? nullptr : "error";
  }
  if (*method == ActivationMethod::PERCENTILE) {
    // NumPy cut at the value, the histogram at the edge of its bin.
    const int levels = row.clamp_value == 127 ? 255 : 2 * row.clamp_value;
    if (std::abs(choice.quant.scale - row.scale) > 2 * histogram.bin_width() / levels) return "scale";
    return std::abs(choice.quant.zero_point - row.zero_point) <= 1 ? nullptr : "zero point";
  }
  if (!near(choice.quant.scale, row.scale, 1e-6)) return "scale";
  if (choice.quant.zero_point != row.zero_point) return "zero point";
  return near(choice.squared_error, row.error, 1e-4) ? nullptr : "error";
}

void methods_agree_with_numpy(void**) {
  std::map<std::string, std::pair<Histogram, MinMax>> tensors;
  std::size_t rows = 0;
  for (const Expected& row : read_expected()) {
    if (!tensors.contains(row.tensor)) {
      const auto values = test::generate(row.tensor, row.count);
      tensors[row.tensor] = {of(values), ema_of(values)};
    }
    const char* wrong = disagreement(row, tensors[row.tensor].first, tensors[row.tensor].second);
    if (wrong != nullptr) fail_msg("%s %s %d: %s", row.tensor.c_str(), row.method.c_str(), row.clamp_value, wrong);
    ++rows;
  }
  assert_int_equal(rows, 6 * 6 * 3);
}

void range_holds_zero_and_its_ends(void**) {
  const float ends[] = {-kInf,  -3e38f, -100, -1, -0.3f, -1e-20f, -1e-45f, 0,
                        1e-45f, 1e-20f, 0.1f, 1,  255,   3e38f,   kInf,    kNan};
  for (const float low : ends) {
    for (const float high : ends) {
      for (const int clamp_value : {1, 50, 127}) assert_valid(quant_from_range(low, high, clamp_value));
      const Quant quant = quant_from_range(low, high);
      if (!std::isfinite(low) || !std::isfinite(high) || quant.scale == kMinScale || quant.scale == kMaxScale) continue;
      // Half a step may be lost at an end to the rounding of the zero point.
      const double slack = 0.5001 * quant.scale;
      assert_true(range_of(quant).low <= std::min(low, 0.0f) + slack);
      assert_true(range_of(quant).high >= std::max(high, 0.0f) - slack);
    }
  }
  assert_true(quant_from_range(0, 0) == (Quant{1, 0}));
  assert_true(quant_from_range(0, 255) == (Quant{1, -128}));
  assert_true(quant_from_range(-128, 127) == (Quant{1, 0}));
  assert_true(quant_from_range(3, 255) == (Quant{1, -128}));
  assert_true(quant_from_range(-255, -3) == (Quant{1, 127}));
  assert_true(quant_from_range(0, 200, 100) == (Quant{1, -100}));
  assert_true(quant_from_range(-100, 100, 100) == (Quant{1, 0}));
}

void thresholds(void**) {
  assert_true(quant_from_threshold(127, false) == (Quant{1, 0}));
  assert_true(quant_from_threshold(255, true) == (Quant{1, -128}));
  assert_true(quant_from_threshold(10, false, 10) == (Quant{1, 0}));
  for (const float threshold : {0.0f, -1.0f, 1e-45f, 3e38f, kInf, kNan}) {
    assert_valid(quant_from_threshold(threshold, false));
    assert_valid(quant_from_threshold(threshold, true));
  }
}

// The same range has larger steps where there are fewer. KL, ADMM and MSE choose another range for other steps: with
// few of them, or with values far from the others, they may find one that is much smaller.
void scale_falls_as_the_clamp_value_grows(void**) {
  for (const std::string name : {"relu", "bell", "outliers", "steps", "leaky", "negative"}) {
    const auto values = test::generate(name, 5000);
    const Histogram histogram = of(values);
    for (const auto method : kMethods) {
      const bool searches =
          method == ActivationMethod::KL || method == ActivationMethod::ADMM || method == ActivationMethod::MSE;
      if (searches && (name == "outliers" || name == "steps")) continue;
      float previous = kInf;
      for (const int clamp_value : {1, 2, 7, 15, 63, 100, 126, 127}) {
        if (searches && clamp_value < 7) continue;
        const Quant quant = choose_range(method, histogram, {clamp_value, kTestPercentile, ema_of(values)}).quant;
        assert_valid(quant);
        assert_true(quant.scale < previous);
        previous = quant.scale;
      }
    }
  }
}

// A range that is clipped less has larger steps.
void scale_grows_with_the_clip_value(void**) {
  for (const int clamp_value : {1, 50, 127}) {
    float both = 0, one_sided = 0, upwards = 0, downwards = 0;
    for (float clip = 0x1p-60F; clip < 0x1p60F; clip *= 1.25F) {
      const auto grows = [&](const Quant& quant, float& previous) {
        assert_valid(quant);
        assert_true(quant.scale > previous || quant.scale == kMinScale || quant.scale == kMaxScale);
        previous = quant.scale;
      };
      grows(quant_from_threshold(clip, false, clamp_value), both);
      grows(quant_from_threshold(clip, true, clamp_value), one_sided);
      grows(quant_from_range(-0x1p-50F, clip, clamp_value), upwards);
      grows(quant_from_range(-clip, 0x1p-50F, clamp_value), downwards);
    }
  }
}

// Samples come in any order and in any number of pieces; EMA alone looks at their order.
void methods_do_not_depend_on_the_order_of_the_values(void**) {
  for (const char* name : {"relu", "bell", "outliers", "leaky"}) {
    std::vector<float> values = test::generate(name, 20020);
    const Histogram forwards = of(values);
    const MinMax ema = ema_of(values);
    std::reverse(values.begin(), values.end());
    Histogram backwards;
    for (std::size_t begin = 0; begin < values.size(); begin += 77) {
      Histogram piece;
      piece.add(std::span(values).subspan(begin, 77));
      backwards.merge(piece);
    }
    for (const auto method : kMethods) {
      const RangeOptions options{127, kTestPercentile, ema};
      const RangeChoice a = choose_range(method, forwards, options);
      const RangeChoice b = choose_range(method, backwards, options);
      assert_true(a.quant == b.quant);
      assert_true(a.squared_error == b.squared_error);
    }
    assert_false(ema_of(values) == ema);
  }
}

// Tensors that break careless statistics.
std::vector<std::vector<float>> awkward_tensors() {
  std::vector<std::vector<float>> tensors{
      {},
      {kNan, kInf},
      {0, 0, 0},
      {6},
      {-6},
      std::vector<float>(1000, 0.1f),
      {1e-45f, -1e-45f},
      {3.4e38f, -3.4e38f},
      {1e-45f, 3.4e38f},
      {0, 1},
      {-1, 1},
  };
  std::vector<float> spike(100000, 0.0f);
  spike[17] = 3;
  tensors.push_back(spike);
  std::fill(spike.begin(), spike.end() - 1, 1e-6f);
  tensors.push_back(spike);
  std::fill(spike.begin(), spike.end() - 10, -1e-3f);
  spike[0] = -1e6f;
  tensors.push_back(spike);
  return tensors;
}

void every_method_survives_awkward_tensors(void**) {
  for (const auto& values : awkward_tensors()) {
    const Histogram histogram = of(values);
    for (const auto method : kMethods) {
      for (const int clamp_value : {1, 30, 127}) {
        const RangeChoice choice = choose_range(method, histogram, {clamp_value, 99.99, min_max(values)});
        assert_valid(choice.quant);
        assert_true(std::isfinite(choice.squared_error));
      }
    }
    assert_valid(choose_range(ActivationMethod::AUTO, histogram, {}).quant);
  }
  assert_true(choose_range(ActivationMethod::AUTO, Histogram(), {}).quant == (Quant{1, 0}));
}

void constants_are_represented(void**) {
  for (const float value : {6.0f, 0.1f, -3.0f, 1e-12f, 1e12f}) {
    const Histogram histogram = of(std::vector<float>(300, value));
    for (const auto method : kMethods) {
      const Quant quant = choose_range(method, histogram, {}).quant;
      const double level = std::nearbyint(static_cast<double>(value) / quant.scale);
      assert_true(std::abs(level * quant.scale - value) <= 1e-6 * std::abs(value));
      assert_in_range(static_cast<int>(level) + quant.zero_point + 128, 0, 255);
    }
  }
}

void never_negative_is_one_sided(void**) {
  const Histogram positive = of(test::generate("relu", 4000));
  const Histogram both = of(test::generate("bell", 4000));
  for (const auto method : kMethods) assert_int_equal(choose_range(method, positive, {}).quant.zero_point, -128);
  assert_int_equal(kl_quant(both).zero_point, 0);
  assert_int_equal(admm_quant(both).zero_point, 0);
}

void no_method_looks_beyond_the_extremes(void**) {
  for (const char* name : {"relu", "bell", "outliers", "steps", "leaky", "negative"}) {
    const Histogram histogram = of(test::generate(name, 20000));
    for (const auto method :
         {ActivationMethod::KL, ActivationMethod::MINMAX, ActivationMethod::PERCENTILE, ActivationMethod::MSE}) {
      const Quant quant = choose_range(method, histogram, {}).quant;
      const float span = quant.zero_point == 0 ? 127 * quant.scale : 255 * quant.scale;
      const float seen = quant.zero_point == 0 ? histogram.max_abs()
                                               : std::max(histogram.max(), 0.0f) - std::min(histogram.min(), 0.0f);
      assert_true(span <= seen * 1.0001f * (quant.zero_point == 0 ? 2 : 1));
    }
  }
}

void kl_keeps_a_distribution_without_a_tail(void**) {
  // Few distinct values, each alone in its level: nothing diverges without clipping.
  const Histogram steps = of(test::generate("steps", 20000));
  assert_true(near(kl_quant(steps).scale * 255, steps.max(), 1e-6));
  // Uniform: clipping would only lose.
  std::vector<float> uniform(100000);
  for (std::size_t i = 0; i < uniform.size(); ++i) uniform[i] = static_cast<float>(i) / 100000;
  assert_true(kl_quant(of(uniform)).scale * 255 > 0.98);
}

void kl_cuts_a_far_outlier(void**) {
  auto values = test::generate("bell", 100000);
  for (float& x : values) x = std::fabs(x);
  const float bulk = *std::max_element(values.begin(), values.end());
  values.push_back(10 * bulk);
  const Quant quant = kl_quant(of(values));
  assert_true(quant.scale * 255 < 2 * bulk);
  assert_true(quant.scale * 255 > 0.5f * bulk);
}

void exact_zeros_do_not_move_kl(void**) {
  auto values = test::generate("relu", 30000);
  const Quant expected = kl_quant(of(values));
  values.insert(values.end(), 500000, 0.0f);
  assert_true(kl_quant(of(values)) == expected);
}

void admm_is_no_worse_than_its_start(void**) {
  for (const char* name : {"relu", "bell", "outliers", "steps", "leaky", "negative"}) {
    const Histogram histogram = of(test::generate(name, 20000));
    const Quant start = quant_from_threshold(histogram.max_abs(), histogram.min() >= 0);
    assert_true(squared_error(histogram, admm_quant(histogram)) <= squared_error(histogram, start) * (1 + 1e-9));
  }
}

void error_of_bins_is_near_the_error_of_values(void**) {
  for (const char* name : {"relu", "bell", "leaky"}) {
    const auto values = test::generate(name, 20000);
    const Histogram histogram = of(values);
    const Quant quant = minmax_quant(histogram);
    double exact = 0;
    for (const float x : values) {
      const double level =
          std::clamp(std::nearbyint(double{x} / quant.scale), -128.0 - quant.zero_point, 127.0 - quant.zero_point);
      exact += (x - level * quant.scale) * (x - level * quant.scale);
    }
    assert_true(near(squared_error(histogram, quant), exact, 0.03));
  }
}

void percentile_cuts_the_share_asked_for(void**) {
  std::vector<float> values;
  for (int i = 1; i <= 1000; ++i) values.push_back(static_cast<float>(i));
  const Histogram histogram = of(values);
  assert_true(percentile_quant(histogram, 100) == minmax_quant(histogram));
  assert_true(std::abs(percentile_quant(histogram, 90).scale * 255 - 900) <= 1.01);
  assert_true(std::abs(percentile_quant(histogram, 99).scale * 255 - 990) <= 1.01);
  // All but one value are zero: cutting it would leave nothing.
  std::vector<float> sparse(100000, 0.0f);
  sparse[5] = 2;
  assert_true(percentile_quant(of(sparse), 99) == minmax_quant(of(sparse)));
}

void ema_averages_batches_in_order(void**) {
  EmaRange ema(2);
  assert_true(ema.range().empty());
  ema.add({-1, 2});
  assert_true(ema.range() == (MinMax{-1, 2}));
  ema.add({-3, 1});
  ema.add({});
  ema.add({0, 12});
  assert_true(near(ema.range().low, -3 * 0.99, 1e-6));
  assert_true(near(ema.range().high, 2 * 0.99 + 12 * 0.01, 1e-6));
  ema.add({-3, 2});  // a batch that is not full counts as one
  assert_true(near(ema.range().low, -3 * 0.99 * 0.99 - 3 * 0.01, 1e-6));
  EmaRange nothing(1);
  nothing.add({});
  assert_true(nothing.range().empty());
  nothing.add({1, 2});
  assert_true(nothing.range() == (MinMax{1, 2}));
}

// Errors of values beyond the range count kAutoClipWeight times.
double weighed_error(const Histogram& histogram, const Quant& quant, int clamp_value) {
  const double low = ((clamp_value == 127 ? -128 : -clamp_value) - quant.zero_point) * static_cast<double>(quant.scale);
  const double high = (clamp_value - quant.zero_point) * static_cast<double>(quant.scale);
  double sum = 0;
  for (const Bin& bin : histogram.bins()) {
    const double inside = std::clamp(bin.center, low, high);
    const double error = bin.center - quant.scale * std::nearbyint(inside / quant.scale);
    sum += (inside == bin.center ? 1 : kAutoClipWeight) * static_cast<double>(bin.count) * error * error;
  }
  return sum;
}

void automatic_takes_the_least_error(void**) {
  for (const char* name : {"relu", "bell", "outliers", "steps", "leaky", "negative"}) {
    const auto values = test::generate(name, 20000);
    const Histogram histogram = of(values);
    for (const int clamp_value : {20, 127}) {
      const RangeOptions options{clamp_value, kTestPercentile, ema_of(values)};
      const RangeChoice best = choose_range(ActivationMethod::AUTO, histogram, options);
      assert_true(best.method != ActivationMethod::AUTO);
      assert_true(near(best.squared_error, weighed_error(histogram, best.quant, clamp_value), 1e-6));
      for (const auto method : kMethods) {
        const RangeChoice choice = choose_range(method, histogram, options);
        assert_true(best.squared_error <= weighed_error(histogram, choice.quant, clamp_value) * (1 + 1e-6));
        if (method == best.method && method != ActivationMethod::MSE) assert_true(choice.quant == best.quant);
      }
    }
  }
  // All give the same here: the first in the order of the declaration wins.
  assert_true(choose_range(ActivationMethod::AUTO, of(std::vector<float>(10, 0.0f)), {}).method ==
              ActivationMethod::MINMAX);
}

}  // namespace
}  // namespace octet

int main() {
  using namespace octet;
  const CMUnitTest tests[] = {
      cmocka_unit_test(methods_agree_with_numpy),
      cmocka_unit_test(range_holds_zero_and_its_ends),
      cmocka_unit_test(thresholds),
      cmocka_unit_test(scale_falls_as_the_clamp_value_grows),
      cmocka_unit_test(scale_grows_with_the_clip_value),
      cmocka_unit_test(methods_do_not_depend_on_the_order_of_the_values),
      cmocka_unit_test(every_method_survives_awkward_tensors),
      cmocka_unit_test(constants_are_represented),
      cmocka_unit_test(never_negative_is_one_sided),
      cmocka_unit_test(no_method_looks_beyond_the_extremes),
      cmocka_unit_test(kl_keeps_a_distribution_without_a_tail),
      cmocka_unit_test(kl_cuts_a_far_outlier),
      cmocka_unit_test(exact_zeros_do_not_move_kl),
      cmocka_unit_test(admm_is_no_worse_than_its_start),
      cmocka_unit_test(error_of_bins_is_near_the_error_of_values),
      cmocka_unit_test(percentile_cuts_the_share_asked_for),
      cmocka_unit_test(ema_averages_batches_in_order),
      cmocka_unit_test(automatic_takes_the_least_error),
  };
  return cmocka_run_group_tests_name("quantize/ranges", tests, nullptr, nullptr);
}
