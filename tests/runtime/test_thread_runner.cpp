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

// Each item is worked on once; plain ints, so that ThreadSanitizer sees who touches them.
struct Work {
  std::vector<int> touched;
  std::vector<std::atomic<int>> inside;  // of each piece
  std::atomic<bool> shared{false};       // two threads worked as the same piece at the same time

  Work(std::size_t count, std::size_t threads) : touched(count), inside(threads) {}
  static void run(void* context, int thread, std::int64_t begin, std::int64_t end) noexcept {
    auto& work = *static_cast<Work*>(context);
    auto& inside = work.inside[static_cast<std::size_t>(thread)];
    if (inside.fetch_add(1) != 0) work.shared = true;
    for (std::int64_t i = begin; i < end; ++i) ++work.touched[static_cast<std::size_t>(i)];
    inside.fetch_sub(1);
  }
};

void test_every_item_once(void**) {
  for (const auto run : {on_threads, one_after_the_other, only_the_last, none}) {
    const ThreadRunner runner{run, nullptr};
    for (const int threads : {1, 2, 3, 8}) {
      for (const std::int64_t count : {0, 1, 2, 7, 8, 100, 1234}) {
        Work work(static_cast<std::size_t>(count), static_cast<std::size_t>(threads));
        run_on(runner, threads, count, Work::run, &work);
        for (const int touched : work.touched) assert_int_equal(touched, 1);
        assert_false(work.shared);
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
  const CMUnitTest tests[] = {cmocka_unit_test(test_every_item_once), cmocka_unit_test(test_running_allocates_nothing)};
  return cmocka_run_group_tests_name("threads of the program", tests, nullptr, nullptr);
}
