#include "micro/never_slower.h"

#include <algorithm>
#include <cstdio>

#include "measure.h"

namespace octet::bench {
namespace {

constexpr double kTurnMs = 2;

struct Pair {
  const Job* real = nullptr;
  const Job* int8 = nullptr;
};

// Shapes that have both types, in the order of the jobs; of each type the last row that the cap allows.
std::vector<Pair> pairs_of(const std::vector<Job>& jobs, Isa cap, const std::string& filter) {
  std::vector<Pair> pairs;
  for (const Job& job : jobs) {
    if (job.isa > cap || (job.operation + " " + job.shape).find(filter) == std::string::npos) continue;
    auto pair = std::find_if(pairs.begin(), pairs.end(), [&](const Pair& other) {
      const Job& first = other.real != nullptr ? *other.real : *other.int8;
      return first.operation == job.operation && first.shape == job.shape;
    });
    if (pair == pairs.end()) pair = pairs.insert(pairs.end(), Pair{});
    (job.int8 ? pair->int8 : pair->real) = &job;
  }
  std::erase_if(pairs, [](const Pair& pair) { return pair.real == nullptr || pair.int8 == nullptr; });
  return pairs;
}

double shortest(const Turns& turns) { return *std::min_element(turns.round_ms.begin(), turns.round_ms.end()); }

// Of the ratios of the rounds.
double median_ratio(const Turns& above, const Turns& below) {
  std::vector<double> ratios;
  for (std::size_t i = 0; i < above.round_ms.size(); ++i) ratios.push_back(above.round_ms[i] / below.round_ms[i]);
  std::sort(ratios.begin(), ratios.end());
  return ratios[ratios.size() / 2];
}

}  // namespace

void print_never_slower(const std::vector<Job>& jobs, const NeverSlowerOptions& options) {
  std::printf(
      "| instruction set | operation | shape | float row | int8 row | float µs | int8 µs | int8 / float | median |\n"
      "|---|---|---|---|---|---:|---:|---:|---:|\n");
  std::vector<std::string> slower;
  std::size_t count = 0;
  for (const Isa cap : options.caps) {
    for (const Pair& pair : pairs_of(jobs, cap, options.filter)) {
      const std::vector<Turns> turns =
          take_turns({{"float", pair.real->prepare()}, {"int8", pair.int8->prepare()}}, options.rounds, kTurnMs);
      const double real_us = shortest(turns[0]) * 1000;
      const double int8_us = shortest(turns[1]) * 1000;
      const double ratio = int8_us / real_us;
      const double median = median_ratio(turns[1], turns[0]);
      const bool is_slower = ratio > 1 && median > 1;
      std::printf("| %s | %s | %s | %s | %s | %.2f | %.2f | %.2f%s | %.2f |\n", name_of(cap),
                  pair.int8->operation.c_str(), pair.int8->shape.c_str(), pair.real->row.c_str(),
                  pair.int8->row.c_str(), real_us, int8_us, ratio, is_slower ? " slower" : "", median);
      std::fflush(stdout);
      ++count;
      if (!is_slower) continue;
      char text[16];
      std::snprintf(text, sizeof text, "%.2f", ratio);
      slower.push_back(std::string(name_of(cap)) + " " + pair.int8->operation + " " + pair.int8->shape + ": " + text);
    }
  }
  std::printf("\nint8 takes longer than float at %zu of %zu\n", slower.size(), count);
  for (const std::string& line : slower) std::printf("- %s\n", line.c_str());
}

}  // namespace octet::bench
