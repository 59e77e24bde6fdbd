#include "cli/timing.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdint>

#include "cli/failure.h"
#include "cli/interrupt.h"
#include "cli/text.h"

namespace octet::cli {
namespace {

using Clock = std::chrono::steady_clock;

constexpr double kNoisyTail = 1.5;      // p95 over the median
constexpr double kNoisyDrift = 0.10;    // between the medians of the two halves
constexpr std::size_t kFewestRuns = 8;  // for a judgement on noise

double milliseconds_since(Clock::time_point start) {
  return std::chrono::duration<double, std::milli>(Clock::now() - start).count();
}

std::string noise_in(const std::vector<double>& times_ms, const Statistics& statistics) {
  if (times_ms.size() < kFewestRuns || statistics.median_ms <= 0) return {};
  if (statistics.p95_ms > kNoisyTail * statistics.median_ms) {
    return "p95 is " + fixed(statistics.p95_ms / statistics.median_ms, 1) + " times the median";
  }
  const auto middle = times_ms.begin() + static_cast<std::ptrdiff_t>(times_ms.size() / 2);
  const double first = median_of({times_ms.begin(), middle});
  const double second = median_of({middle, times_ms.end()});
  if (std::abs(second - first) <= kNoisyDrift * statistics.median_ms) return {};
  return "the median of the second half of the runs is " + fixed(std::abs(second / first - 1) * 100, 0) + " % " +
         (second > first ? "above" : "below") + " that of the first";
}

// SplitMix64 (Steele, Lea, Flood, OOPSLA 2014).
void fill_pseudo_random(TensorBuffers& buffers) {
  std::uint64_t state = 0;
  for (std::size_t i = 0; i < buffers.size(); ++i) {
    for (float& value : buffers[i]) {
      std::uint64_t z = (state += 0x9E3779B97F4A7C15u);
      z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
      z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
      value = static_cast<float>((z ^ (z >> 31)) >> 40) * 0x1p-24f;
    }
  }
}

}  // namespace

double median_of(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  const std::size_t middle = values.size() / 2;
  return values.size() % 2 == 1 ? values[middle] : (values[middle - 1] + values[middle]) / 2;
}

Statistics statistics_of(const std::vector<double>& times_ms) {
  std::vector<double> sorted = times_ms;
  std::sort(sorted.begin(), sorted.end());
  const auto rank = static_cast<std::size_t>(std::ceil(0.95 * static_cast<double>(sorted.size())));
  Statistics statistics{sorted.front(), median_of(sorted), sorted[rank - 1], sorted.back(), {}};
  statistics.noise = noise_in(times_ms, statistics);
  return statistics;
}

TimedNetwork::TimedNetwork(const std::string& path, const std::vector<std::string>& shapes, int threads,
                           const std::string& isa, Console& console)
    : threads_(threads), isa_(isa), inputs_({}), outputs_({}) {
  const auto start = Clock::now();
  network_ = load_network(path, console, shapes);
  session_ = create_session(network_, threads_, isa_, false);
  load_ms_ = milliseconds_since(start);
  session_info_ = session_info(session_.get());
  inputs_ = TensorBuffers(network_.inputs);
  outputs_ = TensorBuffers(network_.outputs);
  fill_pseudo_random(inputs_);
}

double TimedNetwork::run() {
  stop_if_interrupted();
  const auto start = Clock::now();
  run_session(session_.get(), inputs_, outputs_);
  return milliseconds_since(start);
}

}  // namespace octet::cli
