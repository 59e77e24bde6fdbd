// Convolutions: the reference against sums written down from the integer contract, every other row against the
// reference.
#include "kernels/conv_cases.h"

namespace octet::test {
namespace {

struct Sums {
  std::vector<double> values;
  std::vector<double> magnitudes;  // sum of absolute values: what float32 rounding errors are measured by
};

// Sums of (x - zero point) * weight, plus bias, of all outputs in the order n, y, x, o. A transposed convolution is
// written as ONNX defines it, by what each input contributes.
template <class Data>
Sums exact_sums(const ConvGeometry& g, ConvKind kind, const Data& data) {
  const std::int64_t in_per = g.in_c / g.groups;
  const std::int64_t out_per = g.out_c / g.groups;
  Sums sums;
  sums.values.resize(static_cast<std::size_t>(std::int64_t{g.batch} * g.out_h * g.out_w * g.out_c));
  sums.magnitudes.resize(sums.values.size());
  auto add = [&](std::int64_t n, std::int64_t y, std::int64_t x, std::int64_t o, double value) {
    const auto at = static_cast<std::size_t>(((n * g.out_h + y) * g.out_w + x) * g.out_c + o);
    sums.values[at] += value;
    sums.magnitudes[at] += std::fabs(value);
  };
  auto input = [&](std::int64_t n, std::int64_t y, std::int64_t x, std::int64_t c) {
    const auto at = static_cast<std::size_t>(((n * g.in_h + y) * g.in_w + x) * g.in_pixel_stride + c);
    return static_cast<double>(data.input[at]) - data.zero_point;
  };
  for (std::int64_t n = 0; n < g.batch; ++n) {
    for (std::int64_t y = 0; y < g.out_h; ++y) {
      for (std::int64_t x = 0; x < g.out_w; ++x) {
        for (std::int64_t o = 0; o < g.out_c && data.has_bias; ++o) {
          add(n, y, x, o, static_cast<double>(data.bias[static_cast<std::size_t>(o)]));
        }
      }
    }
  }
  // One weight after the other, in the order of the file, with every input that it meets.
  std::size_t index = 0;
  const bool transposed = kind == ConvKind::transposed;
  const std::int64_t outer = transposed ? g.in_c : g.out_c;
  const std::int64_t inner = transposed ? out_per : in_per;
  for (std::int64_t a = 0; a < outer; ++a) {
    for (std::int64_t b = 0; b < inner; ++b) {
      const std::int64_t o = transposed ? a / in_per * out_per + b : a;
      const std::int64_t i = transposed ? a : a / out_per * in_per + b;
      for (std::int64_t ky = 0; ky < g.kernel_h; ++ky) {
        for (std::int64_t kx = 0; kx < g.kernel_w; ++kx) {
          auto weight = static_cast<double>(data.weight[index++]);
          if (!data.weight_zero_point.empty()) weight -= data.weight_zero_point[static_cast<std::size_t>(o)];
          const std::int64_t rows = transposed ? g.in_h : g.out_h;
          const std::int64_t columns = transposed ? g.in_w : g.out_w;
          for (std::int64_t n = 0; n < g.batch; ++n) {
            for (std::int64_t r = 0; r < rows; ++r) {
              const std::int64_t far_y = r * g.stride_h - g.pad_top + ky * g.dilation_h;
              if (far_y < 0 || far_y >= (transposed ? g.out_h : g.in_h)) continue;
              for (std::int64_t c = 0; c < columns; ++c) {
                const std::int64_t far_x = c * g.stride_w - g.pad_left + kx * g.dilation_w;
                if (far_x < 0 || far_x >= (transposed ? g.out_w : g.in_w)) continue;
                if (transposed) {
                  add(n, far_y, far_x, o, input(n, r, c, i) * weight);
                } else {
                  add(n, r, c, o, input(n, far_y, far_x, i) * weight);
                }
              }
            }
          }
        }
      }
    }
  }
  return sums;
}

template <class Row, class Args, class Constants, class Data, class Value>
void run_row(const Row& row, const ConvGeometry& g, const Data& data, Args args, GuardedArray<Value>& output,
             bool in_pieces) {
  const auto packed = allocate_aligned(row.packed_bytes(g));
  const std::size_t scratch_bytes = row.scratch_bytes(g);
  const auto scratch = allocate_aligned(scratch_bytes);
  const Constants constants{data.weight.data(), data.has_bias ? data.bias.data() : nullptr,
                            data.multiplier.empty() ? nullptr : data.multiplier.data(), data.zero_point,
                            data.weight_zero_point.empty() ? nullptr : data.weight_zero_point.data()};
  row.pack(g, constants, packed.get());
  args.geometry = g;
  args.input = data.input.data();
  args.packed = packed.get();
  args.bias = data.has_bias ? data.bias.data() : nullptr;
  args.output = output.data();
  args.scratch = scratch.get();
  output.reset();
  run_tiles(row.tiles(g), in_pieces, [&](std::int64_t begin, std::int64_t end) { row.run(args, begin, end); });
}

void check_i8(RowList<ConvI8Row> list, ConvKind kind, ConvGeometry g, std::uint32_t seed, bool extreme,
              Centring centring) {
  Random random(seed);
  ConvDataI8 data = random_i8(g, kind, random, extreme);
  add_zero_points(g, kind, centring, random, data);
  ConvI8Args args{};
  args.multiplier = data.multiplier.data();
  args.in_zero_point = data.zero_point;
  args.range = data.range;
  const Sums sums = exact_sums(g, kind, data);
  GuardedArray<std::int8_t> expected(output_size(g));  // what lies between the pixels is not written
  for (std::size_t i = 0; i < sums.values.size(); ++i) {
    const auto o = static_cast<std::int64_t>(i) % g.out_c;
    const auto pixel = static_cast<std::int64_t>(i) / g.out_c;
    expected[static_cast<std::size_t>(pixel * g.out_pixel_stride + o)] = requantize_by_contract(
        static_cast<std::int64_t>(sums.values[i]), data.multiplier[static_cast<std::size_t>(o)], data.range);
  }
  GuardedArray<std::int8_t> output(output_size(g));
  for_rows(
      list, [&](const ConvI8Row& row) { return row.supports(g); },
      [&](const ConvI8Row& row, bool) {
        for (const bool in_pieces : {false, true}) {
          const std::string what = std::string(row.name) + ": " + text_of(g) + ", seed " + std::to_string(seed) +
                                   (in_pieces ? ", in pieces" : "");
          run_row<ConvI8Row, ConvI8Args, ConvI8Constants>(row, g, data, args, output, in_pieces);
          expect_equal(expected.span(), output.span(), 0, what);
          expect_guard(output, what);
        }
      });
}

void check_f32(RowList<ConvF32Row> list, ConvKind kind, const ConvGeometry& g, std::uint32_t seed) {
  Random random(seed);
  const ConvDataF32 data = random_f32(g, kind, random);
  ConvF32Args args{};
  args.low = data.low;
  args.high = data.high;
  const Sums sums = exact_sums(g, kind, data);
  GuardedArray<float> first(output_size(g)), output(output_size(g));
  for_rows(
      list, [&](const ConvF32Row& row) { return row.supports(g); },
      [&](const ConvF32Row& row, bool) {
        const std::string what = std::string(row.name) + ": " + text_of(g) + ", seed " + std::to_string(seed);
        run_row<ConvF32Row, ConvF32Args, ConvF32Constants>(row, g, data, args, first, false);
        for (std::size_t i = 0; i < sums.values.size(); ++i) {
          const auto o = static_cast<std::int64_t>(i) % g.out_c;
          const auto pixel = static_cast<std::int64_t>(i) / g.out_c;
          const double limited = std::fmin(std::fmax(sums.values[i], data.low), data.high);
          const double found = first[static_cast<std::size_t>(pixel * g.out_pixel_stride + o)];
          if (std::fabs(found - limited) <= 1e-5 * (sums.magnitudes[i] + 1e-6)) continue;
          fail_msg("%s\n  sum %zu is %.9g, not %.9g", what.c_str(), i, found, limited);
        }
        // However the work is cut, the bytes are the same.
        run_row<ConvF32Row, ConvF32Args, ConvF32Constants>(row, g, data, args, output, true);
        assert_memory_equal(first.data(), output.data(), output.size() * sizeof(float));
        expect_guard(output, what);
      });
}

constexpr std::uint32_t kRandomCases = 60;

void check_family_i8(const char* name, RowList<ConvI8Row> list, ConvKind kind) {
  name_skipped_rows(name, list);
  for (const Centring centring : {Centring::none, Centring::some_channels, Centring::int8, Centring::any}) {
    std::uint32_t seed = 1;
    for (const ConvGeometry& g : edge_geometries(kind)) {
      check_i8(list, kind, g, seed++, false, centring);
      check_i8(list, kind, g, seed++, true, centring);
    }
    for (; seed < 100 + kRandomCases; ++seed) {
      Random random(seed);
      check_i8(list, kind, random_geometry(kind, random), seed, false, centring);
    }
  }
}

void check_family_f32(const char* name, RowList<ConvF32Row> list, ConvKind kind) {
  name_skipped_rows(name, list);
  std::uint32_t seed = 1;
  for (const ConvGeometry& g : edge_geometries(kind)) check_f32(list, kind, g, seed++);
  for (; seed < 60 + kRandomCases; ++seed) {
    Random random(seed);
    check_f32(list, kind, random_geometry(kind, random), seed);
  }
}

void test_conv_i8(void**) { check_family_i8("conv_i8", conv_i8_rows(), ConvKind::general); }
void test_depthwise_i8(void**) { check_family_i8("depthwise_i8", depthwise_i8_rows(), ConvKind::depthwise); }
void test_transpose_i8(void**) { check_family_i8("conv_transpose_i8", conv_transpose_i8_rows(), ConvKind::transposed); }
void test_conv_f32(void**) { check_family_f32("conv_f32", conv_f32_rows(), ConvKind::general); }
void test_depthwise_f32(void**) { check_family_f32("depthwise_f32", depthwise_f32_rows(), ConvKind::depthwise); }
void test_transpose_f32(void**) {
  check_family_f32("conv_transpose_f32", conv_transpose_f32_rows(), ConvKind::transposed);
}

// The longest sums that validation lets pass do not overflow: 2^31 / (255 * 127) products.
void test_longest_int32_sum(void**) {
  const std::int32_t depth = 66310;
  ConvGeometry g = make_geometry(ConvKind::general, 1, 1, depth, 1, 1, 1, 0);
  ConvDataI8 data{std::vector<std::int8_t>(static_cast<std::size_t>(depth), 127),
                  {0},
                  {4.0e-8F},
                  GuardedArray<std::int8_t>(std::vector<std::int8_t>(static_cast<std::size_t>(depth), 127))};
  data.zero_point = -128;
  data.range = {-128, 127, 0};
  ConvI8Args args{};
  args.multiplier = data.multiplier.data();
  args.in_zero_point = data.zero_point;
  args.range = data.range;
  const std::int8_t expected = requantize_by_contract(std::int64_t{depth} * 255 * 127, 4.0e-8F, data.range);
  assert_int_equal(expected, 86);
  GuardedArray<std::int8_t> output(1);
  for_rows(
      conv_i8_rows(), [&](const ConvI8Row& row) { return row.supports(g); },
      [&](const ConvI8Row& row, bool) {
        run_row<ConvI8Row, ConvI8Args, ConvI8Constants>(row, g, data, args, output, false);
        assert_int_equal(output[0], expected);
      });
}

// Sums of windows are largest, of either sign, where all inputs are at the end of int8 that is far from the zero point.
// Rows that hold such a sum in a pair of int16 leave longer ones to others.
void test_largest_window_sums(void**) {
  constexpr std::int32_t kLongestPaired = 16448;  // 255 * 16448 is just below 2^22
  for (const std::int32_t depth : {kLongestPaired, kLongestPaired + 1}) {
    for (const bool low : {false, true}) {
      ConvGeometry g = make_geometry(ConvKind::general, 1, 2, depth, 3, 1, 1, 0);
      g.extra_weights = 2;
      const auto size = static_cast<std::size_t>(depth);
      const std::int8_t x = low ? -128 : 127;
      ConvDataI8 data{{}, {5, -7, 0}, {}, GuardedArray<std::int8_t>(std::vector<std::int8_t>(2 * size, x))};
      for (const std::int8_t w : {127, -128, 3}) data.weight.insert(data.weight.end(), size, w);
      data.multiplier.assign(3, 7.0e-8F);
      data.zero_point = low ? 127 : -128;
      data.range = {-128, 127, 0};
      data.weight_zero_point = {-255, 255, 0};
      std::vector<std::int8_t> expected;
      for (std::size_t i = 0; i < 6; ++i) {
        const std::int64_t centred = data.weight[i % 3 * size] - data.weight_zero_point[i % 3];
        expected.push_back(requantize_by_contract((x - data.zero_point) * centred * depth + data.bias[i % 3],
                                                  data.multiplier[i % 3], data.range));
      }
      ConvI8Args args{};
      args.multiplier = data.multiplier.data();
      args.in_zero_point = data.zero_point;
      args.range = data.range;
      GuardedArray<std::int8_t> output(6);
      for_rows(
          conv_i8_rows(), [&](const ConvI8Row& row) { return row.supports(g); },
          [&](const ConvI8Row& row, bool) {
            run_row<ConvI8Row, ConvI8Args, ConvI8Constants>(row, g, data, args, output, false);
            expect_equal<std::int8_t>(expected, output.span(), 0, row.name);
            assert_true(row.isa <= Isa::avx2 || depth == kLongestPaired);
          });
    }
  }
}

}  // namespace
}  // namespace octet::test

int main() {
  using namespace octet::test;
  const CMUnitTest tests[] = {
      cmocka_unit_test(test_conv_i8),           cmocka_unit_test(test_depthwise_i8),
      cmocka_unit_test(test_transpose_i8),      cmocka_unit_test(test_conv_f32),
      cmocka_unit_test(test_depthwise_f32),     cmocka_unit_test(test_transpose_f32),
      cmocka_unit_test(test_longest_int32_sum), cmocka_unit_test(test_largest_window_sums),
  };
  return cmocka_run_group_tests_name("convolution kernels", tests, nullptr, nullptr);
}
