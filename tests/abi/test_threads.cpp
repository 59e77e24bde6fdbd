// One model, one report and one picture, used by several threads at the same time for everything that they are for.
// Whether that is sound shows under ThreadSanitizer (tests/run.sh --full).
#include <atomic>
#include <functional>
#include <thread>

#include "abi/network.h"

namespace octet::test {
namespace {

constexpr int kThreads = 6;

// Calls `body(thread)` on kThreads threads that start together; how many said false.
int failures_of(const std::function<bool(int)>& body) {
  std::atomic<int> waiting{kThreads};
  std::atomic<int> failures{0};
  std::vector<std::thread> threads;
  for (int t = 0; t < kThreads; ++t) {
    threads.emplace_back([&, t] {
      --waiting;
      while (waiting > 0) std::this_thread::yield();
      if (!body(t)) ++failures;
    });
  }
  for (std::thread& thread : threads) thread.join();
  return failures;
}

std::vector<float> run_quietly(q_session* session, std::vector<float> input) {
  std::vector<float> output(kOutputCount);
  const q_tensor in = {input.data(), input.size() * 4, nullptr, Q_FLOAT32, 0};
  const q_tensor out = {output.data(), output.size() * 4, nullptr, Q_FLOAT32, 0};
  if (q_session_run(session, &in, 1, &out, 1, nullptr) != Q_OK) output.clear();
  return output;
}

// The plan of a model is made when it is first needed: by all threads at once here.
void test_first_sessions_at_once(void**) {
  for (int round = 0; round < 5; ++round) {
    const Model model = load_bytes(small_network());
    const std::vector<float> expected = run(make_session(load_bytes(small_network()).get()).get(), sample(1));
    const int failures = failures_of([&](int t) {
      auto options = sized<q_session_options>();
      options.threads = 1 + t % 3;
      if (t == 5) {
        auto info = sized<q_session_info>();
        return q_session_measure(model.get(), &options, &info, nullptr) == Q_OK && info.arena_bytes > 0;
      }
      q_session* out = nullptr;
      if (q_session_create(model.get(), &options, &out, nullptr) != Q_OK) return false;
      const Session session(out);
      return run_quietly(out, sample(1)) == expected;
    });
    assert_int_equal(failures, 0);
  }
}

// Sessions run while the model is quantized, compared, written and looked at.
void test_everything_at_once(void**) {
  const Model real = load_bytes(small_network());
  const Model int8 = quantize(real.get());
  const std::vector<float> expected = run(make_session(int8.get()).get(), sample(1));
  const q_calibration samples = calibration(4);
  auto comparing = sized<q_compare_options>();
  comparing.samples = &samples;
  q_report* made = nullptr;
  Error error;
  expect_ok(q_compare(real.get(), int8.get(), &comparing, &made, &error), error);
  const Report report(made);
  const auto ignore = [](void*, q_bytes) -> std::int32_t { return 0; };
  const int failures = failures_of([&](int t) {
    bool good = true;
    for (int i = 0; i < 4 && good; ++i) {
      if (t < 2) {
        auto options = sized<q_session_options>();
        options.threads = 2;
        q_session* out = nullptr;
        good = q_session_create(int8.get(), &options, &out, nullptr) == Q_OK;
        const Session session(out);
        for (int k = 0; k < 20; ++k) good = good && run_quietly(out, sample(1)) == expected;
      } else if (t == 2) {
        auto options = sized<q_quantize_options>();
        options.calibration = &samples;
        options.feature_method = q_text("MINMAX");
        options.threads = 2;
        q_model* out = nullptr;
        good = q_quantize(real.get(), &options, &out, nullptr, nullptr) == Q_OK;
        q_model_free(out);
      } else if (t == 3) {
        q_report* out = nullptr;
        good = q_compare(real.get(), int8.get(), &comparing, &out, nullptr) == Q_OK;
        q_report_free(out);
      } else if (t == 4) {
        good = q_model_write(int8.get(), q_text("octet"), ignore, nullptr, nullptr) == Q_OK;
      } else {
        q_str json = {};
        auto layer = sized<q_layer_info>();
        auto layer_error = sized<q_layer_error>();
        good = q_report_get_json(report.get(), &json, nullptr) == Q_OK && json.size > 0 &&
               q_report_get_layer(report.get(), i, &layer_error, nullptr) == Q_OK &&
               q_model_get_layer(int8.get(), i, &layer, nullptr) == Q_OK && layer.op.size > 0;
      }
    }
    return good;
  });
  assert_int_equal(failures, 0);
}

// One decoded picture, prepared and classified by all.
void test_one_picture_for_all(void**) {
  const Model model = load_bytes(small_network());
  const std::string file = std::string(OCTET_SOURCE_DIR) + "/examples/models/test/0001.png";
  q_image* decoded = nullptr;
  Error error;
  expect_ok(q_image_load(str(file), Q_PIXELS_RGB, &decoded, &error), error);
  const Image image(decoded);
  auto recipe = sized<q_recipe>();
  recipe.normal[0] = recipe.normal[1] = recipe.normal[2] = 0.01F;
  std::vector<std::vector<float>> outputs(kThreads, std::vector<float>(kOutputCount));
  const int failures = failures_of([&](int t) {
    q_session* out = nullptr;
    if (q_session_create(model.get(), nullptr, &out, nullptr) != Q_OK) return false;
    const Session session(out);
    auto& output = outputs[static_cast<std::size_t>(t)];
    const q_tensor tensor = {output.data(), output.size() * 4, nullptr, Q_FLOAT32, 0};
    auto pixels = sized<q_pixels>();
    bool good = q_image_get_pixels(decoded, &pixels, nullptr) == Q_OK;
    for (int i = 0; i < 20; ++i) {
      good = good && q_session_run_image(out, &pixels, &recipe, &tensor, 1, nullptr) == Q_OK;
    }
    return good;
  });
  assert_int_equal(failures, 0);
  for (const auto& output : outputs) assert_true(output == outputs[0]);
}

// All sessions are stopped by one thread that has nothing to do with them.
void test_stopping_many_sessions(void**) {
  const Model model = load_bytes(small_network());
  std::vector<Session> sessions;
  for (int t = 0; t < kThreads; ++t) sessions.push_back(make_session(model.get(), 1 + t % 2));
  std::atomic<bool> stop{false};
  std::thread watcher([&] {
    while (!stop) std::this_thread::yield();
    for (const Session& session : sessions) q_session_cancel(session.get(), 1);
  });
  std::atomic<int> started{0};
  const int failures = failures_of([&](int t) {
    q_session* session = sessions[static_cast<std::size_t>(t)].get();
    for (long i = 0; i < 100000000; ++i) {
      auto input = sample(0);
      std::vector<float> output(kOutputCount);
      const q_tensor in = {input.data(), input.size() * 4, nullptr, Q_FLOAT32, 0};
      const q_tensor out = {output.data(), output.size() * 4, nullptr, Q_FLOAT32, 0};
      const q_status status = q_session_run(session, &in, 1, &out, 1, nullptr);
      if (status != Q_OK) return status == Q_E_CANCELLED && i > 0;
      if (i == 0 && ++started == kThreads) stop = true;
    }
    return false;
  });
  watcher.join();
  assert_int_equal(failures, 0);
}

}  // namespace
}  // namespace octet::test

int main() {
  using namespace octet::test;
  const CMUnitTest tests[] = {
      cmocka_unit_test(test_first_sessions_at_once),
      cmocka_unit_test(test_everything_at_once),
      cmocka_unit_test(test_one_picture_for_all),
      cmocka_unit_test(test_stopping_many_sessions),
  };
  return cmocka_run_group_tests_name("one model, many threads", tests, nullptr, nullptr);
}
