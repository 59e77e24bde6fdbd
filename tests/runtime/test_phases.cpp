// The phases of a run: every item once, each phase after the one before it. Also run under ThreadSanitizer.
#include <chrono>
#include <memory>
#include <thread>

#include "runtime/phases.h"
#include "support/expect.h"

namespace octet::test {
namespace {

// A run of several phases over the same plain ints, so that ThreadSanitizer sees who touches them: phase p adds 1 to
// each of its items, and to an item that the phase before has brought to the same number by another thread.
struct Run {
  Phases& phases;
  std::vector<std::int64_t> counts;
  std::vector<std::vector<int>> touched;  // [phase][item]
  std::atomic<bool> early{false};         // an item was worked on before the phase before it was done
  std::atomic<int> slow{-1};              // a thread that takes its time

  Run(Phases& p, std::vector<std::int64_t> c) : phases(p), counts(std::move(c)) {
    for (const std::int64_t count : counts) touched.emplace_back(static_cast<std::size_t>(count));
  }

  struct Body {
    Run& run;
    std::size_t phase;
  };

  static void work(void* context, int thread, std::int64_t begin, std::int64_t end) noexcept {
    const auto& [run, phase] = *static_cast<const Body*>(context);
    if (run.slow == thread) std::this_thread::sleep_for(std::chrono::milliseconds(2));
    for (std::int64_t i = begin; i < end; ++i) ++run.touched[phase][static_cast<std::size_t>(i)];
    if (phase == 0) return;
    for (const int touched : run.touched[phase - 1]) run.early = run.early || touched != 1;
  }

  void walk(int thread) {
    Phases::Walk walk(phases, thread);
    while (walk.next() < static_cast<std::int64_t>(counts.size())) {
      Body body{*this, static_cast<std::size_t>(walk.next())};
      walk.run(counts[body.phase], body.phase % 2 == 0, work, &body);
    }
  }

  void check() const {
    assert_false(early);
    for (const auto& phase : touched) {
      for (const int times : phase) assert_int_equal(times, 1);
    }
  }
};

const std::vector<std::int64_t> kCounts{1, 7, 0, 2, 100, 3, 1, 1, 64, 5, 1000, 8};

// delay: milliseconds before threads other than the first come; missing: threads that never do.
void run_threads(Phases& phases, int delay, int missing, int slow) {
  Run run(phases, kCounts);
  run.slow = slow;
  phases.begin(static_cast<std::int64_t>(run.counts.size()));
  std::vector<std::thread> threads;
  for (int t = 1; t < phases.threads() - missing; ++t) {
    threads.emplace_back([&run, t, delay] {
      std::this_thread::sleep_for(std::chrono::milliseconds(delay));
      run.walk(t);
    });
  }
  run.walk(0);
  run.check();  // all is done when one thread is through
  for (std::thread& thread : threads) thread.join();
  run.check();
}

void test_every_item_once_and_in_order(void**) {
  for (const int threads : {1, 2, 3, 6}) {
    Phases phases(threads);
    for (int i = 0; i < 60; ++i) run_threads(phases, 0, 0, -1);
  }
}

void test_threads_that_come_late_or_never(void**) {
  Phases phases(4);
  for (int i = 0; i < 6; ++i) run_threads(phases, i, 0, -1);
  for (int i = 0; i < 6; ++i) run_threads(phases, 0, 1 + i % 3, -1);
}

// The others sleep until a slow thread is done.
void test_threads_that_take_their_time(void**) {
  Phases phases(3);
  for (const int slow : {0, 1, 2}) run_threads(phases, 0, 0, slow);
}

// Threads one after the other, as a runner with a single thread has them; the last one finds nothing left.
void test_threads_one_after_the_other(void**) {
  Phases phases(3);
  for (int i = 0; i < 3; ++i) {
    Run run(phases, kCounts);
    phases.begin(static_cast<std::int64_t>(run.counts.size()));
    for (const int thread : {2, 0, 1, 0}) {
      run.walk(thread);
      run.check();
    }
  }
}

// Numbers of phases begin again before what old ones have left would seem to be of later ones.
void test_numbers_begin_again(void**) {
  Phases phases(2);
  for (int i = 0; i < 8; ++i) {
    run_threads(phases, 0, 0, -1);
    phases.begin(std::int64_t{1} << 30);  // a run that nobody walks
  }
}

// Pieces are ranges within the count, also where it is large beyond what one word counts.
void test_counts_beyond_32_bits(void**) {
  struct Sum {
    std::atomic<std::int64_t> items{0};
    std::atomic<int> pieces{0};
  };
  for (const std::int64_t count : {(std::int64_t{1} << 30) - 1, (std::int64_t{1} << 40) + 12345}) {
    Phases phases(2);
    phases.begin(1);
    Sum sum;
    Phases::Walk walk(phases, 1);
    walk.run(
        count, count % 2 == 0,
        [](void* context, int, std::int64_t begin, std::int64_t end) noexcept {
          auto& s = *static_cast<Sum*>(context);
          if (begin < end) s.items += end - begin;
          ++s.pieces;
        },
        &sum);
    assert_int_equal(sum.items.load(), count);
    assert_true(sum.pieces.load() < 100);
  }
}

}  // namespace
}  // namespace octet::test

int main() {
  using namespace octet::test;
  const CMUnitTest tests[] = {
      cmocka_unit_test(test_every_item_once_and_in_order), cmocka_unit_test(test_threads_that_come_late_or_never),
      cmocka_unit_test(test_threads_that_take_their_time), cmocka_unit_test(test_threads_one_after_the_other),
      cmocka_unit_test(test_numbers_begin_again),          cmocka_unit_test(test_counts_beyond_32_bits)};
  return cmocka_run_group_tests_name("phases", tests, nullptr, nullptr);
}
