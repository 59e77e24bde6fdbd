// Runs a network over samples on all threads, one sample a thread at a time, and hands what each sample gave to one
// place in the order of the samples: sums do not depend on the number of threads.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <vector>

#include "graph/graph.h"
#include "image/samples.h"
#include "quantize/hooks.h"
#include "runtime/session.h"

namespace octet {

// Memory for the inputs of one sample of a network, in the order of its inputs.
class SampleInputs {
 public:
  explicit SampleInputs(const Graph& graph);
  std::span<const SampleInput> inputs() const { return inputs_; }
  std::span<const Binding> bindings() const { return bindings_; }

 private:
  std::vector<std::vector<float>> values_;
  std::vector<SampleInput> inputs_;
  std::vector<Binding> bindings_;
};

// What one sample gave; made by a worker, merged in order.
class SampleResult {
 public:
  virtual ~SampleResult() = default;
};

// One thread's half of a job.
class SampleWorker {
 public:
  virtual ~SampleWorker() = default;
  // The sample's inputs are bound in the order of the graph's inputs.
  virtual Result<std::unique_ptr<SampleResult>> run(std::size_t sample, std::span<const Binding> inputs) = 0;
  // Called from another thread when the job is cancelled: run() is to end soon, whatever it returns.
  virtual void cancel() {}
};

struct SampleJob {
  const char* stage = "";        // for progress
  const Graph* graph = nullptr;  // whose inputs are filled
  const SampleSource* source = nullptr;
  std::vector<std::size_t> samples;  // indices into the source, in the order of merging
  int threads = 1;
  // Makes one worker; called on the caller's thread.
  std::function<Result<std::unique_ptr<SampleWorker>>()> make_worker;
  // Takes the results in the order of `samples`; called under a lock, from any thread. A failure ends the job.
  std::function<Status(std::size_t sample, SampleResult& result)> merge;
  // Called once on the caller's thread when all samples are merged, while the workers still live. May be empty.
  std::function<void()> finish;
  // Of a job that is a part of a longer one: samples done before it, all of them (0: those of this job), and when one
  // of the parts has last told its progress.
  std::size_t done_before = 0;
  std::size_t total = 0;
  std::chrono::steady_clock::time_point* reported = nullptr;
  bool may_be_none = false;  // none that could be read is no error
};

struct SampleOutcome {
  std::vector<std::size_t> used;     // samples that were run
  std::vector<std::string> skipped;  // a message for each unreadable one
};

// Errors: those of the workers, of merge, or of loading that concern every sample (the one of the least sample);
// Code::cancelled; Code::data when no sample could be read, naming them.
// Cancelling ends the runs of the workers before their next step.
Result<SampleOutcome> run_samples(const SampleJob& job, const Hooks& hooks);

// The error of a job of which no sample could be read.
Status none_readable(const SampleSource& source, const std::vector<std::string>& skipped);

}  // namespace octet
