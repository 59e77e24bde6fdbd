#include "quantize/sample_runner.h"

#include <algorithm>
#include <condition_variable>
#include <map>
#include <mutex>
#include <new>
#include <thread>

#include "base/text.h"

namespace octet {
namespace {

using namespace std::chrono_literals;

class Run {
 public:
  Run(const SampleJob& job, const Hooks& hooks)
      : job_(job),
        hooks_(hooks),
        threads_(static_cast<std::size_t>(std::max(job.threads, 1))),
        reported_(job.reported != nullptr ? *job.reported : own_reported_) {}

  Result<SampleOutcome> all() {
    const auto count = std::clamp<std::size_t>(job_.samples.size(), 1, threads_);
    for (std::size_t i = 0; i < count; ++i) {
      OCTET_ASSIGN(auto worker, job_.make_worker());
      workers_.push_back(std::move(worker));
    }
    std::vector<std::thread> threads;
    threads.reserve(count);
    try {
      start(threads);
      if (threads.empty()) return fail(Code::memory, "the system refuses to start a thread");
      watch();
    } catch (...) {  // out of memory, or what a hook threw: no thread may outlive this
      abandon();
      for (std::thread& thread : threads) thread.join();
      throw;
    }
    for (std::thread& thread : threads) thread.join();
    return outcome();
  }

 private:
  // A load that has to happen on the caller's thread.
  struct Request {
    std::size_t sample;
    std::span<const SampleInput> inputs;
    Status status;
    bool done = false;
  };

  void start(std::vector<std::thread>& threads) {
    running_ = workers_.size();
    for (const auto& worker : workers_) {
      try {
        threads.emplace_back([this, raw = worker.get()] { work(*raw); });
      } catch (const std::system_error&) {  // fewer threads do the same
        const std::lock_guard lock(mutex_);
        running_ -= workers_.size() - threads.size();
        break;
      }
    }
  }

  void abandon() {
    const std::lock_guard lock(mutex_);
    abandoned_ = true;
    cancel();
  }

  // Under the lock.
  void cancel() {
    cancelled_ = true;
    for (const auto& worker : workers_) worker->cancel();
    changed_.notify_all();
  }

  bool stopped() const { return cancelled_ || out_of_memory_ || first_failure_ < job_.samples.size(); }

  void work(SampleWorker& worker) {
    try {
      SampleInputs set(*job_.graph);
      std::unique_lock lock(mutex_);
      while (next_ < job_.samples.size() && !stopped()) {
        const std::size_t position = next_++;
        lock.unlock();
        Status status = load(job_.samples[position], set);
        std::unique_ptr<SampleResult> result;
        std::string skipped;
        if (!status.ok() && is_unreadable_sample(status)) {
          skipped = status.message();
          status = {};
        } else if (status.ok()) {
          auto made = worker.run(job_.samples[position], set.bindings());
          status = made.status();
          if (made.ok()) result = std::move(*made);
        }
        lock.lock();
        take(position, std::move(status), std::move(result), std::move(skipped));
        // Results wait for their predecessors: nobody runs far ahead of the slowest.
        changed_.wait(lock, [&] { return stopped() || next_ - merged_ < 4 * threads_; });
      }
    } catch (const std::bad_alloc&) {
      const std::lock_guard lock(mutex_);
      out_of_memory_ = true;
    }
    const std::lock_guard lock(mutex_);
    --running_;
    changed_.notify_all();
  }

  Status load(std::size_t sample, const SampleInputs& set) {
    if (!job_.source->on_caller_thread()) return job_.source->load(sample, set.inputs());
    Request request{sample, set.inputs(), {}, false};
    std::unique_lock lock(mutex_);
    requests_.push_back(&request);
    changed_.notify_all();
    changed_.wait(lock, [&] { return request.done || abandoned_; });
    return request.done ? request.status : Status(Code::cancelled, "");
  }

  // Under the lock: keeps what a sample gave, and merges all that is next in order.
  void take(std::size_t position, Status status, std::unique_ptr<SampleResult> result, std::string skipped) {
    waiting_[position] = {std::move(status), std::move(result), std::move(skipped)};
    while (!stopped() && !waiting_.empty() && waiting_.begin()->first == merged_) {
      Given given = std::move(waiting_.begin()->second);
      waiting_.erase(waiting_.begin());
      if (given.status.ok() && given.result) {
        given.status = job_.merge(job_.samples[merged_], *given.result);
        outcome_.used.push_back(job_.samples[merged_]);
      } else if (given.status.ok()) {
        outcome_.skipped.push_back(std::move(given.skipped));
      }
      if (!given.status.ok()) {
        failure_ = given.status;
        first_failure_ = merged_;
      }
      ++merged_;
    }
    changed_.notify_all();
  }

  // The caller's thread: progress, cancelling, and loads that belong here, until the workers are done.
  void watch() {
    std::unique_lock lock(mutex_);
    while (running_ > 0) {
      changed_.wait_for(lock, 100ms, [&] { return running_ == 0 || !requests_.empty(); });
      if (!requests_.empty()) {
        Request* request = requests_.back();
        requests_.pop_back();
        lock.unlock();
        Status status;
        try {
          status = job_.source->load(request->sample, request->inputs);
        } catch (const std::bad_alloc&) {
          status = fail(Code::memory, "out of memory while a sample was loaded");
        }
        lock.lock();
        request->status = std::move(status);
        request->done = true;
        changed_.notify_all();
      }
      report(lock);
    }
    const bool whole = job_.done_before + merged_ == total();
    if (whole && last_done_ != merged_) {
      reported_ = {};
      report(lock);
    }
  }

  // Of the job that this may be a part of.
  std::size_t total() const { return job_.total != 0 ? job_.total : job_.samples.size(); }

  void report(std::unique_lock<std::mutex>& lock) {
    const auto now = std::chrono::steady_clock::now();
    if (!hooks_.progress || cancelled_ || now - reported_ < 100ms) return;
    reported_ = now;
    last_done_ = merged_;
    lock.unlock();
    const bool go_on = hooks_.progress(job_.stage, static_cast<std::int64_t>(job_.done_before + last_done_),
                                       static_cast<std::int64_t>(total()));
    lock.lock();
    if (!go_on) cancel();
  }

  Result<SampleOutcome> outcome() {
    if (out_of_memory_) throw std::bad_alloc();
    if (!failure_.ok()) return failure_;
    if (cancelled_) return fail(Code::cancelled, "cancelled");
    if (outcome_.used.empty() && !job_.may_be_none) return none_readable(*job_.source, outcome_.skipped);
    if (job_.finish) job_.finish();
    return std::move(outcome_);
  }

  struct Given {
    Status status;
    std::unique_ptr<SampleResult> result;
    std::string skipped;
  };

  const SampleJob& job_;
  const Hooks& hooks_;
  const std::size_t threads_;
  std::vector<std::unique_ptr<SampleWorker>> workers_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::size_t next_ = 0;
  std::size_t merged_ = 0;
  std::size_t running_ = 0;
  bool cancelled_ = false;
  bool abandoned_ = false;  // nobody answers requests any more
  bool out_of_memory_ = false;
  std::size_t first_failure_ = static_cast<std::size_t>(-1);
  Status failure_;
  std::map<std::size_t, Given> waiting_;
  std::vector<Request*> requests_;
  std::chrono::steady_clock::time_point own_reported_{};
  std::chrono::steady_clock::time_point& reported_;
  std::size_t last_done_ = static_cast<std::size_t>(-1);  // as reported
  SampleOutcome outcome_;
};

}  // namespace

SampleInputs::SampleInputs(const Graph& graph) {
  for (const TensorId id : graph.inputs) {
    const Tensor& tensor = graph.at(id);
    values_.emplace_back(static_cast<std::size_t>(element_count(tensor.dims)));
    inputs_.push_back({tensor.name, tensor.dims, image_order(tensor.dims), values_.back()});
    bindings_.push_back({values_.back().data(), values_.back().size() * sizeof(float), nullptr, DType::f32});
  }
}

Status none_readable(const SampleSource& source, const std::vector<std::string>& skipped) {
  std::vector<std::string> reasons = source.warnings();
  reasons.insert(reasons.end(), skipped.begin(), skipped.end());
  return fail(Code::data,
              "none of the " + std::to_string(reasons.size()) + " samples could be read: " + list_text(reasons, 20));
}

Result<SampleOutcome> run_samples(const SampleJob& job, const Hooks& hooks) {
  if (job.samples.empty()) return fail(Code::data, "there are no samples");
  return Run(job, hooks).all();
}

}  // namespace octet
