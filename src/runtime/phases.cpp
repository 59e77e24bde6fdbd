#include "runtime/phases.h"

#include <algorithm>

#include "runtime/pause.h"

namespace octet {
namespace {

constexpr std::uint64_t kPhase = std::uint64_t{1} << 32;    // the number of a phase is above this, units below
constexpr std::int64_t kMostUnits = std::int64_t{1} << 30;  // of a phase
constexpr std::uint32_t kMostNumbers = 1u << 30;            // before they begin again
// How long a thread with nothing of its own left leaves the parts of the others to them, if these are there.
constexpr int kPatience = 8;

bool is_later(std::uint32_t a, std::uint32_t b) { return static_cast<std::int32_t>(a - b) > 0; }
std::uint32_t phase_of(std::uint64_t word) { return static_cast<std::uint32_t>(word / kPhase); }
std::uint32_t units_of(std::uint64_t word) { return static_cast<std::uint32_t>(word % kPhase); }
std::uint64_t word_of(std::uint32_t phase, std::uint32_t units) { return phase * kPhase + units; }

}  // namespace

struct Phases::Job {
  std::uint32_t phase = 0;
  std::int64_t count = 0, unit = 1;  // items that are taken together
  std::uint32_t share = 0;           // units of a part; the first `longer` parts have one more
  int longer = 0;
  bool long_lasting = false;
  Body body = nullptr;
  void* context = nullptr;

  void share_among(int threads) {
    unit = count / kMostUnits + 1;
    const auto units = static_cast<std::uint32_t>((count + unit - 1) / unit);
    share = units / static_cast<std::uint32_t>(threads);
    longer = static_cast<int>(units % static_cast<std::uint32_t>(threads));
  }
  std::int64_t begin(int owner) const { return std::int64_t{owner} * share + std::min(owner, longer); }
  std::uint32_t size(int owner) const { return share + (owner < longer ? 1 : 0); }
  void run(int thread, int owner, std::uint32_t first, std::uint32_t number) const {
    const std::int64_t from = begin(owner) + first;
    body(context, thread, from * unit, std::min((from + number) * unit, count));
  }
};

void Phases::begin(std::int64_t phases) {
  if (end_ > kMostNumbers) {
    for (Part& part : parts_) {
      part.taken.store(0, std::memory_order_relaxed);
      part.done.store(0, std::memory_order_relaxed);
    }
    end_ = 0;
  }
  first_ = end_;
  end_ = first_ + static_cast<std::uint32_t>(phases);
  current_.store(first_, std::memory_order_relaxed);
  present_.store(0, std::memory_order_relaxed);
}

Phases::Walk::Walk(Phases& phases, int thread)
    : phases_(phases), thread_(thread), next_(phases.current_.load(std::memory_order_acquire) - phases.first_) {
  phases.present_.fetch_add(1, std::memory_order_relaxed);
}

void Phases::Walk::run(std::int64_t count, bool long_lasting, Body body, void* context) {
  // Phase numbers begin with 1: words that nobody has written are of an older phase.
  const std::uint32_t phase = phases_.first_ + static_cast<std::uint32_t>(next_) + 1;
  ++next_;
  if (thread_ == 0) phases_.current_.store(phase - 1, std::memory_order_release);
  const int threads = phases_.threads();
  if (threads == 1) {
    body(context, 0, 0, count);
    return;
  }
  Job job;
  job.phase = phase;
  job.count = count;
  job.long_lasting = long_lasting;
  job.body = body;
  job.context = context;
  job.share_among(threads);
  while (phases_.take(job, thread_, thread_)) {
  }
  for (int i = 1; i <= threads; ++i) phases_.wait_for(job, thread_, (thread_ + i) % threads);
}

// Takes units of the owner's part and runs them; false: none were left. The owner takes all of it or most of it at
// once, since kernels prepare less for few large pieces; others take half of what is left, so that the last pieces, for
// which all have to wait, are small.
bool Phases::take(const Job& job, int thread, int owner) {
  std::atomic<std::uint64_t>& taken = parts_[static_cast<std::size_t>(owner)].taken;
  const std::uint32_t size = job.size(owner);
  if (size == 0) return false;
  std::uint64_t word = taken.load(std::memory_order_relaxed);
  for (;;) {
    if (is_later(phase_of(word), job.phase)) return false;
    const std::uint32_t first = phase_of(word) == job.phase ? units_of(word) : 0;
    if (first == size) return false;
    const std::uint32_t left = size - first;
    const std::uint32_t last = job.long_lasting && first == 0 ? left / 4 : 0;  // the piece that is left to come
    const std::uint32_t number = thread != owner ? (left + 1) / 2 : left - last;
    if (!taken.compare_exchange_weak(word, word_of(job.phase, first + number), std::memory_order_relaxed)) continue;
    job.run(thread, owner, first, number);
    add_done(job, owner, number);
    return true;
  }
}

void Phases::add_done(const Job& job, int owner, std::uint32_t units) {
  std::atomic<std::uint64_t>& done = parts_[static_cast<std::size_t>(owner)].done;
  std::uint64_t word = done.load(std::memory_order_relaxed);
  std::uint32_t before = 0;
  do {
    before = phase_of(word) == job.phase ? units_of(word) : 0;
  } while (!done.compare_exchange_weak(word, word_of(job.phase, before + units), std::memory_order_seq_cst));
  if (sleeping_.load(std::memory_order_seq_cst) > 0) done.notify_all();
}

bool Phases::is_done(const Job& job, int owner) const {
  const std::uint64_t word = parts_[static_cast<std::size_t>(owner)].done.load(std::memory_order_acquire);
  return is_later(phase_of(word), job.phase) || word == word_of(job.phase, job.size(owner));
}

void Phases::wait_for(const Job& job, int thread, int owner) {
  if (job.size(owner) == 0) return;
  for (int spins = 0; !is_done(job, owner); ++spins) {
    const bool help = spins >= kPatience || present_.load(std::memory_order_relaxed) < threads();
    if (help && take(job, thread, owner)) spins = 0;
    if (spins < kSpins) {
      pause_cpu();
      continue;
    }
    // Asleep until somebody who works on this part is done; nothing of it is left to take.
    std::atomic<std::uint64_t>& done = parts_[static_cast<std::size_t>(owner)].done;
    sleeping_.fetch_add(1, std::memory_order_seq_cst);
    const std::uint64_t word = done.load(std::memory_order_seq_cst);
    if (!is_done(job, owner)) done.wait(word, std::memory_order_acquire);
    sleeping_.fetch_sub(1, std::memory_order_relaxed);
  }
}

}  // namespace octet
