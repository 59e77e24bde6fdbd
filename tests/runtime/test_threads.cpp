// The thread pool. Also run under ThreadSanitizer.
#include <cfenv>
#include <memory>
#include <numeric>

#include "runtime/threads.h"
#include "support/expect.h"

namespace octet::test {
namespace {

std::unique_ptr<ThreadPool> make_pool(int threads) {
  auto pool = ThreadPool::create(threads);
  expect_ok(pool.status());
  assert_int_equal((*pool)->threads(), threads);
  return std::move(*pool);
}

// Counts who came; plain ints, one for each thread, so that ThreadSanitizer sees who touches them.
struct Visits {
  std::vector<int> of_thread;
  std::atomic<bool> bad_thread{false};

  explicit Visits(int threads) : of_thread(static_cast<std::size_t>(threads)) {}
  static void come(void* context, int thread) noexcept {
    auto& visits = *static_cast<Visits*>(context);
    if (thread < 0 || thread >= static_cast<int>(visits.of_thread.size())) {
      visits.bad_thread = true;
    } else {
      ++visits.of_thread[static_cast<std::size_t>(thread)];
    }
  }
};

// The caller comes once for each run, every other thread at most once, and all have left when run returns.
void test_each_thread_comes_once(void**) {
  for (const int threads : {1, 2, 3, 7}) {
    const auto pool = make_pool(threads);
    Visits visits(threads);
    for (int run = 1; run <= 1000; ++run) {
      pool->run(Visits::come, &visits);
      for (const int came : visits.of_thread) assert_true(came <= run);
      assert_int_equal(visits.of_thread[0], run);
    }
    assert_false(visits.bad_thread);
  }
}

// A run that lasts until all are there: workers that look for work and workers that sleep come.
void test_all_workers_come(void**) {
  const auto pool = make_pool(3);
  for (int run = 0; run < 6; ++run) {
    if (run % 2 == 0) std::this_thread::sleep_for(std::chrono::milliseconds(5));
    std::atomic<int> there{0};
    pool->run(
        [](void* context, int) noexcept {
          auto& count = *static_cast<std::atomic<int>*>(context);
          count.fetch_add(1);
          while (count.load() < 3) std::this_thread::yield();
        },
        &there);
    assert_int_equal(there.load(), 3);
  }
}

void test_pools_come_and_go(void**) {
  for (int i = 0; i < 200; ++i) {
    const auto pool = make_pool(1 + i % 4);
    if (i % 3 == 0) continue;  // gone before it did anything
    Visits visits(1 + i % 4);
    pool->run(Visits::come, &visits);
    assert_int_equal(visits.of_thread[0], 1);
  }
}

// Threads inherit the rounding mode of who starts them; the pool's do not keep it.
void test_workers_round_to_nearest(void**) {
  std::fesetround(FE_UPWARD);
  const auto pool = make_pool(3);
  std::fesetround(FE_TONEAREST);
  std::atomic<int> others{0};
  for (int run = 0; run < 100; ++run) {
    pool->run(
        [](void* context, int) noexcept {
          if (std::fegetround() != FE_TONEAREST) ++*static_cast<std::atomic<int>*>(context);
        },
        &others);
  }
  assert_int_equal(others.load(), 0);
}

}  // namespace
}  // namespace octet::test

int main() {
  using namespace octet::test;
  const CMUnitTest tests[] = {cmocka_unit_test(test_each_thread_comes_once), cmocka_unit_test(test_all_workers_come),
                              cmocka_unit_test(test_pools_come_and_go),
                              cmocka_unit_test(test_workers_round_to_nearest)};
  return cmocka_run_group_tests_name("threads", tests, nullptr, nullptr);
}
