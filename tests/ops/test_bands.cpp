// What lets a layer run on some of its rows: its weights are packed as for those rows alone, by every kernel.
#include <algorithm>

#include "kernels/families.h"
#include "ops/run_graph.h"

namespace octet::test {
namespace {

struct Layer {
  std::int64_t in, out, groups, kernel, width;
  bool zero_points = false;  // of the weights
};

// The layer's step on an image of so many rows.
Step prepared(DType dtype, const Layer& layer, std::int64_t height, Isa isa) {
  GraphBuilder b;
  const Dims dims{1, layer.in, height, layer.width};
  const Dims weight{layer.out, layer.in / layer.groups, layer.kernel, layer.kernel};
  const auto count = static_cast<std::size_t>(element_count(weight));
  const auto outputs = static_cast<std::size_t>(layer.out);
  std::vector<TensorId> inputs;
  if (dtype == DType::i8) {
    inputs = {int8_input(b, "x", dims, {0.05F, -3}),
              b.graph.add_constant("w", DType::i8, weight, random_bytes(count, 3, -127, 127)),
              b.graph.add_constant("b", DType::i32, {layer.out}, std::vector<std::int32_t>(outputs, 300)),
              b.floats("m", {layer.out}, std::vector<float>(outputs, 0.001F))};
    if (layer.zero_points) {
      inputs.push_back(b.graph.add_constant("z", DType::i32, {layer.out}, std::vector<std::int32_t>(outputs, -20)));
    }
  } else {
    inputs = {b.input("x", dims), b.noise("w", weight), b.noise("b", {layer.out})};
  }
  TensorId y = b.add(Op::conv, "conv", inputs, [&](Attributes& a) {
    const std::int64_t pad = layer.kernel / 2;
    a.window.kernel = {layer.kernel, layer.kernel};
    a.window.pads = {pad, pad, pad, pad};
    a.groups = layer.groups;
  });
  if (dtype == DType::i8) y = int8_result(b, y, {0.05F, -3});
  b.output(y);
  const auto plan = make_plan(finish(b), isa);
  expect_ok(plan.status());
  return (*plan)->steps[0].step;
}

void test_packing_is_that_of_the_rows(void**) {
  int by_rows = 0, by_pixels = 0;
  for (const auto& isa : {Isa::ref, tested_isa()}) {
    for (const DType dtype : {DType::i8, DType::f32}) {
      for (const std::int64_t width : {1, 2, 3, 7, 14, 15, 16, 17, 40}) {
        for (const Layer& layer : {Layer{5, 70, 1, 1, width}, Layer{130, 24, 1, 1, width}, Layer{200, 100, 1, 1, width},
                                   Layer{16, 40, 1, 3, width}, Layer{72, 72, 72, 3, width}, Layer{24, 24, 24, 5, width},
                                   Layer{24, 48, 4, 3, width}, Layer{5, 70, 1, 1, width, true},
                                   Layer{16, 40, 1, 3, width, true}, Layer{72, 72, 72, 3, width, true}}) {
          const Step whole = prepared(dtype, layer, 40, isa);
          if (band_runner_of(whole) == nullptr) continue;
          ++by_rows;
          for (const std::int64_t height : {1, 2, 3, 7, 13}) {
            const Step band = prepared(dtype, layer, height, isa);
            assert_string_equal(whole.kernel, band.kernel);
            assert_true(std::ranges::equal(whole.packed.span(), band.packed.span()));
          }
          if (!whole.rows.pixels) continue;
          ++by_pixels;
          Layer column = layer;
          column.width = 1;
          for (const std::int64_t pixels : {1, 2, 5, 16, 33}) {
            assert_true(std::ranges::equal(whole.packed.span(), prepared(dtype, column, pixels, isa).packed.span()));
          }
        }
      }
    }
  }
  assert_true(by_rows > 150);
  assert_true(by_pixels > 30);
}

// Steps that say that they run on rows do: a runner without bands would be a defect.
void test_steps_with_bands(void**) {
  const Step pointwise = prepared(DType::i8, {8, 8, 1, 1, 5}, 6, tested_isa());
  assert_true(pointwise.rows.same_row() && pointwise.rows.pixels);
  const Step window = prepared(DType::i8, {8, 8, 1, 3, 5}, 6, tested_isa());
  assert_true(!window.rows.same_row() && !window.rows.pixels && window.rows.span == 3 && window.rows.pad_top == 1);
  const Step narrow = prepared(DType::f32, {8, 8, 1, 1, kSteadyPackingWidth - 1}, 6, tested_isa());
  assert_null(band_runner_of(narrow));
  const Step wide = prepared(DType::f32, {8, 8, 1, 1, kSteadyPackingWidth}, 6, tested_isa());
  assert_non_null(band_runner_of(wide));
}

}  // namespace
}  // namespace octet::test

int main() {
  using namespace octet::test;
  const CMUnitTest tests[] = {cmocka_unit_test(test_packing_is_that_of_the_rows),
                              cmocka_unit_test(test_steps_with_bands)};
  return cmocka_run_group_tests_name("bands", tests, nullptr, nullptr);
}
