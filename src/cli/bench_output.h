// What `octet bench` measured, printed.
#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "cli/failure.h"
#include "cli/timing.h"

namespace octet::cli {

enum class BenchFormat { plain, json, csv, markdown };

struct BenchEntry {
  std::string file;
  std::optional<Failure> failure;  // then nothing below holds
  std::unique_ptr<TimedNetwork> timed;
  Statistics statistics;
  std::vector<StepTime> steps;            // with --layers
  std::optional<std::size_t> float_twin;  // index of the entry
};

struct BenchSettings {
  int loops = 0;
  int warmup = 0;
  int threads = 0;
  bool layers = false;
};

std::string bench_text(std::span<const BenchEntry> entries, const BenchSettings& settings, BenchFormat format);

}  // namespace octet::cli
