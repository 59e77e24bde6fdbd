// Samples on several threads: the order of merging, what is skipped, what ends the job and how.
#include <chrono>
#include <mutex>
#include <set>

#include "quantize/listed_source.h"
#include "quantize/networks.h"
#include "quantize/sample_runner.h"

using namespace octet;
using namespace octet::test;
using namespace std::chrono_literals;

namespace {

constexpr int kThreadCounts[] = {1, 2, 5};

// What a worker saw of its sample: the input's first value.
struct Seen : SampleResult {
  float value = 0;
};

// What the fake workers do, and what they noticed.
struct Behaviour {
  std::map<std::size_t, Status> failures;  // of run, by sample
  std::size_t out_of_memory_at = static_cast<std::size_t>(-1);
  std::function<void(std::size_t sample)> during;  // called in run
  std::atomic<int> runs{0};
  std::atomic<int> alive{0};  // workers
};

class FakeWorker : public SampleWorker {
 public:
  explicit FakeWorker(Behaviour& behaviour) : behaviour_(behaviour) { ++behaviour_.alive; }
  ~FakeWorker() override { --behaviour_.alive; }
  Result<std::unique_ptr<SampleResult>> run(std::size_t sample, std::span<const Binding> inputs) override {
    ++behaviour_.runs;
    if (behaviour_.during) behaviour_.during(sample);
    if (sample == behaviour_.out_of_memory_at) throw std::bad_alloc();
    if (const auto failure = behaviour_.failures.find(sample); failure != behaviour_.failures.end()) {
      return failure->second;
    }
    auto seen = std::make_unique<Seen>();
    seen->value = *static_cast<const float*>(inputs[0].data);
    return std::unique_ptr<SampleResult>(std::move(seen));
  }

 private:
  Behaviour& behaviour_;
};

// A job over a source whose sample i holds the value i.
struct Job {
  explicit Job(std::size_t count, int threads) : source(values(count)) {
    GraphBuilder b;
    b.output(scale_by(b, "conv", b.input("x", {1, 1, 2, 2}), 1, 1));
    graph = finished(b);
    job.stage = "test";
    job.graph = &graph;
    job.source = &source;
    job.samples = first(count);
    job.threads = threads;
    job.make_worker = [this]() -> Result<std::unique_ptr<SampleWorker>> {
      return std::unique_ptr<SampleWorker>(new FakeWorker(behaviour));
    };
    job.merge = [this](std::size_t sample, SampleResult& result) -> Status {
      merged.push_back(sample);
      assert_true(static_cast<const Seen&>(result).value == static_cast<float>(sample));
      return {};
    };
  }
  static std::vector<std::vector<float>> values(std::size_t count) {
    std::vector<std::vector<float>> all;
    for (std::size_t i = 0; i < count; ++i) all.push_back({static_cast<float>(i)});
    return all;
  }
  Result<SampleOutcome> run() { return run_samples(job, hooks); }

  ListedSource source;
  Graph graph;
  SampleJob job;
  Hooks hooks;
  Behaviour behaviour;
  std::vector<std::size_t> merged;
};

// Uneven work, so that later samples overtake earlier ones.
void dawdle(std::size_t sample) { std::this_thread::sleep_for(std::chrono::microseconds(sample * 7919 % 13 * 100)); }

void expect_order(const std::vector<std::size_t>& actual, const std::vector<std::size_t>& expected) {
  assert_int_equal(actual.size(), expected.size());
  for (std::size_t i = 0; i < expected.size(); ++i) assert_int_equal(actual[i], expected[i]);
}

void test_results_are_merged_in_the_order_asked_for(void**) {
  for (const int threads : kThreadCounts) {
    Job job(60, threads);
    job.behaviour.during = dawdle;
    job.job.samples = {40, 3, 59, 7, 7, 0, 12, 11, 10, 9, 8, 30, 31, 32, 33, 34, 35, 36, 37, 38, 39, 1, 2};
    const auto outcome = job.run();
    expect_ok(outcome.status());
    expect_order(job.merged, job.job.samples);
    expect_order(outcome.value().used, job.job.samples);
    assert_true(outcome.value().skipped.empty());
  }
}

void test_more_threads_than_samples(void**) {
  Job job(2, 16);
  int workers = 0;
  const auto make = job.job.make_worker;
  job.job.make_worker = [&] {
    ++workers;
    return make();
  };
  expect_ok(job.run().status());
  expect_order(job.merged, {0, 1});
  assert_true(workers <= 2);
}

void test_several_threads_work_at_the_same_time(void**) {
  Job job(40, 4);
  std::mutex mutex;
  std::set<std::thread::id> ids;
  job.behaviour.during = [&](std::size_t) {
    std::this_thread::sleep_for(2ms);
    const std::lock_guard lock(mutex);
    ids.insert(std::this_thread::get_id());
  };
  expect_ok(job.run().status());
  assert_true(ids.size() > 1);
}

void test_nobody_runs_far_ahead_of_the_slowest(void**) {
  Job job(400, 4);
  job.behaviour.during = [&](std::size_t sample) {
    if (sample == 0) std::this_thread::sleep_for(100ms);
  };
  int runs_at_first_merge = 0;
  job.job.merge = [&](std::size_t sample, SampleResult&) -> Status {
    if (sample == 0) runs_at_first_merge = job.behaviour.runs;
    return {};
  };
  expect_ok(job.run().status());
  assert_true(runs_at_first_merge <= 40);  // results that wait need memory
}

void test_finish_is_called_once_when_all_is_merged(void**) {
  Job job(20, 3);
  const auto caller = std::this_thread::get_id();
  int calls = 0;
  job.job.finish = [&] {
    ++calls;
    assert_int_equal(job.merged.size(), 20);
    assert_true(std::this_thread::get_id() == caller);
    assert_int_equal(job.behaviour.alive, 3);
  };
  expect_ok(job.run().status());
  assert_int_equal(calls, 1);
  assert_int_equal(job.behaviour.alive, 0);
}

void test_unreadable_samples_are_skipped_and_named(void**) {
  for (const int threads : kThreadCounts) {
    Job job(10, threads);
    job.source.failures[3] = fail(Code::format, "'sample-3' is truncated");
    job.source.failures[8] = fail(Code::io, "'sample-8' cannot be opened");
    const auto outcome = job.run();
    expect_ok(outcome.status());
    expect_order(job.merged, {0, 1, 2, 4, 5, 6, 7, 9});
    expect_order(outcome.value().used, job.merged);
    assert_int_equal(outcome.value().skipped.size(), 2);
    assert_string_equal(outcome.value().skipped[0].c_str(), "'sample-3' is truncated");
    assert_string_equal(outcome.value().skipped[1].c_str(), "'sample-8' cannot be opened");
  }
}

void test_no_readable_sample_is_an_error_that_names_them(void**) {
  Job job(2, 2);
  job.source.failures[0] = fail(Code::format, "'sample-0' is truncated");
  job.source.failures[1] = fail(Code::format, "'sample-1' is no image");
  bool finished_called = false;
  job.job.finish = [&] { finished_called = true; };
  expect_failure(job.run().status(), Code::data,
                 {"none of the 2", "'sample-0' is truncated", "'sample-1' is no image"});
  assert_false(finished_called);
}

void test_no_samples_are_an_error(void**) {
  Job job(3, 2);
  job.job.samples.clear();
  expect_failure(job.run().status(), Code::data, {"no samples"});
}

void test_other_failures_of_loading_end_the_job(void**) {
  Job job(50, 2);
  job.source.failures[4] = fail(Code::shape, "the network wants 3 channels");
  expect_failure(job.run().status(), Code::shape, {"3 channels"});
  expect_order(job.merged, {0, 1, 2, 3});
}

void test_failure_of_the_least_sample_is_reported(void**) {
  for (const int threads : kThreadCounts) {
    Job job(30, threads);
    job.behaviour.failures[2] = fail(Code::data, "slow failure of 2");
    job.behaviour.failures[3] = fail(Code::shape, "quick failure of 3");
    job.behaviour.during = [](std::size_t sample) {
      if (sample == 2) std::this_thread::sleep_for(30ms);
    };
    expect_failure(job.run().status(), Code::data, {"slow failure of 2"});
    expect_order(job.merged, {0, 1});
  }
}

void test_failure_of_merging_ends_the_job(void**) {
  Job job(200, 3);
  job.behaviour.during = dawdle;
  job.job.merge = [&](std::size_t sample, SampleResult&) -> Status {
    job.merged.push_back(sample);
    return sample == 5 ? fail(Code::data, "values of 5 are NaN") : Status();
  };
  expect_failure(job.run().status(), Code::data, {"values of 5"});
  expect_order(job.merged, {0, 1, 2, 3, 4, 5});
  assert_true(job.behaviour.runs < 100);
}

void test_failure_to_make_a_worker(void**) {
  Job job(3, 2);
  job.job.make_worker = [&]() -> Result<std::unique_ptr<SampleWorker>> { return fail(Code::memory, "no session"); };
  expect_failure(job.run().status(), Code::memory, {"no session"});
  assert_true(job.merged.empty());
}

void test_cancelling_stops_soon(void**) {
  Job job(100000, 2);
  job.behaviour.during = [](std::size_t) { std::this_thread::sleep_for(1ms); };
  job.hooks.progress = [](const char*, std::int64_t done, std::int64_t) { return done < 20; };
  expect_failure(job.run().status(), Code::cancelled, {});
  assert_true(job.behaviour.runs < 5000);
}

void test_progress_ends_with_everything(void**) {
  Job job(25, 2);
  const auto caller = std::this_thread::get_id();
  std::int64_t last = -1;
  job.hooks.progress = [&](const char* stage, std::int64_t done, std::int64_t total) {
    assert_string_equal(stage, "test");
    assert_true(std::this_thread::get_id() == caller);
    assert_int_equal(total, 25);
    assert_true(done >= last);
    last = done;
    return true;
  };
  expect_ok(job.run().status());
  assert_int_equal(last, 25);
}

void test_sources_of_the_caller_are_asked_on_its_thread(void**) {
  for (const int threads : kThreadCounts) {
    Job job(40, threads);
    job.source.caller_thread_only = true;
    job.source.failures[6] = fail(Code::format, "'sample-6' is damaged");
    job.behaviour.during = dawdle;
    const auto outcome = job.run();
    expect_ok(outcome.status());
    assert_int_equal(job.source.loads, 40);
    assert_int_equal(job.source.loads_elsewhere, 0);
    assert_int_equal(outcome.value().used.size(), 39);
    assert_true(std::is_sorted(job.merged.begin(), job.merged.end()));
  }
}

void test_cancelling_a_source_of_the_caller(void**) {
  Job job(100000, 3);
  job.source.caller_thread_only = true;
  job.behaviour.during = [](std::size_t) { std::this_thread::sleep_for(1ms); };
  job.hooks.progress = [](const char*, std::int64_t done, std::int64_t) { return done < 10; };
  expect_failure(job.run().status(), Code::cancelled, {});
}

template <class F>
bool throws_bad_alloc(F function) {
  try {
    function();
  } catch (const std::bad_alloc&) {
    return true;
  }
  return false;
}

void test_lack_of_memory_reaches_the_caller(void**) {
  for (const int threads : kThreadCounts) {
    Job in_run(50, threads);
    in_run.behaviour.out_of_memory_at = 7;
    assert_true(throws_bad_alloc([&] { (void)in_run.run(); }));
    assert_int_equal(in_run.behaviour.alive, 0);
    Job in_load(50, threads);
    in_load.source.out_of_memory_at = 7;
    assert_true(throws_bad_alloc([&] { (void)in_load.run(); }));
    Job in_merge(50, threads);
    in_merge.job.merge = [](std::size_t, SampleResult&) -> Status { throw std::bad_alloc(); };
    assert_true(throws_bad_alloc([&] { (void)in_merge.run(); }));
  }
}

void test_lack_of_memory_on_the_callers_thread(void**) {
  Job in_load(50, 2);
  in_load.source.caller_thread_only = true;
  in_load.source.out_of_memory_at = 7;
  expect_failure(in_load.run().status(), Code::memory, {"memory"});
  // Threads wait for loads while the caller fails: they must not wait for ever.
  Job in_hook(50, 3);
  in_hook.source.caller_thread_only = true;
  in_hook.hooks.progress = [](const char*, std::int64_t, std::int64_t) -> bool { throw std::bad_alloc(); };
  assert_true(throws_bad_alloc([&] { (void)in_hook.run(); }));
  assert_int_equal(in_hook.behaviour.alive, 0);
}

}  // namespace

int main() {
  const CMUnitTest tests[] = {
      cmocka_unit_test(test_results_are_merged_in_the_order_asked_for),
      cmocka_unit_test(test_more_threads_than_samples),
      cmocka_unit_test(test_several_threads_work_at_the_same_time),
      cmocka_unit_test(test_nobody_runs_far_ahead_of_the_slowest),
      cmocka_unit_test(test_finish_is_called_once_when_all_is_merged),
      cmocka_unit_test(test_unreadable_samples_are_skipped_and_named),
      cmocka_unit_test(test_no_readable_sample_is_an_error_that_names_them),
      cmocka_unit_test(test_no_samples_are_an_error),
      cmocka_unit_test(test_other_failures_of_loading_end_the_job),
      cmocka_unit_test(test_failure_of_the_least_sample_is_reported),
      cmocka_unit_test(test_failure_of_merging_ends_the_job),
      cmocka_unit_test(test_failure_to_make_a_worker),
      cmocka_unit_test(test_cancelling_stops_soon),
      cmocka_unit_test(test_progress_ends_with_everything),
      cmocka_unit_test(test_sources_of_the_caller_are_asked_on_its_thread),
      cmocka_unit_test(test_cancelling_a_source_of_the_caller),
      cmocka_unit_test(test_lack_of_memory_reaches_the_caller),
      cmocka_unit_test(test_lack_of_memory_on_the_callers_thread),
  };
  return cmocka_run_group_tests(tests, nullptr, nullptr);
}
