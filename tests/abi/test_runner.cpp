// Sessions on the caller's threads, the peak of the multipliers, and what steps say. Also run under ThreadSanitizer.
#include <cfenv>
#include <cmath>
#include <thread>

#include "abi/network.h"

namespace octet::test {
namespace {

// A runner as a program might have it, and what it was asked for.
struct Runner {
  enum class Kind { threads, backwards, lazy, rounding_up };
  Kind kind = Kind::threads;
  std::thread::id thread = std::this_thread::get_id();
  int calls = 0;
  std::int64_t most = 0;
  bool sound = true;

  static void run(void* user, q_piece_fn piece, void* arg, std::int64_t count) {
    auto& runner = *static_cast<Runner*>(user);
    ++runner.calls;
    runner.most = std::max(runner.most, count);
    runner.sound = runner.sound && count > 1 && std::this_thread::get_id() == runner.thread;
    switch (runner.kind) {
      case Kind::threads:
      case Kind::rounding_up: {
        std::vector<std::thread> threads;
        for (std::int64_t i = 0; i < count; ++i) {
          threads.emplace_back([&runner, piece, arg, i] {
            if (runner.kind == Kind::rounding_up) std::fesetround(FE_UPWARD);
            piece(arg, i);
          });
        }
        for (std::thread& thread : threads) thread.join();
        break;
      }
      case Kind::backwards:
        for (std::int64_t i = count; i-- > 0;) piece(arg, i);
        break;
      case Kind::lazy:  // does nothing that makes sense
        piece(arg, -1);
        piece(arg, count);
        break;
    }
  }
};

Session session_on(const q_model* model, Runner& runner, int threads, int profile = 0) {
  auto options = sized<q_session_options>();
  options.threads = threads;
  options.profile = profile;
  options.runner = Runner::run;
  options.runner_user = &runner;
  q_session* session = nullptr;
  Error error;
  expect_ok(q_session_create(model, &options, &session, &error), error);
  return Session(session);
}

q_session_info info_of(const q_session* session) {
  auto info = sized<q_session_info>();
  Error error;
  expect_ok(q_session_get_info(session, &info, &error), error);
  return info;
}

void test_the_callers_threads_give_the_same(void**) {
  const Model real = load_bytes(small_network());
  const Model int8 = quantize(real.get());
  for (const q_model* model : {real.get(), int8.get()}) {
    const std::vector<float> expected = run(make_session(model).get(), sample(3));
    for (const auto kind :
         {Runner::Kind::threads, Runner::Kind::backwards, Runner::Kind::lazy, Runner::Kind::rounding_up}) {
      for (const int threads : {1, 2, 3, 7}) {
        Runner runner;
        runner.kind = kind;
        const Session session = session_on(model, runner, threads);
        assert_int_equal(info_of(session.get()).threads, threads);
        for (int i = 0; i < 3; ++i) assert_true(run(session.get(), sample(3)) == expected);
        assert_true(runner.sound);
        assert_true((runner.calls > 0) == (threads > 1));
        assert_true(runner.most <= threads);
      }
    }
  }
}

void test_without_a_number_all_cpus_are_meant(void**) {
  const Model model = load_bytes(small_network());
  Runner runner;
  const Session session = session_on(model.get(), runner, 0);
  assert_true(info_of(session.get()).threads >= 1);
  auto options = sized<q_session_options>();
  options.runner = Runner::run;
  options.threads = 257;
  q_session* refused = nullptr;
  Error error;
  expect_failure(q_session_create(model.get(), &options, &refused, &error), Q_E_ARGUMENT, error, "257");
}

// One session for each of several threads, all with runners of their own.
void test_sessions_side_by_side(void**) {
  const Model model = quantize(load_bytes(small_network()).get());
  const std::vector<float> expected = run(make_session(model.get()).get(), sample(1));
  std::vector<std::thread> threads;
  std::vector<int> right(3);
  for (int& result : right) {
    threads.emplace_back([&model, &expected, &result] {
      Runner runner;
      const Session session = session_on(model.get(), runner, 2);
      for (int i = 0; i < 5; ++i) result += run(session.get(), sample(1)) == expected ? 1 : 0;
    });
  }
  for (std::thread& thread : threads) thread.join();
  for (const int result : right) assert_int_equal(result, 5);
}

void test_steps_and_layers_call_operators_the_same(void**) {
  const Model model = load_bytes(small_network());
  Runner runner;
  const Session session = session_on(model.get(), runner, 2, 1);
  run(session.get(), sample(0));
  auto model_info = sized<q_model_info>();
  Error error;
  expect_ok(q_model_get_info(model.get(), &model_info, &error), error);
  int compared = 0, depthwise = 0;
  for (std::int32_t s = 0; s < info_of(session.get()).step_count; ++s) {
    auto step = sized<q_step_info>();
    expect_ok(q_session_get_step(session.get(), s, &step, &error), error);
    assert_true(step.last_ms >= 0 && step.total_ms >= step.last_ms);
    for (std::int32_t l = 0; l < model_info.layer_count; ++l) {
      auto layer = sized<q_layer_info>();
      expect_ok(q_model_get_layer(model.get(), l, &layer, &error), error);
      if (text(layer.name) != text(step.name)) continue;
      assert_string_equal(text(step.op).c_str(), text(layer.op).c_str());
      ++compared;
      depthwise += text(step.op) == "depthwise conv" ? 1 : 0;
    }
  }
  assert_true(compared >= 6);
  assert_int_equal(depthwise, 1);
}

void test_peak(void**) {
  const Model model = load_bytes(small_network());
  const bool reference = text(info_of(make_session(model.get()).get()).isa) == "ref";
  for (const q_dtype dtype : {Q_FLOAT32, Q_INT8}) {
    Error error;
    double peak = -1;
    expect_ok(q_measure_peak({}, dtype, 0, &peak, &error), error);
    assert_true(std::isfinite(peak) && (reference ? peak == 0 : peak > 0));
    expect_ok(q_measure_peak(q_text("ref"), dtype, 2, &peak, &error), error);
    assert_true(peak == 0);
  }
  Error error;
  double peak = -1;
  expect_failure(q_measure_peak({}, Q_INT8, 1, nullptr, &error), Q_E_ARGUMENT, error, "gmacs_per_second");
  expect_failure(q_measure_peak({}, 7, 1, &peak, &error), Q_E_ARGUMENT, error, "dtype 7");
  expect_failure(q_measure_peak({}, Q_INT8, -1, &peak, &error), Q_E_ARGUMENT, error, "-1");
  expect_failure(q_measure_peak(q_text("abacus"), Q_INT8, 1, &peak, &error), Q_E_ARGUMENT, error, "abacus");
  assert_true(peak == 0);
}

// Which layers stay float is up to the machine; that it is told is not.
void test_float_where_faster(void**) {
  const Model model = load_bytes(small_network());
  const q_calibration samples = calibration(6);
  auto options = sized<q_quantize_options>();
  options.calibration = &samples;
  options.feature_method = q_text("MINMAX");
  options.float_where_faster = 2;
  q_model* out = nullptr;
  q_report* made = nullptr;
  Error error;
  expect_failure(q_quantize(model.get(), &options, &out, &made, &error), Q_E_ARGUMENT, error, "float_where_faster");
  options.float_where_faster = 1;
  expect_ok(q_quantize(model.get(), &options, &out, &made, &error), error);
  const Model quantized(out);
  const Report report(made);
  auto info = sized<q_report_info>();
  expect_ok(q_report_get_info(report.get(), &info, &error), error);
  auto kept = sized<q_kept_float>();
  for (std::int32_t i = 0; i < info.kept_float_count; ++i) {
    expect_ok(q_report_get_kept_float(report.get(), i, &kept, &error), error);
    assert_true(kept.name.size > 0 && kept.op.size > 0);
  }
  assert_true((info.kept_float_count > 0) == (info.mixed_ms > 0) && info.mixed_ms <= info.int8_ms);
  for (const std::int32_t index : {-1, info.kept_float_count}) {
    expect_failure(q_report_get_kept_float(report.get(), index, &kept, &error), Q_E_ARGUMENT, error, "kept layer");
  }
  auto model_info = sized<q_model_info>();
  expect_ok(q_model_get_info(quantized.get(), &model_info, &error), error);
  assert_true(model_info.int8_layer_count > 0);
}

}  // namespace
}  // namespace octet::test

int main() {
  using namespace octet::test;
  const CMUnitTest tests[] = {
      cmocka_unit_test(test_the_callers_threads_give_the_same),
      cmocka_unit_test(test_without_a_number_all_cpus_are_meant),
      cmocka_unit_test(test_sessions_side_by_side),
      cmocka_unit_test(test_steps_and_layers_call_operators_the_same),
      cmocka_unit_test(test_peak),
      cmocka_unit_test(test_float_where_faster),
  };
  return cmocka_run_group_tests_name("the caller's threads", tests, nullptr, nullptr);
}
