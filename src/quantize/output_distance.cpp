#include "quantize/output_distance.h"

#include <algorithm>
#include <cmath>

#include "quantize/measure.h"
#include "quantize/sample_runner.h"

namespace octet {
namespace {

// Names of the tensors at which networks are compared.
std::vector<std::string> compared_tensors(const Graph& graph) {
  const std::vector<int> producer = find_producers(graph);
  std::vector<std::string> names;
  for (const TensorId id : graph.outputs) {
    const int n = producer[static_cast<std::size_t>(id)];
    const Node* node = n < 0 ? nullptr : &graph.nodes[static_cast<std::size_t>(n)];
    const bool before =
        node != nullptr && node->op == Op::softmax && producer[static_cast<std::size_t>(node->inputs[0])] >= 0;
    const std::string& name = graph.at(before ? node->inputs[0] : id).name;
    if (std::find(names.begin(), names.end(), name) == names.end()) names.push_back(name);
  }
  return names;
}

// The network up to those tensors.
Result<Graph> cut_at(Graph graph, const std::vector<std::string>& names) {
  std::vector<TensorId> outputs;
  for (const std::string& name : names) {
    const auto found = std::find_if(graph.tensors.begin(), graph.tensors.end(),
                                    [&](const Tensor& tensor) { return tensor.name == name; });
    if (found == graph.tensors.end()) return fail(Code::internal, "the int8 network has no tensor '" + name + "'");
    outputs.push_back(static_cast<TensorId>(found - graph.tensors.begin()));
  }
  graph.outputs = std::move(outputs);
  remove_dead(graph);
  return graph;
}

struct TopTwo {
  std::size_t best = 0, second = 0;
};

TopTwo top_two(std::span<const float> scores) {
  TopTwo top{0, 1};
  if (scores[1] > scores[0]) std::swap(top.best, top.second);
  for (std::size_t i = 2; i < scores.size(); ++i) {
    if (scores[i] > scores[top.best]) {
      top = {i, top.best};
    } else if (scores[i] > scores[top.second]) {
      top.second = i;
    }
  }
  return top;
}

double margin_of(std::span<const float> scores, const TopTwo& top) {
  return static_cast<double>(scores[top.best]) - static_cast<double>(scores[top.second]);
}

double mean_of(std::span<const float> values) {
  double sum = 0;
  for (const float value : values) sum += static_cast<double>(value);
  return sum / static_cast<double>(values.size());
}

}  // namespace

struct OutputDistance::Kept : SampleResult {
  Values inputs, outputs;
};

// Of one sample, or the sums of all.
struct OutputDistance::Errors : SampleResult {
  std::vector<double> signal, noise;  // of each output
  double margin_error = 0;            // of the best float class before the second one, squared
};

// Runs a network over samples, one session a worker; `finish` makes the result from the outputs.
class OutputDistance::Runner : public SampleWorker {
 public:
  using Finish = std::function<std::unique_ptr<SampleResult>(std::size_t sample, std::span<const Binding> inputs,
                                                             const Values& outputs)>;

  static Result<std::unique_ptr<SampleWorker>> create(const std::shared_ptr<const Plan>& plan, const Finish& finish) {
    std::unique_ptr<Runner> runner(new Runner(finish));
    OCTET_ASSIGN(runner->session_, Session::create(plan, {}));
    for (const TensorId id : plan->graph->outputs) {
      runner->outputs_.emplace_back(static_cast<std::size_t>(element_count(plan->graph->at(id).dims)));
    }
    for (auto& output : runner->outputs_) {
      runner->bindings_.push_back({output.data(), output.size() * sizeof(float), nullptr, DType::f32});
    }
    return std::unique_ptr<SampleWorker>(std::move(runner));
  }

  Result<std::unique_ptr<SampleResult>> run(std::size_t sample, std::span<const Binding> inputs) override {
    OCTET_TRY(session_->run(inputs, bindings_));
    return finish_(sample, inputs, outputs_);
  }

  void cancel() override { session_->cancel(true); }

 private:
  explicit Runner(const Finish& finish) : finish_(finish) {}
  const Finish& finish_;
  std::unique_ptr<Session> session_;
  Values outputs_;
  std::vector<Binding> bindings_;
};

// What the float network was given and answered.
class OutputDistance::Reference : public SampleSource {
 public:
  void add(std::size_t sample, Kept& kept) {
    numbers_.push_back(sample);
    inputs_.push_back(std::move(kept.inputs));
    outputs_.push_back(std::move(kept.outputs));
  }
  const Values& outputs(std::size_t index) const { return outputs_[index]; }

  std::size_t count() const override { return inputs_.size(); }
  std::string name(std::size_t index) const override { return "sample " + std::to_string(numbers_[index]); }
  const std::vector<std::string>& warnings() const override { return none_; }
  Status load(std::size_t index, std::span<const SampleInput> inputs) const override {
    for (std::size_t i = 0; i < inputs.size(); ++i) {
      std::copy(inputs_[index][i].begin(), inputs_[index][i].end(), inputs[i].values.begin());
    }
    return {};
  }

 private:
  std::vector<std::size_t> numbers_;
  std::vector<Values> inputs_, outputs_;
  std::vector<std::string> none_;
};

OutputDistance::OutputDistance(const DistanceJob& job)
    : names_(compared_tensors(*job.graph)),
      isa_(job.isa),
      threads_(job.threads),
      reference_(std::make_shared<Reference>()) {}

Result<std::unique_ptr<const OutputDistance>> OutputDistance::create(const DistanceJob& job, const Hooks& hooks) {
  std::unique_ptr<OutputDistance> made(new OutputDistance(job));
  OCTET_ASSIGN(Graph cut, cut_at(*job.graph, made->names_));
  made->classifier_ = class_count(cut.at(cut.outputs[0]).dims) > 1;
  const auto graph = std::make_shared<const Graph>(std::move(cut));
  OCTET_ASSIGN(const auto plan, make_plan(graph, job.isa));
  const Runner::Finish finish = [](std::size_t, std::span<const Binding> inputs, const Values& outputs) {
    auto kept = std::make_unique<Kept>();
    for (const Binding& input : inputs) {
      const auto* values = static_cast<const float*>(input.data);
      kept->inputs.emplace_back(values, values + input.size_bytes / sizeof(float));
    }
    kept->outputs = outputs;
    return std::unique_ptr<SampleResult>(std::move(kept));
  };
  SampleJob run;
  run.stage = "sensitivity: float";
  run.graph = graph.get();
  run.source = job.source;
  run.samples = job.samples;
  run.threads = job.threads;
  run.make_worker = [&] { return Runner::create(plan, finish); };
  run.merge = [&](std::size_t sample, SampleResult& result) {
    made->reference_->add(sample, static_cast<Kept&>(result));
    return Status();
  };
  OCTET_ASSIGN(const SampleOutcome outcome, run_samples(run, hooks));
  return std::unique_ptr<const OutputDistance>(std::move(made));
}

Result<Distance> OutputDistance::of(Graph network, const Hooks& hooks) const {
  OCTET_ASSIGN(Graph cut, cut_at(std::move(network), names_));
  const auto graph = std::make_shared<const Graph>(std::move(cut));
  OCTET_ASSIGN(const auto plan, make_plan(graph, isa_));
  const Runner::Finish finish = [&](std::size_t sample, std::span<const Binding>, const Values& outputs) {
    return std::unique_ptr<SampleResult>(errors_of(reference_->outputs(sample), outputs));
  };
  Errors sums;
  sums.signal.resize(names_.size());
  sums.noise.resize(names_.size());
  SampleJob run;
  run.graph = graph.get();
  run.source = reference_.get();
  for (std::size_t i = 0; i < reference_->count(); ++i) run.samples.push_back(i);
  run.threads = threads_;
  run.make_worker = [&] { return Runner::create(plan, finish); };
  run.merge = [&](std::size_t, SampleResult& opaque) {
    const auto& errors = static_cast<const Errors&>(opaque);
    for (std::size_t o = 0; o < names_.size(); ++o) {
      sums.signal[o] += errors.signal[o];
      sums.noise[o] += errors.noise[o];
    }
    sums.margin_error += errors.margin_error;
    return Status();
  };
  OCTET_ASSIGN(const SampleOutcome outcome, run_samples(run, hooks));
  return judge(sums);
}

std::unique_ptr<OutputDistance::Errors> OutputDistance::errors_of(const Values& reference, const Values& model) const {
  auto errors = std::make_unique<Errors>();
  for (std::size_t o = 0; o < reference.size(); ++o) {
    const bool centred = classifier_ && o == 0;  // a softmax does not see what is common to all classes
    const double mean_value = centred ? mean_of(reference[o]) : 0;
    const double mean_error = centred ? mean_of(model[o]) - mean_value : 0;
    double signal = 0;
    double noise = 0;
    for (std::size_t i = 0; i < reference[o].size(); ++i) {
      const double value = static_cast<double>(reference[o][i]);
      const double error = static_cast<double>(model[o][i]) - value - mean_error;
      signal += (value - mean_value) * (value - mean_value);
      noise += error * error;
    }
    errors->signal.push_back(signal);
    errors->noise.push_back(noise);
  }
  if (classifier_) {
    const TopTwo top = top_two(reference[0]);
    const double error = margin_of(model[0], top) - margin_of(reference[0], top);
    errors->margin_error = error * error;
  }
  return errors;
}

Distance OutputDistance::judge(const Errors& sums) const {
  Distance distance;
  double most = kLeastEnergy;
  for (std::size_t o = 0; o < names_.size(); ++o) {
    const double share = sums.noise[o] / std::max(sums.signal[o], kLeastEnergy);
    distance.noise += share / static_cast<double>(names_.size());
    most = std::max(most, share);
  }
  distance.sqnr_db = -10 * std::log10(most);
  if (!classifier_) return distance;
  // An answer changes where the error of the margin, taken for normal, is larger than the margin. Over a few dozen
  // samples this says more than counting the few answers that did change.
  const auto count = static_cast<double>(reference_->count());
  const double deviation = std::sqrt(std::max(2 * sums.margin_error / count, kLeastEnergy));
  for (std::size_t i = 0; i < reference_->count(); ++i) {
    const std::vector<float>& scores = reference_->outputs(i)[0];
    distance.drop += 0.5 * std::erfc(margin_of(scores, top_two(scores)) / deviation);
  }
  distance.drop /= count;
  return distance;
}

}  // namespace octet
