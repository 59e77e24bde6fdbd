// A small pool of threads that join the caller's. Workers wait for a run by spinning briefly, then asleep.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <thread>
#include <vector>

#include "base/status.h"

namespace octet {

class ThreadPool {
 public:
  // What each thread does in a run; 0 is the caller's.
  using Program = void (*)(void* context, int thread) noexcept;

  // `threads` counts the caller's: 1 starts none. Errors: Code::memory when the system gives no more threads.
  static Result<std::unique_ptr<ThreadPool>> create(int threads);
  ~ThreadPool();
  ThreadPool(const ThreadPool&) = delete;
  ThreadPool& operator=(const ThreadPool&) = delete;

  int threads() const { return static_cast<int>(workers_.size()) + 1; }

  // Calls program(context, thread) on the caller's thread and on each worker that wakes before the caller's call
  // returns; waits for the workers inside, not for those that have yet to wake. Allocates nothing.
  void run(Program program, void* context);

 private:
  // The state of a run: how many workers are inside, and whether more may enter.
  static constexpr std::uint32_t kOpen = 1u << 31;

  ThreadPool() = default;
  void work(int thread);
  bool enter();
  void leave();

  std::vector<std::thread> workers_;
  // The current run, written while it is closed and nobody is inside; beside it what sleeping workers look at, so that
  // one line of the cache tells a worker all.
  alignas(64) std::atomic<std::uint32_t> generation_{0};  // of runs
  Program program_ = nullptr;
  void* context_ = nullptr;
  std::atomic<bool> stop_{false};
  alignas(64) std::atomic<std::uint32_t> state_{0};
};

}  // namespace octet
