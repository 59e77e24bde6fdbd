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

// Each item is worked on once; plain ints, so that ThreadSanitizer sees who touches them.
struct Work {
  std::vector<int> touched;
  int threads = 0;
  std::atomic<bool> bad_thread{false};

  static void run(void* context, int thread, std::int64_t begin, std::int64_t end) noexcept {
    auto& work = *static_cast<Work*>(context);
    if (thread < 0 || thread >= work.threads) work.bad_thread = true;
    for (std::int64_t i = begin; i < end; ++i) ++work.touched[static_cast<std::size_t>(i)];
  }
};

void test_every_item_once(void**) {
  for (const int threads : {1, 2, 3, 7}) {
    const auto pool = make_pool(threads);
    for (const std::int64_t count : {0, 1, 2, 3, 7, 8, 100, 12345}) {
      Work work;
      work.touched.resize(static_cast<std::size_t>(count));
      work.threads = threads;
      pool->run(count, Work::run, &work);
      for (const int touched : work.touched) assert_int_equal(touched, 1);
      assert_false(work.bad_thread);
    }
  }
}

// What one job wrote, the next one reads: the end of run is a barrier.
void test_many_tiny_jobs(void**) {
  const auto pool = make_pool(3);
  std::vector<std::int64_t> values(5, 0);
  for (int job = 0; job < 20000; ++job) {
    pool->run(
        5,
        [](void* context, int, std::int64_t begin, std::int64_t end) noexcept {
          auto& list = *static_cast<std::vector<std::int64_t>*>(context);
          for (std::int64_t i = begin; i < end; ++i) ++list[static_cast<std::size_t>(i)];
        },
        &values);
  }
  assert_int_equal(std::accumulate(values.begin(), values.end(), std::int64_t{0}), 100000);
}

// Workers that fell asleep between two jobs wake up.
void test_jobs_after_a_pause(void**) {
  const auto pool = make_pool(2);
  for (int job = 0; job < 5; ++job) {
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
    Work work;
    work.touched.resize(64);
    work.threads = 2;
    pool->run(64, Work::run, &work);
    for (const int touched : work.touched) assert_int_equal(touched, 1);
  }
}

void test_pools_come_and_go(void**) {
  for (int i = 0; i < 200; ++i) {
    const auto pool = make_pool(1 + i % 4);
    if (i % 3 == 0) continue;  // gone before it did anything
    Work work;
    work.touched.resize(10);
    work.threads = 1 + i % 4;
    pool->run(10, Work::run, &work);
    for (const int touched : work.touched) assert_int_equal(touched, 1);
  }
}

// Threads inherit the rounding mode of who starts them; the pool's do not keep it.
void test_workers_round_to_nearest(void**) {
  std::fesetround(FE_UPWARD);
  const auto pool = make_pool(3);
  std::fesetround(FE_TONEAREST);
  std::atomic<int> others{0};
  for (int job = 0; job < 100; ++job) {
    pool->run(
        30,
        [](void* context, int, std::int64_t, std::int64_t) noexcept {
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
  const CMUnitTest tests[] = {cmocka_unit_test(test_every_item_once), cmocka_unit_test(test_many_tiny_jobs),
                              cmocka_unit_test(test_jobs_after_a_pause), cmocka_unit_test(test_pools_come_and_go),
                              cmocka_unit_test(test_workers_round_to_nearest)};
  return cmocka_run_group_tests_name("threads", tests, nullptr, nullptr);
}
