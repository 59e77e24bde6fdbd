#include "runtime/thread_runner.h"

#include <algorithm>

#include "runtime/float_environment.h"

namespace octet {
namespace {

struct Job {
  ThreadPool::Body body;
  void* context;
  std::int64_t count, part, pieces;
  std::atomic<std::int64_t> next{0};

  // Scratch memory goes by the number of the piece: no two that run at the same time have the same.
  void take_parts(int piece) {
    for (;;) {
      const std::int64_t begin = next.fetch_add(part, std::memory_order_relaxed);
      if (begin >= count) return;
      body(context, piece, begin, std::min(begin + part, count));
    }
  }
};

void run_piece(void* argument, std::int64_t piece) {
  auto& job = *static_cast<Job*>(argument);
  if (piece < 0 || piece >= job.pieces) return;
  const DefaultFloatEnvironment environment;  // the thread is somebody else's
  job.take_parts(static_cast<int>(piece));
}

}  // namespace

void run_on(const ThreadRunner& runner, int threads, std::int64_t count, ThreadPool::Body body, void* context) {
  const std::int64_t pieces = std::min<std::int64_t>(threads, count);
  if (pieces <= 1) {
    body(context, 0, 0, count);
    return;
  }
  Job job{body, context, count, std::max<std::int64_t>(count / (4 * pieces), 1), pieces};
  runner.run(runner.context, run_piece, &job, pieces);
  job.take_parts(0);  // of a runner that has left pieces out
}

}  // namespace octet
