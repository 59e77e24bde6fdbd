// A session: a plan bound to memory and threads.
#pragma once

#include <atomic>
#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <span>

#include "runtime/boundary.h"
#include "runtime/phase_plan.h"
#include "runtime/phases.h"
#include "runtime/row_source.h"
#include "runtime/thread_runner.h"
#include "runtime/threads.h"

namespace octet {

// The caller's memory for one input or output, in the order of the graph's dimensions.
struct Binding {
  void* data = nullptr;
  std::size_t size_bytes = 0;
  const std::int64_t* strides = nullptr;  // elements, one for each dimension; null: contiguous
  DType dtype = DType::f32;               // f32, or the tensor's own type
  const RowSource* rows = nullptr;        // of an input: makes it row by row, and there is no data
};

struct SessionOptions {
  int threads = 1;
  bool profile = false;
  ThreadRunner runner;          // where there is one, a run is up to `threads` pieces of it, and no thread is started
  RowScratch rows;              // what the row source of a run may take; none: runs get whole tensors alone
  std::int64_t row_floats = 0;  // of one row of all channels
  Allocator allocator;          // for the arena
  std::span<std::byte> arena;   // the caller's, aligned to kAlignment; empty: from the allocator
};

struct StepTime {
  double last_ms = 0;
  double total_ms = 0;

  void add(double ms) {
    last_ms = ms;
    total_ms += ms;
  }
};

// A tensor of the graph just made, in the plan's layout.
struct Observed {
  TensorId id;
  const void* data;
  Layout layout;
};

class Session {
 public:
  static Result<std::unique_ptr<Session>> create(std::shared_ptr<const Plan> plan, const SessionOptions& options);
  // The bytes of the arena that create would take.
  static Result<std::size_t> measure(const Plan& plan, const SessionOptions& options);

  // Runs the network. Checks the bindings first and then can only be cancelled; allocates nothing on success. Outputs
  // with null data are not written, and none is after a failure. Rounding mode and treatment of denormals are the
  // defaults meanwhile, and then the caller's.
  Status run(std::span<const Binding> inputs, std::span<const Binding> outputs);

  // Ends runs before their next step with Code::cancelled until it is taken back. From any thread.
  void cancel(bool cancelled) { cancelled_.store(cancelled, std::memory_order_relaxed); }

  // `observer` is called during run for each input, then for each tensor as soon as its step is done, on the thread
  // that runs the session. A tensor that has the bytes of an earlier one (reshape) is not announced. Empty: none.
  // Precondition: the plan is for PlanUse::observe.
  void set_observer(std::function<void(const Observed&)> observer) { observer_ = std::move(observer); }

  const Plan& plan() const { return *plan_; }
  int threads() const { return threads_; }
  std::size_t memory_bytes() const { return memory_bytes_; }
  std::span<const StepTime> times() const { return times_; }

 private:
  Session() = default;
  void bind();
  std::byte* address(const Place& place) const;
  enum class Side { input, output };
  static const char* name_of(Side side) { return side == Side::input ? "input" : "output"; }
  Status check(std::span<const Binding> bindings, std::span<const TensorId> ids, Side side) const;
  Transfer copy_in(TensorId id, const Binding& binding) const;
  void copy_out(TensorId id, const Binding& binding);
  void make_rows(TensorId id, const RowSource& source);
  void run_on_threads(ThreadPool::Program program, void* context);
  void run_alone(std::int64_t count, Phases::Body body, void* context);
  bool run_phases(std::size_t first, std::size_t count);
  bool walk(int thread, std::size_t first, std::size_t count);
  void run_phase(Phases::Walk& walk, std::size_t index);
  void run_step(Phases::Walk& walk, const Phase& phase);
  void run_together(Phases::Walk& walk, const Phase& phase);
  bool run_one_by_one();
  void set_times();
  void observe(TensorId id);

  std::shared_ptr<const Plan> plan_;
  int threads_ = 1;
  ThreadRunner runner_;
  std::unique_ptr<ThreadPool> pool_;  // null with a runner
  std::shared_ptr<std::byte[]> arena_;
  std::size_t memory_bytes_ = 0;
  std::byte* scratch_ = nullptr;  // of the steps, or of the source of rows before them
  RowScratch rows_;
  std::int64_t row_floats_ = 0;
  std::atomic<bool> cancelled_{false};
  std::vector<const void*> input_pointers_;
  std::vector<void*> output_pointers_;
  std::vector<BoundStep> steps_;
  std::vector<StepTime> times_;
  std::optional<Phases> phases_;
  std::vector<Transfer> transfers_;  // of the run's inputs, but for those that come row by row: its first phases
  bool profile_ = false;
  std::vector<double> part_ms_;  // [thread][step] of the run
  std::vector<double> wall_ms_;  // [phase of the plan] of the run
  std::function<void(const Observed&)> observer_;
};

}  // namespace octet
