// Work on the threads of the program around the library. Also run under ThreadSanitizer.
#include <atomic>
#include <thread>
#include <vector>

#include "runtime/networks.h"
#include "runtime/thread_runner.h"
#include "support/allocations.h"

namespace octet::test {
namespace {

void on_threads(void*, ThreadRunner::Piece piece, void* argument, std::int64_t count) {
  std::vector<std::thread> threads;
  for (std::int64_t i = 0; i < count; ++i) threads.emplace_back([=] { piece(argument, i); });
  for (std::thread& thread : threads) thread.join();
}
void one_after_the_other(void*, ThreadRunner::Piece piece, void* argument, std::int64_t count) {
  for (std::int64_t i = 0; i < count; ++i) piece(argument, i);
}
void only_the_last(void*, ThreadRunner::Piece piece, void* argument, std::int64_t count) { piece(argument, count - 1); }
void none(void*, ThreadRunner::Piece, void*, std::int64_t) {}

// Plain ints, one for each thread, so that ThreadSanitizer sees who touches them.
struct Visits {
  std::vector<int> of_thread;
  std::vector<std::atomic<int>> inside;
  std::atomic<bool> shared{false};  // two threads worked under the same number at the same time

  explicit Visits(std::size_t threads) : of_thread(threads), inside(threads) {}
  static void come(void* context, int thread) noexcept {
    auto& visits = *static_cast<Visits*>(context);
    auto& inside = visits.inside[static_cast<std::size_t>(thread)];
    if (inside.fetch_add(1) != 0) visits.shared = true;
    ++visits.of_thread[static_cast<std::size_t>(thread)];
    inside.fetch_sub(1);
  }
};

// Each piece is a thread; the caller comes last, and alone, for what a runner has left out.
void test_each_piece_is_a_thread(void**) {
  for (const int threads : {1, 2, 3, 8}) {
    for (const auto run : {on_threads, one_after_the_other, only_the_last, none}) {
      Visits visits(static_cast<std::size_t>(threads));
      run_on({run, nullptr}, threads, Visits::come, &visits);
      assert_false(visits.shared);
      const bool all = run == on_threads || run == one_after_the_other;
      for (int t = 0; t < threads; ++t) {
        const int expected = (t == 0 ? 1 : 0) + (threads > 1 && (all || (run == only_the_last && t == threads - 1)));
        assert_int_equal(visits.of_thread[static_cast<std::size_t>(t)], expected);
      }
    }
  }
}

// Whatever a runner does, the bytes are those of one thread.
void test_every_runner_gives_the_same(void**) {
  GraphBuilder b = int8_network();
  const auto graph = finish(b);
  const Values input = random_bytes(static_cast<std::size_t>(element_count(graph->at(graph->inputs[0]).dims)));
  const auto expected = run_session(*session_of(plan_of(graph), {1, false, {}}), {input});
  for (const auto run : {on_threads, one_after_the_other, only_the_last, none}) {
    for (const int threads : {1, 2, 3, 8}) {
      for (const bool profile : {false, true}) {
        const auto session = session_of(plan_of(graph), {threads, profile, {run, nullptr}});
        for (int i = 0; i < 3; ++i) assert_true(run_session(*session, {input})[0].bytes == expected[0].bytes);
        double sum = 0;
        for (const StepTime& time : session->times()) sum += time.total_ms;
        assert_true((sum > 0) == profile);
      }
    }
  }
}

void test_running_allocates_nothing(void**) {
  if (!Allocations::kCounted) skip();
  GraphBuilder b = float_network();
  const auto graph = finish(b);
  SessionOptions options;
  options.threads = 4;
  options.runner = {one_after_the_other, nullptr};
  auto session = Session::create(plan_of(graph), options);
  expect_ok(session.status());
  assert_int_equal((*session)->threads(), 4);
  std::vector<FloatVector> memory;
  std::vector<Binding> inputs, outputs;
  for (const auto& [ids, bindings] : {std::pair{&graph->inputs, &inputs}, std::pair{&graph->outputs, &outputs}}) {
    for (const TensorId id : *ids) {
      memory.push_back(interpreter_input(graph->at(id).dims));
      bindings->push_back({memory.back().data(), memory.back().size() * sizeof(float), nullptr, DType::f32});
    }
  }
  const long before = Allocations::count;
  const bool ok = (*session)->run(inputs, outputs).ok();
  const long after = Allocations::count;
  assert_true(ok);
  assert_int_equal(after - before, 0);
}

}  // namespace
}  // namespace octet::test

int main() {
  using namespace octet::test;
  const CMUnitTest tests[] = {cmocka_unit_test(test_each_piece_is_a_thread),
                              cmocka_unit_test(test_every_runner_gives_the_same),
                              cmocka_unit_test(test_running_allocates_nothing)};
  return cmocka_run_group_tests_name("threads of the program", tests, nullptr, nullptr);
}
