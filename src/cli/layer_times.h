// How long the layers of a network take, and which layers of a float network and of its int8 twin are the same.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "cli/timing.h"

namespace octet::cli {

struct StepTime {
  std::string name;    // of the layer
  std::string output;  // the layer's; empty for a step that is no layer
  std::string op;
  std::string kernel;
  bool is_int8 = false;
  std::int64_t macs = 0;
  double median_ms = 0;
  double lower_quartile_ms = 0;
};

// A session of its own that measures its steps: measuring them slows a run down. The network must outlive it.
class LayerTimer {
 public:
  explicit LayerTimer(const TimedNetwork& timed);

  // Runs once; `keep` says whether the times count.
  void run(bool keep);
  // Of the runs that count, at least one.
  std::vector<StepTime> steps() const;

 private:
  const TimedNetwork& timed_;
  Session session_;
  std::vector<std::vector<double>> times_ms_;  // [step][run]
};

// A layer of a float network beside the same one of its int8 twin: indices of the steps, -1 where there is none.
struct LayerPair {
  int reference = -1;
  int model = -1;
};
// All steps of both in the order of execution. Layers of equal names are the same, else those with outputs of equal
// names. Changes of layout have no counterpart.
std::vector<LayerPair> pair_layers(std::span<const StepTime> reference, std::span<const StepTime> model);

// Whether the int8 layer is the slower one: at least three of four of its runs took longer than the median of the float
// one. What lies closer together is chance.
bool is_slower(const StepTime& reference, const StepTime& model);

}  // namespace octet::cli
