#include "measure.h"

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <limits>

namespace octet::bench {
namespace {

constexpr int kWarmUpRuns = 4;
constexpr int kMostRunsInATurn = 100;

double time_of(const Contestant& contestant) {
  const double start = now_ms();
  contestant.run();
  return now_ms() - start;
}

}  // namespace

double now_ms() {
  return std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

std::vector<Turns> take_turns(const std::vector<Contestant>& contestants, int rounds, double turn_ms) {
  std::vector<Turns> all;
  std::vector<int> runs;
  for (const Contestant& contestant : contestants) {
    double shortest = std::numeric_limits<double>::max();
    for (int i = 0; i < kWarmUpRuns; ++i) shortest = std::min(shortest, time_of(contestant));
    all.push_back({contestant.name, {}});
    runs.push_back(std::clamp(static_cast<int>(turn_ms / std::max(shortest, 1e-3)) + 1, 3, kMostRunsInATurn));
  }
  for (int round = 0; round < rounds; ++round) {
    for (std::size_t i = 0; i < contestants.size(); ++i) {
      const std::size_t k = (i + static_cast<std::size_t>(round)) % contestants.size();
      double shortest = std::numeric_limits<double>::max();
      for (int run = 0; run < runs[k]; ++run) shortest = std::min(shortest, time_of(contestants[k]));
      all[k].round_ms.push_back(shortest);
    }
  }
  return all;
}

}  // namespace octet::bench
