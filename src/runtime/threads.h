// A small pool of threads for the tiles of one step at a time. Workers wait for work by spinning briefly, then asleep:
// steps follow each other within microseconds, networks do not.
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
  // Runs [begin, end) on thread `thread`, 0 being the caller's.
  using Body = void (*)(void* context, int thread, std::int64_t begin, std::int64_t end) noexcept;

  // `threads` counts the caller's: 1 starts none. Errors: Code::memory when the system gives no more threads.
  static Result<std::unique_ptr<ThreadPool>> create(int threads);
  ~ThreadPool();
  ThreadPool(const ThreadPool&) = delete;
  ThreadPool& operator=(const ThreadPool&) = delete;

  int threads() const { return static_cast<int>(workers_.size()) + 1; }

  // Calls body over [0, count) in pieces; returns when all are done. Each thread begins with its own part of the range,
  // the same share of every job, so that it finds in its cache what it made in the job before; then it takes what is
  // left of the others' parts. A piece is half of what is left of a part: kernels prepare less for few large pieces,
  // and the last ones, for which others may have to wait, are small. Waits for workers that took a piece, not for those
  // that have yet to wake. Allocates nothing.
  void run(std::int64_t count, Body body, void* context);

 private:
  // The job's state: how many workers are inside, and whether more may enter.
  static constexpr std::uint32_t kOpen = 1u << 31;

  ThreadPool() = default;
  void work(int thread);
  bool enter();
  void leave();
  void take_pieces(int thread);

  struct alignas(64) Part {
    std::atomic<std::int64_t> next{0};
    std::int64_t end = 0;
  };

  std::vector<std::thread> workers_;
  std::vector<Part> parts_;  // by thread
  // The current job, written while it is closed and nobody is inside; beside it what sleeping workers look at, so that
  // one line of the cache tells a worker all.
  alignas(64) std::atomic<std::uint32_t> generation_{0};  // of jobs
  Body body_ = nullptr;
  void* context_ = nullptr;
  std::atomic<bool> stop_{false};
  alignas(64) std::atomic<std::uint32_t> state_{0};
};

}  // namespace octet
