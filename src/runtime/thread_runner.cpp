#include "runtime/thread_runner.h"

#include "runtime/float_environment.h"

namespace octet {
namespace {

struct Job {
  ThreadPool::Program program;
  void* context;
  std::int64_t pieces;
};

void run_piece(void* argument, std::int64_t piece) {
  const auto& job = *static_cast<const Job*>(argument);
  if (piece < 0 || piece >= job.pieces) return;
  const DefaultFloatEnvironment environment;  // the thread is somebody else's
  job.program(job.context, static_cast<int>(piece));
}

}  // namespace

void run_on(const ThreadRunner& runner, int threads, ThreadPool::Program program, void* context) {
  if (threads > 1) {
    Job job{program, context, threads};
    runner.run(runner.context, run_piece, &job, threads);
  }
  program(context, 0);  // what a runner that has left pieces out has not done
}

}  // namespace octet
