#include "runtime/threads.h"

#include <cfenv>
#include <system_error>

#include "runtime/pause.h"

namespace octet {

Result<std::unique_ptr<ThreadPool>> ThreadPool::create(int threads) {
  std::unique_ptr<ThreadPool> pool(new ThreadPool);
  pool->workers_.reserve(static_cast<std::size_t>(threads));
  for (int i = 1; i < threads; ++i) {
    try {
      pool->workers_.emplace_back([raw = pool.get(), i] { raw->work(i); });
    } catch (const std::system_error& error) {
      return fail(Code::memory, "the system refuses thread " + std::to_string(i + 1) + " of " +
                                    std::to_string(threads) + ": " + error.what() + "; ask for fewer threads");
    }
  }
  return pool;
}

ThreadPool::~ThreadPool() {
  stop_.store(true);
  generation_.fetch_add(1);
  generation_.notify_all();
  for (std::thread& worker : workers_) worker.join();
}

bool ThreadPool::enter() {
  std::uint32_t state = state_.load(std::memory_order_relaxed);
  while ((state & kOpen) != 0) {
    if (state_.compare_exchange_weak(state, state + 1, std::memory_order_acquire, std::memory_order_relaxed))
      return true;
  }
  return false;  // the run ended before this worker woke
}

void ThreadPool::leave() {
  if (state_.fetch_sub(1, std::memory_order_acq_rel) == 1) state_.notify_one();  // closed, and the last one inside
}

void ThreadPool::work(int thread) {
  std::fesetenv(FE_DFL_ENV);  // the creator's rounding mode is not ours
  std::uint32_t seen = 0;
  for (;;) {
    std::uint32_t now = generation_.load(std::memory_order_acquire);
    for (int spin = 0; now == seen && spin < kSpins; ++spin) {
      pause_cpu();
      now = generation_.load(std::memory_order_acquire);
    }
    if (now == seen) {
      generation_.wait(seen, std::memory_order_acquire);
      continue;
    }
    seen = now;
    if (stop_.load()) return;
    if (!enter()) continue;
    program_(context_, thread);
    leave();
  }
}

void ThreadPool::run(Program program, void* context) {
  if (workers_.empty()) {
    program(context, 0);
    return;
  }
  program_ = program;
  context_ = context;
  state_.store(kOpen, std::memory_order_release);
  generation_.fetch_add(1, std::memory_order_release);
  generation_.notify_all();
  program(context, 0);
  std::uint32_t inside = state_.fetch_and(~kOpen, std::memory_order_acq_rel) & ~kOpen;
  for (int spin = 0; inside != 0 && spin < kSpins; ++spin) {
    pause_cpu();
    inside = state_.load(std::memory_order_acquire);
  }
  while (inside != 0) {
    state_.wait(inside, std::memory_order_acquire);
    inside = state_.load(std::memory_order_acquire);
  }
}

}  // namespace octet
