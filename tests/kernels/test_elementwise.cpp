// Functions of runs of elements: one value, two values, tables, and the changes between float32 and int8.
#include <algorithm>
#include <limits>

#include "kernels/row_checks.h"

namespace octet::test {
namespace {

constexpr float kInfinity = std::numeric_limits<float>::infinity();
constexpr std::int64_t kCounts[] = {0, 1, 2, 3, 7, 8, 15, 16, 17, 31, 32, 33, 63, 64, 65, 127, 1000};

std::string text_of(const char* name, std::int64_t count, std::int64_t a_step, std::int64_t b_step,
                    std::uint32_t seed) {
  return std::string(name) + ": count " + std::to_string(count) + ", steps " + std::to_string(a_step) + " and " +
         std::to_string(b_step) + ", seed " + std::to_string(seed);
}

std::size_t reach(std::int64_t count, std::int64_t step) {
  return count == 0 ? 0 : static_cast<std::size_t>((count - 1) * step + 1);
}

// The functions as mathematics has them.
double exact_unary(UnaryKind kind, double a, double b, double x) {
  switch (kind) {
    case UnaryKind::relu:
      return std::fmax(x, 0);
    case UnaryKind::clip:
      return std::fmin(std::fmax(x, a), b);
    case UnaryKind::leaky_relu:
      return x < 0 ? a * x : x;
    case UnaryKind::sigmoid:
      return 1 / (1 + std::exp(-x));
    case UnaryKind::tanh:
      return std::tanh(x);
    case UnaryKind::hard_sigmoid:
      return std::fmax(0, std::fmin(1, a * x + b));
    case UnaryKind::hard_swish:
      return x * std::fmax(0, std::fmin(1, x / 6 + 0.5));
    case UnaryKind::silu:
      return x / (1 + std::exp(-x));
    case UnaryKind::gelu:
      return 0.5 * x * std::erfc(-x / std::sqrt(2.0));
    case UnaryKind::gelu_tanh:
      return 0.5 * x * (1 + std::tanh(std::sqrt(2 / M_PI) * (x + 0.044715 * x * x * x)));
    case UnaryKind::elu:
      return x < 0 ? a * std::expm1(x) : x;
    case UnaryKind::exp:
      return std::exp(x);
    case UnaryKind::log:
      return std::log(x);
    case UnaryKind::sqrt:
      return std::sqrt(x);
    case UnaryKind::neg:
      return -x;
    case UnaryKind::abs:
      return std::fabs(x);
    case UnaryKind::reciprocal:
      return 1 / x;
    case UnaryKind::floor:
      return std::floor(x);
    case UnaryKind::ceil:
      return std::ceil(x);
    case UnaryKind::round:
      return std::remainder(x, 1) == 0 ? x : x - std::remainder(x, 1);
    case UnaryKind::erf:
      return std::erf(x);
    case UnaryKind::softplus:
      return std::log1p(std::exp(x));
    case UnaryKind::softsign:
      return x / (1 + std::fabs(x));
    case UnaryKind::selu:
      return b * (x < 0 ? a * std::expm1(x) : x);
    case UnaryKind::mish:
      return x * std::tanh(std::log1p(std::exp(x)));
    case UnaryKind::sin:
      return std::sin(x);
    case UnaryKind::cos:
      return std::cos(x);
    case UnaryKind::sign:
      return x > 0 ? 1 : x < 0 ? -1 : 0;
    case UnaryKind::rsqrt:
      return 1 / std::sqrt(x);
    case UnaryKind::square:
      return x * x;
    case UnaryKind::logical_not:
      return x == 0 ? 1 : 0;
  }
  return 0;
}

bool of_positive_numbers(UnaryKind kind) {
  return kind == UnaryKind::log || kind == UnaryKind::sqrt || kind == UnaryKind::rsqrt;
}

void test_unary_f32(void**) {
  name_skipped_rows("unary_f32", unary_f32_rows());
  std::uint32_t seed = 1;
  for (int k = 0; k <= static_cast<int>(UnaryKind::logical_not); ++k) {
    const auto kind = static_cast<UnaryKind>(k);
    const float alpha = kind == UnaryKind::clip ? -1.5F : 0.3F;
    const float beta = kind == UnaryKind::clip ? 2.25F : 0.5F;
    for (const std::int64_t count : kCounts) {
      Random random(seed);
      auto values = random.reals(static_cast<std::size_t>(count), of_positive_numbers(kind) ? 0.01F : -9, 9);
      if (count > 8 && !of_positive_numbers(kind) && kind != UnaryKind::reciprocal) {
        values[3] = 0;
        values[4] = -0.5F;
        values[5] = 2.5F;
        values[6] = -80;
        values[7] = kind == UnaryKind::exp ? 80.0F : 200.0F;
      }
      const GuardedArray<float> input(values);
      GuardedArray<float> output(values.size());
      for_rows(
          unary_f32_rows(), [&](const UnaryF32Row& row) { return row.supports(kind); },
          [&](const UnaryF32Row& row, bool) {
            const std::string what = text_of(row.name, count, 1, 1, seed) + ", kind " + std::to_string(k);
            row.run(kind, alpha, beta, input.data(), output.data(), count);
            for (std::size_t i = 0; i < values.size(); ++i) {
              const double exact = exact_unary(kind, alpha, beta, values[i]);
              const double tolerance = 3e-6 * std::fmax(std::fabs(exact), 0.1);
              if (std::fabs(output[i] - exact) <= tolerance) continue;
              fail_msg("%s\n  f(%.9g) is %.9g, not %.9g", what.c_str(), static_cast<double>(values[i]),
                       static_cast<double>(output[i]), exact);
            }
            expect_guard(output, what);
            // In place, the same bytes.
            GuardedArray<float> in_place(values);
            row.run(kind, alpha, beta, in_place.data(), in_place.data(), count);
            expect_equal(output.span(), in_place.span(), 0, what + ", in place");
          });
      ++seed;
    }
  }
}

// NaN stays NaN through what a network holds after each layer, so that a broken network shows.
void test_unary_of_nan_and_infinity(void**) {
  const GuardedArray<float> input(std::vector<float>{std::nanf(""), kInfinity, -kInfinity, -0.0F});
  GuardedArray<float> output(4);
  for_rows(unary_f32_rows(), [&](const UnaryF32Row& row, bool) {
    if (!row.supports(UnaryKind::relu)) return;
    row.run(UnaryKind::relu, 0, 0, input.data(), output.data(), 4);
    assert_true(std::isnan(output[0]));
    assert_true(output[1] == kInfinity);
    assert_true(output[2] == 0);
    row.run(UnaryKind::clip, -1, 6, input.data(), output.data(), 4);
    assert_true(std::isnan(output[0]));
    assert_true(output[1] == 6);
    assert_true(output[2] == -1);
  });
}

double exact_binary(BinaryKind kind, double a, double b) {
  switch (kind) {
    case BinaryKind::add:
      return a + b;
    case BinaryKind::sub:
      return a - b;
    case BinaryKind::mul:
      return a * b;
    case BinaryKind::div:
      return a / b;
    case BinaryKind::min:
      return std::fmin(a, b);
    case BinaryKind::max:
      return std::fmax(a, b);
    case BinaryKind::pow:
      return std::pow(a, b);
  }
  return 0;
}

struct Steps {
  std::int64_t a, b;
};
constexpr Steps kSteps[] = {{1, 1}, {1, 0}, {0, 1}, {0, 0}, {3, 1}, {1, 5}, {2, 2}};

void test_binary_f32(void**) {
  name_skipped_rows("binary_f32", binary_f32_rows());
  std::uint32_t seed = 1;
  for (int k = 0; k <= static_cast<int>(BinaryKind::pow); ++k) {
    for (const auto& steps : kSteps) {
      const auto a_step = steps.a;  // clang 14 captures no structured binding
      const auto b_step = steps.b;
      for (const std::int64_t count : kCounts) {
        Random random(seed);
        const bool limited = random.chance(2);
        BinaryF32Args args{};
        args.kind = static_cast<BinaryKind>(k);
        args.a_step = a_step, args.b_step = b_step, args.count = count;
        args.low = limited ? 0 : -kInfinity;
        args.high = limited ? 3 : kInfinity;
        const float least = args.kind == BinaryKind::pow || args.kind == BinaryKind::div ? 0.25F : -4.0F;
        const GuardedArray<float> a(random.reals(reach(count, a_step), least, 4));
        const GuardedArray<float> b(random.reals(reach(count, b_step), least, 4));
        GuardedArray<float> output(static_cast<std::size_t>(count));
        args.a = a.data(), args.b = b.data(), args.output = output.data();
        std::vector<float> expected;
        for (std::int64_t i = 0; i < count; ++i) {
          const double y =
              exact_binary(args.kind, a[static_cast<std::size_t>(i * a_step)], b[static_cast<std::size_t>(i * b_step)]);
          expected.push_back(static_cast<float>(std::fmin(std::fmax(y, args.low), args.high)));
        }
        for_rows(binary_f32_rows(), [&](const BinaryF32Row& row, bool) {
          const std::string what = text_of(row.name, count, a_step, b_step, seed) + ", kind " + std::to_string(k);
          output.reset();
          row.run(args);
          // One rounding, of a value that double has exactly or nearly so: pow alone is not correctly rounded.
          expect_equal<float>(expected, output.span(), args.kind == BinaryKind::pow ? 1e-6 : 0, what);
          expect_guard(output, what);
        });
        ++seed;
      }
    }
  }
}

void test_prelu_f32(void**) {
  name_skipped_rows("prelu_f32", prelu_f32_rows());
  std::uint32_t seed = 1;
  for (const auto& steps : kSteps) {
    const auto a_step = steps.a;  // clang 14 captures no structured binding
    const auto b_step = steps.b;
    for (const std::int64_t count : kCounts) {
      Random random(seed);
      const GuardedArray<float> x(random.reals(reach(count, a_step)));
      const GuardedArray<float> slope(random.reals(reach(count, b_step)));
      GuardedArray<float> output(static_cast<std::size_t>(count));
      BinaryF32Args args{};
      args.a = x.data(), args.b = slope.data(), args.output = output.data();
      args.a_step = a_step, args.b_step = b_step, args.count = count;
      std::vector<float> expected;
      for (std::int64_t i = 0; i < count; ++i) {
        const float value = x[static_cast<std::size_t>(i * a_step)];
        expected.push_back(value < 0 ? value * slope[static_cast<std::size_t>(i * b_step)] : value);
      }
      for_rows(prelu_f32_rows(), [&](const BinaryF32Row& row, bool) {
        const std::string what = text_of(row.name, count, a_step, b_step, seed);
        row.run(args);
        expect_equal<float>(expected, output.span(), 0, what);
        expect_guard(output, what);
      });
      ++seed;
    }
  }
}

// fl() of a sum or product of two float32 values, by way of double.
float fl_add(float a, float b) { return static_cast<float>(static_cast<double>(a) + static_cast<double>(b)); }
float fl_mul(float a, float b) { return static_cast<float>(static_cast<double>(a) * static_cast<double>(b)); }

void check_binary_i8(RowList<BinaryI8Row> list, bool multiply, const Steps& steps, std::int64_t count,
                     std::uint32_t seed) {
  Random random(seed);
  const GuardedArray<std::int8_t> a(random.bytes(reach(count, steps.a)));
  const GuardedArray<std::int8_t> b(random.bytes(reach(count, steps.b)));
  GuardedArray<std::int8_t> output(static_cast<std::size_t>(count));
  BinaryI8Args args{};
  args.a = a.data(), args.b = b.data(), args.output = output.data();
  args.a_step = steps.a, args.b_step = steps.b, args.count = count;
  args.a_zero_point = random.between(-128, 127);
  args.b_zero_point = random.between(-128, 127);
  // Powers of two among the factors give sums that lie between two integers: the ties.
  const bool ties = random.chance(3);
  args.a_factor = multiply ? (ties ? 0.0078125F : random.real(1e-4F, 0.02F)) : ties ? 0.5F : random.real(0.01F, 2);
  args.b_factor = (random.chance(2) ? -1.0F : 1.0F) * (ties ? 0.25F : random.real(0.01F, 2));
  args.range = random_range(random);
  std::vector<std::int8_t> expected;
  for (std::int64_t i = 0; i < count; ++i) {
    const int qa = a[static_cast<std::size_t>(i * steps.a)] - args.a_zero_point;
    const int qb = b[static_cast<std::size_t>(i * steps.b)] - args.b_zero_point;
    const float y =
        multiply ? fl_mul(static_cast<float>(qa * qb), args.a_factor)
                 : fl_add(fl_mul(static_cast<float>(qa), args.a_factor), fl_mul(static_cast<float>(qb), args.b_factor));
    expected.push_back(round_by_contract(y, args.range));
  }
  for_rows(list, [&](const BinaryI8Row& row, bool) {
    const std::string what = text_of(row.name, count, steps.a, steps.b, seed);
    output.reset();
    row.run(args);
    expect_equal<std::int8_t>(expected, output.span(), 0, what);
    expect_guard(output, what);
  });
}

void test_add_and_mul_i8(void**) {
  name_skipped_rows("add_i8", add_i8_rows());
  name_skipped_rows("mul_i8", mul_i8_rows());
  std::uint32_t seed = 1;
  for (const Steps& steps : kSteps) {
    for (const std::int64_t count : kCounts) {
      for (int repeat = 0; repeat < 3; ++repeat) {
        check_binary_i8(add_i8_rows(), false, steps, count, seed++);
        check_binary_i8(mul_i8_rows(), true, steps, count, seed++);
      }
    }
  }
}

void check_table(const std::vector<std::int8_t>& entries, std::int64_t count, Random& random) {
  const GuardedArray<std::int8_t> table(entries);
  auto values = random.bytes(static_cast<std::size_t>(count));
  for (int q = -128; q < 128 && count == 1000; ++q)
    values[static_cast<std::size_t>(q + 300)] = static_cast<std::int8_t>(q);
  std::vector<std::int8_t> expected;
  for (const std::int8_t q : values) expected.push_back(table[static_cast<std::size_t>(q + 128)]);
  const GuardedArray<std::int8_t> input(values);
  GuardedArray<std::int8_t> output(values.size());
  for_rows(table_i8_rows(), [&](const TableI8Row& row, bool) {
    const std::string what = std::string(row.name) + ": " + std::to_string(count) + " values, table from " +
                             std::to_string(entries.front()) + " to " + std::to_string(entries.back());
    output.reset();
    row.run(table.data(), input.data(), output.data(), count);
    expect_equal<std::int8_t>(expected, output.span(), 0, what);
    expect_guard(output, what);
    GuardedArray<std::int8_t> in_place(values);
    row.run(table.data(), in_place.data(), in_place.data(), count);
    expect_equal<std::int8_t>(expected, in_place.span(), 0, what + ", in place");
  });
}

// Any table, and those of a clamp, which rows may treat as one: also where one entry in the middle is another.
void test_table_i8(void**) {
  name_skipped_rows("table_i8", table_i8_rows());
  for (const std::int64_t count : kCounts) {
    Random random(static_cast<std::uint32_t>(count));
    check_table(random.bytes(256), count, random);
    const int a = random.between(-128, 127), b = random.between(-128, 127);
    std::vector<std::int8_t> clamp;
    for (int q = -128; q < 128; ++q) {
      clamp.push_back(static_cast<std::int8_t>(std::clamp(q, std::min(a, b), std::max(a, b))));
    }
    check_table(clamp, count, random);
    auto& other = clamp[static_cast<std::size_t>(random.between(1, 254))];
    other = static_cast<std::int8_t>(other ^ 1);
    check_table(clamp, count, random);
  }
}

void test_quantize_and_dequantize(void**) {
  name_skipped_rows("quantize", quantize_rows());
  name_skipped_rows("dequantize", dequantize_rows());
  std::uint32_t seed = 1;
  for (const auto& steps : kSteps) {
    const auto in_step = steps.a;  // clang 14 captures no structured binding
    const auto out_step = steps.b;
    if (in_step == 0 || out_step == 0) continue;
    for (const std::int64_t count : kCounts) {
      Random random(seed++);
      const OutputRange full{-128, 127, 0};
      const std::int32_t zero = random.between(-128, 127);
      const OutputRange range{full.low - static_cast<float>(zero), full.high - static_cast<float>(zero), zero};
      const float inverse = random.chance(2) ? 4.0F : random.real(1, 90);  // 4: ties
      auto values = random.reals(reach(count, in_step), -3, 3);
      for (auto& value : values) {
        if (random.chance(3)) value = static_cast<float>(random.between(-24, 24)) / 8;
      }
      const GuardedArray<float> input(values);
      GuardedArray<std::int8_t> quantized(reach(count, out_step));
      GuardedArray<std::int8_t> expected(reach(count, out_step));
      for (std::int64_t i = 0; i < count; ++i) {
        expected[static_cast<std::size_t>(i * out_step)] =
            round_by_contract(fl_mul(values[static_cast<std::size_t>(i * in_step)], inverse), range);
      }
      for_rows(quantize_rows(), [&](const QuantizeRow& row, bool) {
        const std::string what = text_of(row.name, count, in_step, out_step, seed);
        quantized.reset();
        row.run(input.data(), in_step, quantized.data(), out_step, count, inverse, range);
        expect_equal(expected.span(), quantized.span(), 0, what);
        expect_guard(quantized, what);
      });
      const float scale = random.real(0.001F, 0.5F);
      GuardedArray<float> real(reach(count, in_step)), expected_real(reach(count, in_step));
      for (std::int64_t i = 0; i < count; ++i) {
        const int q = expected[static_cast<std::size_t>(i * out_step)] - zero;
        expected_real[static_cast<std::size_t>(i * in_step)] = fl_mul(scale, static_cast<float>(q));
      }
      for_rows(dequantize_rows(), [&](const DequantizeRow& row, bool) {
        real.reset();
        row.run(expected.data(), out_step, real.data(), in_step, count, scale, zero);
        const std::string what = text_of(row.name, count, out_step, in_step, seed);
        expect_equal(expected_real.span(), real.span(), 0, what);
        expect_guard(real, what);
      });
    }
  }
}

void test_quantize_planes(void**) {
  name_skipped_rows("quantize_planes", quantize_planes_rows());
  std::uint32_t seed = 1;
  for (std::int32_t channels = 1; channels <= kMostPlanes; ++channels) {
    for (const std::int64_t count : kCounts) {
      Random random(seed++);
      const std::int64_t plane_step = count + random.between(0, 9);
      const std::int32_t zero = random.between(-128, 127);
      const OutputRange range{static_cast<float>(-128 - zero), static_cast<float>(127 - zero), zero};
      const float inverse = random.chance(2) ? 4.0F : random.real(1, 90);  // 4: ties
      const auto size = static_cast<std::size_t>(count == 0 ? 0 : (channels - 1) * plane_step + count);
      auto values = random.reals(size, -3, 3);
      for (auto& value : values) {
        if (random.chance(3)) value = static_cast<float>(random.between(-24, 24)) / 8;
        if (random.chance(50)) value = std::nanf("");
      }
      const GuardedArray<float> input(values);
      GuardedArray<std::int8_t> pixels(static_cast<std::size_t>(count * channels));
      GuardedArray<std::int8_t> expected(static_cast<std::size_t>(count * channels));
      for (std::int64_t i = 0; i < count * channels; ++i) {
        const float value = values[static_cast<std::size_t>(i % channels * plane_step + i / channels)];
        expected[static_cast<std::size_t>(i)] =
            std::isnan(value) ? static_cast<std::int8_t>(zero) : round_by_contract(fl_mul(value, inverse), range);
      }
      for_rows(quantize_planes_rows(), [&](const QuantizePlanesRow& row, bool) {
        const std::string what = text_of(row.name, count, plane_step, channels, seed);
        pixels.reset();
        row.run(input.data(), plane_step, channels, pixels.data(), count, inverse, range);
        expect_equal(expected.span(), pixels.span(), 0, what);
        expect_guard(pixels, what);
      });
    }
  }
}

void test_pixels_f32(void**) {
  name_skipped_rows("pixels_f32", pixels_f32_rows());
  std::uint32_t seed = 1;
  for (std::int32_t channels = 1; channels <= kMostPlanes; ++channels) {
    for (const std::int64_t count : kCounts) {
      Random random(seed++);
      const std::int64_t plane_step = count + random.between(0, 9);
      const auto values =
          random.reals(static_cast<std::size_t>(count == 0 ? 0 : (channels - 1) * plane_step + count), -3, 3);
      const GuardedArray<float> input(values);
      GuardedArray<float> pixels(static_cast<std::size_t>(count * channels)), expected(pixels.size());
      for (std::int64_t i = 0; i < count * channels; ++i) {
        expected[static_cast<std::size_t>(i)] =
            values[static_cast<std::size_t>(i % channels * plane_step + i / channels)];
      }
      for_rows(pixels_f32_rows(), [&](const PixelsF32Row& row, bool) {
        const std::string what = text_of(row.name, count, plane_step, channels, seed);
        pixels.reset();
        row.run(input.data(), plane_step, channels, pixels.data(), count);
        expect_equal(expected.span(), pixels.span(), 0, what);
        expect_guard(pixels, what);
      });
    }
  }
}

void test_quantize_of_what_is_no_number(void**) {
  const float largest = std::numeric_limits<float>::max();
  const std::vector<float> values{std::nanf(""), kInfinity, -kInfinity, largest, -largest, 1e-45F, -0.0F};
  const std::vector<std::int8_t> expected{5, 127, -128, 127, -128, 5, 5};
  for (const std::size_t count : {values.size(), values.size() * 9}) {  // in a vector and behind the last one
    std::vector<float> input;
    std::vector<std::int8_t> all;
    for (std::size_t i = 0; i < count; ++i) {
      input.push_back(values[i % values.size()]);
      all.push_back(expected[i % values.size()]);
    }
    const GuardedArray<float> from(input);
    GuardedArray<std::int8_t> to(count);
    for_rows(quantize_rows(), [&](const QuantizeRow& row, bool) {
      row.run(from.data(), 1, to.data(), 1, static_cast<std::int64_t>(count), 10, {-133, 122, 5});
      expect_equal<std::int8_t>(all, to.span(), 0, row.name);
    });
  }
}

void test_requantize_rounds_ties_to_even(void**) {
  const OutputRange range{-128, 127, 0};
  const std::int32_t accumulators[] = {1, 3, 5, -1, -3, -5, 7};
  const std::int8_t expected[] = {0, 2, 2, 0, -2, -2, 4};
  for (std::size_t i = 0; i < 7; ++i) assert_int_equal(requantize(accumulators[i], 0.5F, range), expected[i]);
  // float32(accumulator) rounds first: 2^24 + 1 is 2^24.
  assert_int_equal(requantize(16777217, 1.0F / 131072, range), 127);
  assert_int_equal(requantize(2147483647, 1.0F, range), 127);
  assert_int_equal(requantize(-2147483647 - 1, 1.0F, range), -128);
  assert_int_equal(requantize(100, 1.0F, {-7, 6, 7}), 13);
}

}  // namespace
}  // namespace octet::test

int main() {
  using namespace octet::test;
  const CMUnitTest tests[] = {
      cmocka_unit_test(test_unary_f32),
      cmocka_unit_test(test_unary_of_nan_and_infinity),
      cmocka_unit_test(test_binary_f32),
      cmocka_unit_test(test_prelu_f32),
      cmocka_unit_test(test_add_and_mul_i8),
      cmocka_unit_test(test_table_i8),
      cmocka_unit_test(test_quantize_and_dequantize),
      cmocka_unit_test(test_quantize_planes),
      cmocka_unit_test(test_pixels_f32),
      cmocka_unit_test(test_quantize_of_what_is_no_number),
      cmocka_unit_test(test_requantize_rounds_ties_to_even),
  };
  return cmocka_run_group_tests_name("elementwise kernels", tests, nullptr, nullptr);
}
