// Rows of pictures: every row of the family against the formulas of kernels/image.h, to the last bit.
#include "kernels/row_checks.h"

namespace octet::test {
namespace {

struct ResizeCase {
  std::int32_t pixel_bytes = 3;
  std::int32_t planes = 3;
  std::int8_t from[4] = {0, 1, 2, 3};
  std::int32_t pixels = 0;
  std::int64_t count = 0;
  bool to_the_end = false;  // the last taps are the last pixel, after which there is nothing
};

std::string text_of(const char* row, const ResizeCase& c, std::uint32_t seed) {
  return std::string(row) + ": " + std::to_string(c.pixels) + " pixels of " + std::to_string(c.pixel_bytes) +
         " bytes to " + std::to_string(c.count) + " x " + std::to_string(c.planes) + ", seed " + std::to_string(seed);
}

void check_resize(const ResizeCase& c, std::uint32_t seed) {
  Random random(seed);
  std::vector<std::uint8_t> bytes(static_cast<std::size_t>(c.pixels * c.pixel_bytes));
  for (auto& byte : bytes)
    byte = static_cast<std::uint8_t>(random.chance(8) ? 255 * random.between(0, 1) : random.next());
  std::vector<std::int32_t> pixel(static_cast<std::size_t>(c.count));
  for (auto& p : pixel) p = random.between(0, c.pixels - 1);
  std::sort(pixel.begin(), pixel.end());
  if (c.to_the_end && c.count > 0) pixel.back() = c.pixels - 1;
  std::vector<std::int32_t> first;
  std::vector<float> weight;
  for (const std::int32_t p : pixel) {
    first.push_back(p * c.pixel_bytes);
    weight.push_back(p == c.pixels - 1 || random.chance(6) ? 0.0F : random.real(0, 1));
  }
  const GuardedArray<std::uint8_t> row(bytes);  // reading behind the last pixel stops the test
  const GuardedArray<std::int32_t> firsts(first);
  const GuardedArray<float> weights(weight);
  const auto size = static_cast<std::size_t>(c.count * c.planes);
  GuardedArray<float> expected(size);
  GuardedArray<float> found(size);
  for (std::int32_t plane = 0; plane < c.planes; ++plane) {
    if (c.from[plane] < 0) continue;
    for (std::size_t i = 0; i < first.size(); ++i) {
      const auto at = static_cast<std::size_t>(first[i] + c.from[plane]);
      volatile float value = bytes[at];  // volatile: each operation rounds for itself
      if (weight[i] != 0) {
        volatile float step = static_cast<float>(bytes[at + static_cast<std::size_t>(c.pixel_bytes)]) - value;
        step = step * weight[i];
        value = value + step;
      }
      expected[static_cast<std::size_t>(plane) * first.size() + i] = value;
    }
  }
  for_rows(image_rows(), [&](const ImageRow& kernel, bool) {
    found.reset();
    kernel.resize({row.data(),
                   static_cast<std::int64_t>(bytes.size()),
                   firsts.data(),
                   weights.data(),
                   c.count,
                   c.pixel_bytes,
                   c.planes,
                   {c.from[0], c.from[1], c.from[2], c.from[3]},
                   found.data()});
    const std::string what = text_of(kernel.name, c, seed);
    expect_equal(expected.span(), found.span(), 0, what);
    expect_guard(found, what);
  });
}

void test_resize(void**) {
  name_skipped_rows("image", image_rows());
  std::uint32_t seed = 1;
  for (const std::int32_t pixel_bytes : {1, 3, 4}) {
    for (const std::int32_t pixels : {1, 2, 3, 5, 8, 9, 17, 100, 641}) {
      for (const std::int64_t count : {0, 1, 7, 8, 9, 16, 31, 64, 224}) {
        for (const bool to_the_end : {false, true}) {
          ResizeCase c;
          c.pixel_bytes = pixel_bytes;
          c.planes = pixel_bytes;
          c.pixels = pixels;
          c.count = count;
          c.to_the_end = to_the_end;
          check_resize(c, seed++);
        }
      }
    }
  }
}

// BGR of RGB, colour of grey, an alpha that is filled in elsewhere.
void test_resize_of_other_bytes(void**) {
  const ResizeCase cases[] = {{3, 3, {2, 1, 0, 0}, 57, 40, true},
                              {4, 3, {2, 1, 0, 0}, 57, 40, true},
                              {1, 3, {0, 0, 0, 0}, 57, 40, true},
                              {3, 4, {0, 1, 2, -1}, 57, 40, true},
                              {4, 4, {2, 1, 0, 3}, 57, 40, false}};
  std::uint32_t seed = 1000;
  for (const ResizeCase& c : cases) check_resize(c, seed++);
}

void test_blend(void**) {
  std::uint32_t seed = 1;
  for (const std::int64_t count : {0, 1, 7, 8, 9, 23, 64, 225}) {
    for (const float weight : {0.0F, 0.5F, 0.3F}) {
      Random random(seed++);
      const auto size = static_cast<std::size_t>(count);
      const GuardedArray<float> top(random.reals(size, 0, 255));
      const GuardedArray<float> bottom(random.reals(size, 0, 255));
      const float mean = random.real(0, 200);
      const float normal = random.real(0.001F, 2);
      GuardedArray<float> expected(size);
      GuardedArray<float> found(size);
      for (std::size_t i = 0; i < size; ++i) {
        volatile float value = bottom[i] - top[i];
        value = value * weight;
        value = top[i] + value;
        value = value - mean;
        expected[i] = value * normal;
      }
      for_rows(image_rows(), [&](const ImageRow& kernel, bool) {
        found.reset();
        kernel.blend({top.data(), bottom.data(), weight, mean, normal, count, found.data()});
        const std::string what =
            std::string(kernel.name) + ": blend of " + std::to_string(count) + ", seed " + std::to_string(seed);
        expect_equal(expected.span(), found.span(), 0, what);
        expect_guard(found, what);
      });
    }
  }
}

}  // namespace
}  // namespace octet::test

int main() {
  using namespace octet::test;
  const CMUnitTest tests[] = {
      cmocka_unit_test(test_resize),
      cmocka_unit_test(test_resize_of_other_bytes),
      cmocka_unit_test(test_blend),
  };
  return cmocka_run_group_tests_name("image", tests, nullptr, nullptr);
}
