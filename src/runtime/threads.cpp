#include "runtime/threads.h"

#include <algorithm>
#include <cfenv>
#include <system_error>

namespace octet {
namespace {

constexpr int kSpins = 4000;  // about 20 microseconds of looking before sleeping

void pause_cpu() {
#if defined(__x86_64__) || defined(__i386__)
  __builtin_ia32_pause();
#elif defined(__aarch64__)
  __asm__ volatile("yield");
#endif
}

}  // namespace

Result<std::unique_ptr<ThreadPool>> ThreadPool::create(int threads) {
  std::unique_ptr<ThreadPool> pool(new ThreadPool);
  pool->parts_ = std::vector<Part>(static_cast<std::size_t>(threads));
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

void ThreadPool::take_pieces(int thread) {
  const auto own = static_cast<std::size_t>(thread);
  for (std::size_t i = 0; i < parts_.size(); ++i) {
    Part& part = parts_[(own + i) % parts_.size()];
    std::int64_t begin = part.next.load(std::memory_order_relaxed);
    while (begin < part.end) {
      const std::int64_t end = begin + (part.end - begin + 1) / 2;
      if (!part.next.compare_exchange_weak(begin, end, std::memory_order_relaxed)) continue;
      body_(context_, thread, begin, end);
      begin = part.next.load(std::memory_order_relaxed);
    }
  }
}

bool ThreadPool::enter() {
  std::uint32_t state = state_.load(std::memory_order_relaxed);
  while ((state & kOpen) != 0) {
    if (state_.compare_exchange_weak(state, state + 1, std::memory_order_acquire, std::memory_order_relaxed))
      return true;
  }
  return false;  // the job ended before this worker woke
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
    take_pieces(thread);
    leave();
  }
}

void ThreadPool::run(std::int64_t count, Body body, void* context) {
  if (workers_.empty() || count <= 1) {
    body(context, 0, 0, count);
    return;
  }
  body_ = body;
  context_ = context;
  const auto threads = static_cast<std::int64_t>(parts_.size());
  for (std::int64_t t = 0; t < threads; ++t) {
    Part& part = parts_[static_cast<std::size_t>(t)];
    part.next.store(t * (count / threads) + std::min(t, count % threads), std::memory_order_relaxed);
    part.end = (t + 1) * (count / threads) + std::min(t + 1, count % threads);
  }
  state_.store(kOpen, std::memory_order_release);
  generation_.fetch_add(1, std::memory_order_release);
  generation_.notify_all();
  take_pieces(0);
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
