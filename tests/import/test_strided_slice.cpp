// TensorFlow's StridedSlice: what its lists and masks mean, and what is wrong with them.
#include <limits>

#include "import/strided_slice.h"
#include "support/expect.h"

namespace octet::test {
namespace {

using Ints = std::vector<std::int64_t>;

constexpr std::int64_t kMost = std::numeric_limits<std::int64_t>::max();
constexpr std::int64_t kLeast = std::numeric_limits<std::int64_t>::min();

void expect_cut(const Result<StridedSlice>& slice, const Ints& axes, const Ints& starts, const Ints& ends,
                const Ints& steps) {
  expect_ok(slice.status());
  assert_true(slice->cut.axes == axes && slice->cut.steps == steps);
  assert_true(slice->cut.starts == starts && slice->cut.sizes == ends);
}

void test_lists_alone(void**) {
  const auto slice = plan_strided_slice({{0, 1, -3}, {2, -1, 9}, {1, 2, 3}}, {}, 3);
  expect_cut(slice, {0, 1, 2}, {0, 1, -3}, {2, -1, 9}, {1, 2, 3});
  assert_true(slice->dropped.empty() && slice->added.empty());
  assert_true(plan_strided_slice({}, {}, 2)->cut.axes.empty());
}

void test_masked_ends_follow_the_step(void**) {
  SliceMasks masks;
  masks.begin = masks.end = 3;
  expect_cut(plan_strided_slice({{5, 5}, {6, 6}, {2, -1}}, masks, 2), {0, 1}, {0, kMost}, {kMost, kLeast}, {2, -1});
}

void test_shrunk_dimensions_are_cut_to_one_and_dropped(void**) {
  SliceMasks masks;
  masks.shrink_axis = 5;
  const auto slice = plan_strided_slice({{2, 0, -1}, {0, 4, 0}, {1, 1, 1}}, masks, 3);
  expect_cut(slice, {0, 1, 2}, {2, 0, -1}, {3, 4, kMost}, {1, 1, 1});
  assert_true(slice->dropped == Ints({0, 2}) && slice->added.empty());
  masks.begin = 1;
  expect_cut(plan_strided_slice({{2}, {0}, {1}}, masks, 1), {0}, {0}, {1}, {1});
}

void test_new_dimensions_and_an_ellipsis(void**) {
  SliceMasks masks;  // [new, 0, ..., new, 1:2]
  masks.new_axis = 1 + 8;
  masks.shrink_axis = 2;
  masks.ellipsis = 4;
  const auto slice = plan_strided_slice({{0, 0, 0, 0, 1}, {0, 0, 0, 0, 2}, {1, 1, 1, 1, 1}}, masks, 4);
  expect_cut(slice, {0, 3}, {0, 1}, {1, 2}, {1, 1});
  assert_true(slice->dropped == Ints({0}));
  assert_true(slice->added == Ints({0, 3}));
}

void test_what_cannot_be(void**) {
  SliceMasks ellipses;
  ellipses.ellipsis = 3;
  SliceMasks shrunk;
  shrunk.shrink_axis = 1;
  const Ints two{0, 0}, ones{1, 1};
  expect_failure(plan_strided_slice({two, {1}, ones}, {}, 2).status(), Code::format, {"2 begins", "1 ends", "2 steps"});
  const Ints many(17, 1);
  expect_failure(plan_strided_slice({many, many, many}, {}, 17).status(), Code::format, {"17 begins"});
  expect_failure(plan_strided_slice({two, ones, {1, 0}}, {}, 2).status(), Code::format, {"a step is 0"});
  expect_failure(plan_strided_slice({two, ones, ones}, {}, 1).status(), Code::shape, {"more dimensions"});
  expect_failure(plan_strided_slice({two, ones, ones}, ellipses, 4).status(), Code::format, {"two ellipses"});
  expect_failure(plan_strided_slice({{0}, {0}, {1}}, {0, 0, 1, 0, 0}, kSliceOfUnknownRank).status(), Code::unsupported,
                 {"ellipsis is not known"});
  expect_failure(plan_strided_slice({{kMost}, {0}, {1}}, shrunk, 1).status(), Code::shape, {"too far"});
  expect_ok(plan_strided_slice({two, ones, ones}, {}, kSliceOfUnknownRank).status());
}

}  // namespace
}  // namespace octet::test

int main() {
  using namespace octet::test;
  const CMUnitTest tests[] = {
      cmocka_unit_test(test_lists_alone),
      cmocka_unit_test(test_masked_ends_follow_the_step),
      cmocka_unit_test(test_shrunk_dimensions_are_cut_to_one_and_dropped),
      cmocka_unit_test(test_new_dimensions_and_an_ellipsis),
      cmocka_unit_test(test_what_cannot_be),
  };
  return cmocka_run_group_tests_name("import/strided_slice", tests, nullptr, nullptr);
}
