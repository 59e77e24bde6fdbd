// How the threads of a run work through its phases: in each they share the pieces of [0, count), and none of them goes
// on before all of it is done.
//
// Steps follow each other within microseconds, so that what counts is how often a line of memory goes from one core to
// another. A thread takes its own part of a phase, or most of it, with one write to a line that is its own, and what it
// waits for is one line of each other thread. Nothing is set up from phase to phase: numbers that only grow tell what
// is old. A thread that comes late or never leaves its part to the others.
#pragma once

#include <atomic>
#include <cstdint>
#include <vector>

namespace octet {

class Phases {
 public:
  // Works on [begin, end) as thread `thread`, 0 being the caller's.
  using Body = void (*)(void* context, int thread, std::int64_t begin, std::int64_t end) noexcept;

  explicit Phases(int threads) : parts_(static_cast<std::size_t>(threads)) {}

  int threads() const { return static_cast<int>(parts_.size()); }

  // A new run of so many phases. Called while no thread walks.
  void begin(std::int64_t phases);

  // A thread's way through the run that has begun. No two at the same time may have the same number of a thread.
  class Walk {
   public:
    Walk(Phases& phases, int thread);
    // The phase that this thread should run next. One that comes late leaves out those that are over.
    std::int64_t next() const { return next_; }
    // Runs phase next(): returns when all of [0, count) is done, by whomever. long_lasting: others may help a thread
    // that is late with the end of its part, at the price of one piece more. Allocates nothing.
    void run(std::int64_t count, bool long_lasting, Body body, void* context);

   private:
    Phases& phases_;
    int thread_;
    std::int64_t next_;
  };

 private:
  // Of one thread in the current phase. Both words hold the phase's number in their upper half; one of an older phase
  // stands for 0, one of a later phase says that all threads have left the phase that is asked about.
  struct Part {
    alignas(64) std::atomic<std::uint64_t> taken{0};  // units, from the part's beginning
    alignas(64) std::atomic<std::uint64_t> done{0};   // units
  };
  struct Job;

  bool take(const Job& job, int thread, int owner);
  bool is_done(const Job& job, int owner) const;
  void wait_for(const Job& job, int thread, int owner);
  void add_done(const Job& job, int owner, std::uint32_t units);

  std::vector<Part> parts_;  // by thread
  alignas(64) std::atomic<std::uint32_t> current_{0};
  std::uint32_t first_ = 0, end_ = 0;  // numbers of this run's phases; written while no thread is inside
  alignas(64) std::atomic<std::int32_t> present_{0};
  std::atomic<std::int32_t> sleeping_{0};
};

}  // namespace octet
