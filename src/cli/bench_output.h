// What `octet bench` measured, printed.
#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "cli/failure.h"
#include "cli/layer_times.h"
#include "cli/timing.h"

namespace octet::cli {

enum class BenchFormat { plain, json, csv, markdown };

struct BenchEntry {
  std::string file;
  std::optional<Failure> failure;  // then nothing below holds
  std::unique_ptr<TimedNetwork> timed;
  Statistics statistics;
  std::unique_ptr<LayerTimer> layers;  // with --layers, as the next
  std::vector<StepTime> steps;
  std::optional<std::size_t> float_twin;  // index of the entry
  std::vector<LayerPair> pairs;           // of the twin's layers and these; with --layers
};

struct BenchSettings {
  int loops = 0;
  int warmup = 0;
  int threads = 0;
  bool layers = false;
  // What the multipliers can do at most, of all threads together, billions of multiply-accumulates a second; with
  // --layers. 0: not known.
  double float_peak = 0;
  double int8_peak = 0;
};

std::string bench_text(std::span<const BenchEntry> entries, const BenchSettings& settings, BenchFormat format);

}  // namespace octet::cli
