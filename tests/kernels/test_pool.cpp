// Pooling: the reference against windows written down from their definition, every other row against the same.
#include "kernels/row_checks.h"

namespace octet::test {
namespace {

std::string text_of(const char* name, const PoolGeometry& g, std::uint32_t seed) {
  const std::int64_t numbers[] = {g.batch,
                                  g.in_h,
                                  g.in_w,
                                  g.channels,
                                  g.out_h,
                                  g.out_w,
                                  g.kernel_h,
                                  g.kernel_w,
                                  g.stride_h,
                                  g.stride_w,
                                  g.dilation_h,
                                  g.dilation_w,
                                  g.pad_top,
                                  g.pad_left,
                                  g.pad_bottom,
                                  g.pad_right,
                                  g.count_include_pad,
                                  g.in_pixel_stride,
                                  g.out_pixel_stride};
  std::string text = std::string(name) + ": geometry";
  for (const std::int64_t number : numbers) text += " " + std::to_string(number);
  return text + ", seed " + std::to_string(seed);
}

// What a window sees of the image: its values, and how many of its taps lie inside the image and inside the padding.
struct Window {
  std::vector<std::size_t> inside;
  int padded = 0;
};

Window window_at(const PoolGeometry& g, std::int64_t n, std::int64_t y, std::int64_t x, std::int64_t c) {
  Window window;
  for (std::int64_t ky = 0; ky < g.kernel_h; ++ky) {
    for (std::int64_t kx = 0; kx < g.kernel_w; ++kx) {
      const std::int64_t in_y = y * g.stride_h - g.pad_top + ky * g.dilation_h;
      const std::int64_t in_x = x * g.stride_w - g.pad_left + kx * g.dilation_w;
      if (in_y < g.in_h + g.pad_bottom && in_x < g.in_w + g.pad_right) ++window.padded;
      if (in_y < 0 || in_x < 0 || in_y >= g.in_h || in_x >= g.in_w) continue;
      window.inside.push_back(static_cast<std::size_t>(((n * g.in_h + in_y) * g.in_w + in_x) * g.in_pixel_stride + c));
    }
  }
  return window;
}

// Calls f(window, index of the output element) for all outputs.
template <class F>
void for_windows(const PoolGeometry& g, F f) {
  for (std::int64_t n = 0; n < g.batch; ++n) {
    for (std::int64_t y = 0; y < g.out_h; ++y) {
      for (std::int64_t x = 0; x < g.out_w; ++x) {
        for (std::int64_t c = 0; c < g.channels; ++c) {
          f(window_at(g, n, y, x, c),
            static_cast<std::size_t>(((n * g.out_h + y) * g.out_w + x) * g.out_pixel_stride + c));
        }
      }
    }
  }
}

bool every_window_sees_something(const PoolGeometry& g) {
  bool all = true;
  for_windows(g, [&](const Window& window, std::size_t) { all = all && !window.inside.empty(); });
  return all;
}

PoolGeometry random_geometry(Random& random) {
  for (;;) {
    PoolGeometry g{};
    g.batch = random.between(1, 2), g.channels = random.between(1, 70);
    g.in_h = random.between(1, 9), g.in_w = random.between(1, 9);
    g.kernel_h = random.between(1, 4), g.kernel_w = random.between(1, 4);
    if (random.chance(5)) g.kernel_h = g.in_h, g.kernel_w = g.in_w;  // global
    g.stride_h = random.between(1, 3), g.stride_w = random.between(1, 3);
    g.dilation_h = random.chance(4) ? 2 : 1, g.dilation_w = random.chance(4) ? 2 : 1;
    g.pad_top = random.between(0, 2), g.pad_left = random.between(0, 2);
    g.pad_bottom = random.between(0, 2), g.pad_right = random.between(0, 2);
    g.count_include_pad = random.between(0, 1);
    g.in_pixel_stride = g.channels + (random.chance(3) ? 5 : 0);
    g.out_pixel_stride = g.channels + (random.chance(3) ? 3 : 0);
    // As with ceil mode, a last window may reach over the padding.
    const std::int32_t over = random.between(0, 1);
    g.out_h = (g.in_h + g.pad_top + g.pad_bottom - (g.kernel_h - 1) * g.dilation_h - 1) / g.stride_h + 1 + over;
    g.out_w = (g.in_w + g.pad_left + g.pad_right - (g.kernel_w - 1) * g.dilation_w - 1) / g.stride_w + 1 + over;
    if (g.out_h >= 1 && g.out_w >= 1 && every_window_sees_something(g)) return g;
  }
}

template <class T>
std::size_t input_count(const PoolGeometry& g) {
  return static_cast<std::size_t>((std::int64_t{g.batch} * g.in_h * g.in_w - 1) * g.in_pixel_stride + g.channels);
}
std::size_t output_count(const PoolGeometry& g) {
  return static_cast<std::size_t>((std::int64_t{g.batch} * g.out_h * g.out_w - 1) * g.out_pixel_stride + g.channels);
}

template <class Row, class Args, class T>
void check_rows(RowList<Row> list, Args args, const GuardedArray<T>& expected, double relative, std::uint32_t seed) {
  const PoolGeometry& g = args.geometry;
  GuardedArray<T> output(output_count(g));
  args.output = output.data();
  for_rows(
      list, [&](const Row& row) { return row.supports(g); },
      [&](const Row& row, bool) {
        for (const bool in_pieces : {false, true}) {
          output.reset();
          run_tiles(std::int64_t{g.batch} * g.out_h, in_pieces,
                    [&](std::int64_t begin, std::int64_t end) { row.run(args, begin, end); });
          const std::string what = text_of(row.name, g, seed);
          expect_equal(expected.span(), output.span(), relative, what);
          expect_guard(output, what);
        }
      });
}

constexpr std::uint32_t kCases = 150;

void test_max_pool(void**) {
  name_skipped_rows("max_pool_f32", max_pool_f32_rows());
  name_skipped_rows("max_pool_i8", max_pool_i8_rows());
  for (std::uint32_t seed = 1; seed <= kCases; ++seed) {
    Random random(seed);
    PoolF32Args f32{};
    PoolI8Args i8{};
    f32.geometry = i8.geometry = random_geometry(random);
    const GuardedArray<float> reals(random.reals(input_count<float>(f32.geometry)));
    const GuardedArray<std::int8_t> bytes(random.bytes(input_count<std::int8_t>(f32.geometry), -128, 127));
    f32.input = reals.data();
    i8.input = bytes.data();
    GuardedArray<float> expected_reals(output_count(f32.geometry));
    GuardedArray<std::int8_t> expected_bytes(output_count(f32.geometry));
    for_windows(f32.geometry, [&](const Window& window, std::size_t at) {
      float most = reals[window.inside[0]];
      std::int8_t most_byte = bytes[window.inside[0]];
      for (const std::size_t i : window.inside) {
        most = std::fmax(most, reals[i]);
        most_byte = std::max(most_byte, bytes[i]);
      }
      expected_reals[at] = most;
      expected_bytes[at] = most_byte;
    });
    check_rows(max_pool_f32_rows(), f32, expected_reals, 0, seed);
    check_rows(max_pool_i8_rows(), i8, expected_bytes, 0, seed);
  }
}

void test_average_pool(void**) {
  name_skipped_rows("average_pool_f32", average_pool_f32_rows());
  name_skipped_rows("average_pool_i8", average_pool_i8_rows());
  for (std::uint32_t seed = 1; seed <= kCases; ++seed) {
    Random random(seed);
    PoolF32Args f32{};
    PoolI8Args i8{};
    f32.geometry = i8.geometry = random_geometry(random);
    const GuardedArray<float> reals(random.reals(input_count<float>(f32.geometry)));
    const GuardedArray<std::int8_t> bytes(random.bytes(input_count<std::int8_t>(f32.geometry)));
    f32.input = reals.data();
    i8.input = bytes.data();
    i8.in_zero_point = random.between(-128, 127);
    i8.in_scale = random.real(0.01F, 0.1F);
    i8.out_scale = random.chance(2) ? i8.in_scale : random.real(0.01F, 0.1F);
    i8.range = random_range(random);
    GuardedArray<float> expected_reals(output_count(f32.geometry));
    GuardedArray<std::int8_t> expected_bytes(output_count(f32.geometry));
    for_windows(f32.geometry, [&](const Window& window, std::size_t at) {
      const double count = f32.geometry.count_include_pad ? window.padded : static_cast<double>(window.inside.size());
      double sum = 0;
      std::int64_t byte_sum = 0;
      for (const std::size_t i : window.inside) {
        sum += static_cast<double>(reals[i]);
        byte_sum += bytes[i] - i8.in_zero_point;
      }
      expected_reals[at] = static_cast<float>(sum / count);
      // Factor: fl(in / fl(out * count)). Rounding a float32 operation from double is exact rounding.
      const auto divisor = static_cast<float>(static_cast<double>(i8.out_scale) * count);
      const auto factor = static_cast<float>(static_cast<double>(i8.in_scale) / static_cast<double>(divisor));
      expected_bytes[at] = requantize_by_contract(byte_sum, factor, i8.range);
    });
    check_rows(average_pool_f32_rows(), f32, expected_reals, 1e-6, seed);
    check_rows(average_pool_i8_rows(), i8, expected_bytes, 0, seed);
  }
}

}  // namespace
}  // namespace octet::test

int main() {
  using namespace octet::test;
  const CMUnitTest tests[] = {cmocka_unit_test(test_max_pool), cmocka_unit_test(test_average_pool)};
  return cmocka_run_group_tests_name("pooling kernels", tests, nullptr, nullptr);
}
