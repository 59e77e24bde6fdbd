// Phases: steps that threads take rows through together give the bytes that they give one after the other.
#include "runtime/layers.h"

namespace octet::test {
namespace {

// What a plan's phases are, such as "rows 3, pixels 2, tiles, alone 4".
std::string phases_of(const Plan& plan) {
  constexpr const char* kNames[] = {"tiles", "rows", "chain", "alone"};
  std::string text;
  for (const Phase& phase : plan.phases) {
    text += text.empty() ? "" : ", ";
    text += phase.pixels ? "pixels" : kNames[static_cast<int>(phase.kind)];
    if (phase.kind != Phase::Kind::tiles) text += " " + std::to_string(phase.count);
  }
  return text;
}

// Without what is small or not: on the reference nothing is.
void check_phases(Layers& layers, const std::string& expected) {
  layers.check([&](const Plan& plan) {
    int next = 0;
    for (const Phase& phase : plan.phases) {
      assert_int_equal(phase.first, next);
      next += phase.count;
    }
    assert_int_equal(next, plan.steps.size());
    if (plan.isa == Isa::ref) assert_string_equal(phases_of(plan).c_str(), expected.c_str());
  });
}

// The wide layers at the beginning of these networks are where most memory is needed: those behind them may join.
void test_residual_block(void**) {
  for (const bool int8 : {false, true}) {
    for (const std::int64_t side : {16, 23}) {
      Layers layers(int8, {1, 16, side, 17});
      const TensorId shortcut = layers.conv(16, k3x3).last();
      layers.conv(96, {}).conv(8, {}).conv(96, {}).depthwise(k3x3).conv(16, {}).add(shortcut).unary(UnaryKind::relu);
      layers.check([](const Plan& plan) {
        bool joined = false;  // convolution, add and activation
        for (const Phase& phase : plan.phases) joined = joined || (phase.kind == Phase::Kind::rows && phase.count >= 3);
        assert_true(joined);
      });
    }
  }
}

void test_windows_begin_a_phase(void**) {
  for (const bool int8 : {false, true}) {
    Layers layers(int8, {1, 32, 24, 40});
    layers.conv(96, {}).conv(32, {}).conv(8, k3x3).conv(8, {}).conv(8, k3x3).conv(8, {});
    layers.depthwise({3, 2, 1, 1, 1}).conv(8, {}).max_pool(k3x3);
    check_phases(layers, "rows 1, rows 1, rows 2, rows 2, rows 2, rows 1");
  }
}

// Both branches of a block run on the same rows, and so does what reads their concat.
void test_branches(void**) {
  for (const bool int8 : {false, true}) {
    Layers layers(int8, {1, 48, 14, 17});
    const TensorId squeezed = layers.conv(128, {}).conv(20, k3x3).conv(8, {}).last();
    const TensorId one = layers.conv(8, {}).last();
    layers.from(squeezed, 8).conv(8, k3x3).concat(one, 16).conv(4, {});
    check_phases(layers, "rows 1, rows 3, rows 2");
  }
}

// Fewer rows than a few threads can share: pixels, where the kernels do not care.
void test_small_images(void**) {
  for (const std::int64_t side : {1, 3, 7, 11}) {
    Layers layers(true, {1, 64, side, side});
    const TensorId shortcut = layers.conv(64, {}).last();
    layers.conv(160, {}).depthwise(k3x3).conv(64, {}).add(shortcut).unary(UnaryKind::relu).conv(24, {});
    layers.check([](const Plan& plan) {
      const std::string phases = phases_of(plan);
      if (plan.isa == Isa::ref && phases.find("pixels 4") == std::string::npos) fail_msg("%s", phases.c_str());
    });
  }
}

void test_strides_and_dilation(void**) {
  for (const bool int8 : {false, true}) {
    for (const std::int64_t height : {24, 25, 37}) {
      Layers layers(int8, {1, 24, height, 19});
      layers.depthwise({3, 2, 1, 0, 1}).conv(9, {}).depthwise({3, 1, 2, 2, 2}).conv(7, {}).max_pool({2, 2, 1, 0, 0});
      layers.check([](const Plan&) {});
    }
  }
}

// Rows that are too many for the cache go through the steps in several bands.
void test_bands(void**) {
  for (const bool int8 : {false, true}) {
    const std::int64_t unit = int8 ? 20 : 5;
    Layers layers(int8, {1, 2 * unit, 128, 128});
    layers.conv(3 * unit, {}).conv(unit, k3x3).conv(unit, {});
    layers.check([](const Plan& plan) {
      assert_string_equal(phases_of(plan).c_str(), "rows 1, rows 2");
      assert_true(plan.phases[1].band_rows < plan.phases[1].items);
    });
  }
}

// Steps that cannot be divided follow each other on one thread.
void test_steps_of_one_tile(void**) {
  GraphBuilder b;
  TensorId x = b.input("x", {1, 900});
  x = b.unary(UnaryKind::silu, "first", x);
  x = b.add(Op::softmax, "second", {x}, [](Attributes& a) { a.axis = 1; });
  b.output(b.unary(UnaryKind::relu, "third", x));
  const auto plan = make_plan(finish(b), Isa::ref);
  expect_ok(plan.status());
  assert_string_equal(phases_of(**plan).c_str(), "alone 3");
}

// Each of these is a few thousand products.
void test_small_steps_stay_on_one_thread(void**) {
  if (tested_isa() == Isa::ref) skip();
  Layers layers(true, {1, 8, 5, 5});
  layers.conv(8, {}).depthwise(k3x3).conv(8, {});
  layers.check([](const Plan& plan) {
    if (plan.isa != Isa::ref) assert_string_equal(phases_of(plan).c_str(), "alone 3");
  });
}

}  // namespace
}  // namespace octet::test

int main() {
  using namespace octet::test;
  const CMUnitTest tests[] = {
      cmocka_unit_test(test_residual_block),
      cmocka_unit_test(test_windows_begin_a_phase),
      cmocka_unit_test(test_branches),
      cmocka_unit_test(test_small_images),
      cmocka_unit_test(test_strides_and_dilation),
      cmocka_unit_test(test_bands),
      cmocka_unit_test(test_steps_of_one_tile),
      cmocka_unit_test(test_small_steps_stay_on_one_thread),
  };
  return cmocka_run_group_tests_name("phases of plans", tests, nullptr, nullptr);
}
