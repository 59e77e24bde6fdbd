// Scales of weights: against data/weights.txt (NumPy, make_data.py), and what must hold for any weights.
#include <algorithm>
#include <cmath>
#include <cstring>
#include <fstream>
#include <limits>
#include <sstream>
#include <string>
#include <vector>

#include "quantize/generated.h"
#include "quantize/ranges.h"
#include "quantize/weights.h"
#include "support/cmocka.h"

namespace octet {
namespace {

constexpr float kInf = std::numeric_limits<float>::infinity();
constexpr float kNan = std::numeric_limits<float>::quiet_NaN();
constexpr WeightMethod kMethods[] = {WeightMethod::MAX_ABS, WeightMethod::ADMM, WeightMethod::MSE};

bool near(double a, double b, double relative) {
  return std::abs(a - b) <= relative * std::max(std::abs(a), std::abs(b));
}

std::vector<std::int8_t> levels_of(const std::vector<float>& weights, float scale, int clamp_value = 127) {
  std::vector<std::int8_t> levels(weights.size());
  quantize_channel(weights, scale, clamp_value, levels);
  return levels;
}

double error_of(const std::vector<float>& weights, float scale, int clamp_value) {
  const auto levels = levels_of(weights, scale, clamp_value);
  double sum = 0;
  for (std::size_t i = 0; i < weights.size(); ++i) {
    const double error = weights[i] - double{scale} * levels[i];
    sum += error * error;
  }
  return sum;
}

void methods_agree_with_numpy(void**) {
  std::ifstream file(OCTET_SOURCE_DIR "/tests/quantize/data/weights.txt");
  std::size_t rows = 0;
  for (std::string line; std::getline(file, line);) {
    if (line.empty() || line[0] == '#') continue;
    std::istringstream fields(line);
    std::string tensor, name;
    std::size_t count = 0;
    int clamp_value = 0;
    double scale = 0;
    double error = 0;
    long check = 0;
    fields >> tensor >> count >> name >> clamp_value >> scale >> error >> check;
    assert_true(static_cast<bool>(fields));
    const auto method = parse_weight_method(name);
    assert_true(method.ok());
    const auto weights = test::generate(tensor, count);
    const float found = weight_scale(weights, *method, clamp_value);
    ++rows;
    if (*method == WeightMethod::MSE) {
      // NumPy searched 2000 scales: the error must be as small, the scale need not be the same.
      assert_true(error_of(weights, found, clamp_value) <= error * 1.05);
      continue;
    }
    assert_true(near(found, scale, 1e-6));
    assert_true(near(error_of(weights, found, clamp_value), error, 1e-4));
    const auto levels = levels_of(weights, found, clamp_value);
    long sum = 0;
    for (std::size_t i = 0; i < levels.size(); ++i) sum += levels[i] * static_cast<long>(1 + i % 7);
    assert_int_equal(sum, check);
  }
  assert_int_equal(rows, 4 * 2 * 2 * 3);
}

void halves_round_to_even(void**) {
  const std::vector<float> weights{0.5f, 1.5f, 2.5f, -0.5f, -1.5f, -2.5f, 126.5f, 127, -127};
  const std::vector<std::int8_t> expected{0, 2, 2, 0, -2, -2, 126, 127, -127};
  assert_true(weight_scale(weights, WeightMethod::MAX_ABS) == 1);
  assert_true(levels_of(weights, 1) == expected);
}

void levels_stay_within_the_clamp_value(void**) {
  const auto weights = test::generate("outliers", 500);
  for (const auto method : kMethods) {
    for (const int clamp_value : {1, 7, 64, 127}) {
      const float scale = weight_scale(weights, method, clamp_value);
      for (const int level : levels_of(weights, scale, clamp_value)) assert_true(std::abs(level) <= clamp_value);
    }
  }
}

void max_abs_clips_nothing(void**) {
  const auto weights = test::generate("leaky", 1000);
  const float scale = weight_scale(weights, WeightMethod::MAX_ABS);
  const auto levels = levels_of(weights, scale);
  for (std::size_t i = 0; i < weights.size(); ++i) {
    assert_true(std::abs(weights[i] - double{scale} * levels[i]) <= 0.50001 * scale);
  }
}

void fitted_methods_are_no_worse_than_max_abs(void**) {
  for (const char* name : {"bell", "outliers", "leaky", "negative"}) {
    const auto weights = test::generate(name, 777);
    for (const int clamp_value : {3, 127}) {
      const double start = error_of(weights, weight_scale(weights, WeightMethod::MAX_ABS, clamp_value), clamp_value);
      const double admm = error_of(weights, weight_scale(weights, WeightMethod::ADMM, clamp_value), clamp_value);
      const double mse = error_of(weights, weight_scale(weights, WeightMethod::MSE, clamp_value), clamp_value);
      assert_true(admm <= start * 1.00001);
      assert_true(mse <= start * 1.00001);
    }
  }
}

void any_weights_give_a_positive_finite_scale(void**) {
  const std::vector<std::vector<float>> channels{
      {},       {0, -0.0f},          {1e-45f, -1e-45f},   {1e-38f, 1e-40f},
      {1e-30f}, {3.4e38f, -3.4e38f}, {kNan, kInf, -kInf}, {kNan, 1, kInf},
  };
  for (const auto& weights : channels) {
    for (const auto method : kMethods) {
      const float scale = weight_scale(weights, method);
      assert_true(scale >= kMinScale && scale <= kMaxScale);
      const auto levels = levels_of(weights, scale);
      for (std::size_t i = 0; i < weights.size(); ++i) {
        assert_true(std::abs(levels[i]) <= 127);
        if (std::isnan(weights[i])) assert_int_equal(levels[i], 0);
        if (weights[i] == kInf) assert_int_equal(levels[i], 127);
        if (weights[i] == -kInf) assert_int_equal(levels[i], -127);
      }
    }
  }
  for (const auto method : kMethods) {
    assert_true(weight_scale(channels[1], method) == 1);
    // Infinity and NaN stay out of the scale.
    assert_true(near(weight_scale(channels[7], method), 1.0 / 127, 1e-6));
  }
}

void scale_falls_as_the_clamp_value_grows(void**) {
  for (const char* name : {"bell", "outliers", "leaky", "negative"}) {
    const auto weights = test::generate(name, 300);
    for (const auto method : kMethods) {
      float previous = kInf;
      for (const int clamp_value : {1, 2, 3, 7, 15, 63, 100, 126, 127}) {
        const float scale = weight_scale(weights, method, clamp_value);
        if (!(scale < previous)) fail_msg("%s, method %d, clamp value %d", name, static_cast<int>(method), clamp_value);
        previous = scale;
      }
    }
  }
}

void scale_does_not_depend_on_the_order_of_the_weights(void**) {
  for (const char* name : {"bell", "outliers", "leaky", "negative"}) {
    auto weights = test::generate(name, 300);
    auto reversed = weights;
    std::reverse(reversed.begin(), reversed.end());
    for (const auto method : kMethods) {
      // Sums of float64 in another order, a few hundred of them.
      assert_true(near(weight_scale(weights, method), weight_scale(reversed, method), 1e-6));
    }
  }
}

void contiguous_channels(void**) {
  // [2, 1, 1, 3]
  const std::vector<float> weights{1, 2, -127, 0, 0, 0};
  const auto result = quantize_weights(weights, WeightLayout::contiguous(2, 3), WeightMethod::MAX_ABS);
  assert_true(result.ok());
  assert_true(result->values == (std::vector<std::int8_t>{1, 2, -127, 0, 0, 0}));
  assert_true(result->scales == (std::vector<float>{1, 1}));
}

void transposed_channels(void**) {
  // [I = 4, O/groups = 2, 1, 2], two groups: output channels 0 and 1 read inputs 0 and 1, channels 2 and 3 inputs 2
  // and 3.
  const std::vector<float> weights{
      127, 1, /**/ 254, 2,    // input 0: channel 0, channel 1
      3,   4, /**/ 6,   8,    // input 1
      508, 4, /**/ 5,   5,    // input 2: channel 2, channel 3
      8,   4, /**/ 0,   -127  // input 3
  };
  const auto result = quantize_weights(weights, WeightLayout::transposed(2, 2, 2, 2), WeightMethod::MAX_ABS);
  assert_true(result.ok());
  assert_true(result->scales == (std::vector<float>{1, 2, 4, 1}));
  assert_true(result->values == (std::vector<std::int8_t>{127, 1, 127, 1, 3, 4, 3, 4, 127, 1, 5, 5, 2, 1, 0, -127}));
}

void a_layout_that_does_not_fit_is_an_error(void**) {
  const std::vector<float> weights(12);
  const std::size_t huge = std::numeric_limits<std::size_t>::max() / 2;
  for (const WeightLayout& layout : {WeightLayout::contiguous(5, 2), WeightLayout::contiguous(0, 12),
                                     WeightLayout::transposed(huge, 4, 3, 2), WeightLayout::contiguous(huge, huge)}) {
    const auto result = quantize_weights(weights, layout, WeightMethod::MAX_ABS);
    assert_false(result.ok());
    assert_true(result.status().code() == Code::shape);
    assert_non_null(std::strstr(result.status().message().c_str(), "weights of 12 elements"));
  }
  assert_false(quantize_weights({}, WeightLayout::contiguous(0, 0), WeightMethod::MAX_ABS).ok());
}

}  // namespace
}  // namespace octet

int main() {
  using namespace octet;
  const CMUnitTest tests[] = {
      cmocka_unit_test(methods_agree_with_numpy),
      cmocka_unit_test(halves_round_to_even),
      cmocka_unit_test(levels_stay_within_the_clamp_value),
      cmocka_unit_test(max_abs_clips_nothing),
      cmocka_unit_test(fitted_methods_are_no_worse_than_max_abs),
      cmocka_unit_test(any_weights_give_a_positive_finite_scale),
      cmocka_unit_test(scale_falls_as_the_clamp_value_grows),
      cmocka_unit_test(scale_does_not_depend_on_the_order_of_the_weights),
      cmocka_unit_test(contiguous_channels),
      cmocka_unit_test(transposed_channels),
      cmocka_unit_test(a_layout_that_does_not_fit_is_an_error),
  };
  return cmocka_run_group_tests_name("quantize/weights", tests, nullptr, nullptr);
}
