// How far int8 networks are from the float one at the outputs: the float network's inputs and answers of a few dozen
// samples are held in memory, so that many ways to quantize it can be measured one after the other.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "image/samples.h"
#include "quantize/hooks.h"
#include "runtime/plan.h"

namespace octet {

// Over all samples, at the outputs or, where one is a softmax, before it: equal probabilities hide how near an answer
// is to another one.
struct Distance {
  double noise = 0;    // squared error over squared signal, mean of the outputs
  double sqnr_db = 0;  // of the output with the most noise
  double drop = 0;     // of a classifier: the share of answers that are expected to change
};

inline constexpr double kLeastEnergy = 1e-20;  // noise and signal, against division by zero

struct DistanceJob {
  std::shared_ptr<const Graph> graph;  // float
  const SampleSource* source = nullptr;
  std::vector<std::size_t> samples;  // a few dozen: their inputs are held in memory
  Isa isa = Isa::ref;
  int threads = 1;
};

class OutputDistance {
 public:
  // Runs the float network. Errors: those of run_samples.
  static Result<std::unique_ptr<const OutputDistance>> create(const DistanceJob& job, const Hooks& hooks);

  // `network` has the outputs of the float one, and what goes into a final softmax, under the same names. Only
  // hooks.progress is used, to be cancelled. Errors: those of make_plan and run_samples.
  Result<Distance> of(Graph network, const Hooks& hooks) const;

  // Whether the first output is a list of classes; else there is no `drop`.
  bool is_classifier() const { return classifier_; }

 private:
  using Values = std::vector<std::vector<float>>;  // of each input or output
  struct Kept;
  struct Errors;
  class Runner;
  class Reference;

  OutputDistance(const DistanceJob& job);
  std::unique_ptr<Errors> errors_of(const Values& reference, const Values& model) const;
  Distance judge(const Errors& sums) const;

  std::vector<std::string> names_;  // of the tensors that are compared
  bool classifier_ = false;
  Isa isa_;
  int threads_;
  std::shared_ptr<Reference> reference_;
};

}  // namespace octet
