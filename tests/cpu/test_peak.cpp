// The peak of the multipliers: a number for each instruction set that has one of its own here, none for the others.
#include <cmath>

#include "cpu/peak.h"
#include "support/expect.h"

using namespace octet;
using namespace octet::test;

namespace {

void test_every_package_here_has_a_peak(void**) {
  for (int i = 0; i < kIsaCount; ++i) {
    const Isa isa = static_cast<Isa>(i);
    if (isa == Isa::ref || !is_available(isa)) continue;
    for (const auto multiplier : {Multiplier::float32, Multiplier::int8}) {
      const auto one = measure_peak(isa, multiplier, 1);
      expect_ok(one.status());
      // A CPU of a tenth of a gigahertz would do more, one of a terahertz not.
      assert_true(*one > 0.5 && *one < 1e5);
    }
  }
}

void test_threads_work_at_the_same_time(void**) {
  const auto two = measure_peak(best_isa(), Multiplier::int8, 2);
  expect_ok(two.status());
  assert_true(std::isfinite(*two));
  assert_true((*two > 0) == (best_isa() != Isa::ref));
}

void test_the_reference_has_none(void**) {
  for (const auto multiplier : {Multiplier::float32, Multiplier::int8}) {
    const auto peak = measure_peak(Isa::ref, multiplier, 1);
    expect_ok(peak.status());
    assert_true(*peak == 0);
  }
}

}  // namespace

int main() {
  const CMUnitTest tests[] = {
      cmocka_unit_test(test_every_package_here_has_a_peak),
      cmocka_unit_test(test_threads_work_at_the_same_time),
      cmocka_unit_test(test_the_reference_has_none),
  };
  return cmocka_run_group_tests_name("cpu/peak", tests, nullptr, nullptr);
}
