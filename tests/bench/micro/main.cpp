// Microbenchmarks of the kernels: octet_bench [Google Benchmark's options], names are family/row/shape;
// octet_bench --never-slower [--isa NAME] [--filter TEXT] [--rounds N]: int8 beside float32 on the same instruction
// set.
#include <benchmark/benchmark.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <vector>

#include "micro/job.h"
#include "micro/never_slower.h"

namespace octet::bench {
namespace {

void run_job(benchmark::State& state, const Job& job) {
  const auto run = job.prepare();
  for (auto _ : state) run();
  using benchmark::Counter;
  if (job.macs > 0) {
    state.counters["GMAC/s"] = Counter(job.macs * 1e-9, Counter::kIsIterationInvariantRate);
  } else {
    state.counters["GB/s"] = Counter(job.bytes * 1e-9, Counter::kIsIterationInvariantRate);
  }
}

int run_benchmarks(const std::vector<Job>& jobs, int count, char** arguments) {
  for (const Job& job : jobs) {
    const std::string name = job.family + "/" + job.row + "/" + job.shape;
    benchmark::RegisterBenchmark(name.c_str(), [&job](benchmark::State& state) { run_job(state, job); });
  }
  benchmark::Initialize(&count, arguments);
  if (benchmark::ReportUnrecognizedArguments(count, arguments)) return 2;
  benchmark::RunSpecifiedBenchmarks();
  benchmark::Shutdown();
  return 0;
}

// The caps to compare at: all that this CPU has but the reference, or the one named.
bool choose_caps(const std::string& name, std::vector<Isa>& caps) {
  if (!name.empty()) {
    const Result<Isa> isa = choose_isa(name);
    if (!isa.ok()) {
      std::fprintf(stderr, "error: %s\n", isa.status().message().c_str());
      return false;
    }
    caps = {*isa};
    return true;
  }
  for (int i = 1; i < kIsaCount; ++i) {
    if (is_available(static_cast<Isa>(i))) caps.push_back(static_cast<Isa>(i));
  }
  return true;
}

int compare_types(const std::vector<Job>& jobs, int count, char** arguments) {
  NeverSlowerOptions options;
  std::string isa;
  for (int i = 2; i < count; ++i) {
    const std::string option = arguments[i];
    const char* const value = i + 1 < count ? arguments[++i] : nullptr;
    if (value == nullptr || (option != "--isa" && option != "--filter" && option != "--rounds")) {
      std::fprintf(stderr, "usage: octet_bench --never-slower [--isa NAME] [--filter TEXT] [--rounds N]\n");
      return 2;
    }
    if (option == "--isa") isa = value;
    if (option == "--filter") options.filter = value;
    if (option == "--rounds") options.rounds = std::max(1, std::atoi(value));
  }
  if (!choose_caps(isa, options.caps)) return 2;
  print_never_slower(jobs, options);
  return 0;
}

int main_of(int count, char** arguments) {
  std::vector<std::string> skipped;
  const std::vector<Job> jobs = all_jobs(skipped);
  for (const std::string& row : skipped) {
    std::fprintf(stderr, "SKIPPED: %s\n", row.c_str());
  }
  if (count > 1 && std::strcmp(arguments[1], "--never-slower") == 0) return compare_types(jobs, count, arguments);
  return run_benchmarks(jobs, count, arguments);
}

}  // namespace
}  // namespace octet::bench

int main(int count, char** arguments) { return octet::bench::main_of(count, arguments); }
