#include "quantize/mixed.h"

#include <algorithm>
#include <cmath>
#include <set>

#include "quantize/measure.h"
#include "quantize/sample_runner.h"

namespace octet {
namespace {

// How far a network is from the float one, over all samples, at the outputs or before a final softmax.
struct Distance {
  double noise = 0;    // squared error over squared signal, mean of the outputs
  double sqnr_db = 0;  // of the output with the most noise
  double drop = 0;     // of a classifier: the share of answers that are expected to change
};

constexpr double kLeast = 1e-20;  // noise and signal, against division by zero

using Values = std::vector<std::vector<float>>;  // of each input or output

struct Kept : SampleResult {
  Values inputs, outputs;
};

// Sums of one sample.
struct Errors : SampleResult {
  std::vector<double> signal, noise;  // of each output
  double margin_error = 0;            // of the best float class before the second one
};

// Runs a network over samples, one session a worker; `finish_sample` makes the result from the outputs.
class Runner : public SampleWorker {
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
class Reference : public SampleSource {
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

// Names of the tensors at which networks are compared: the outputs, and where one is a softmax what goes into it. Equal
// probabilities hide how near an answer is to another one.
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

std::unique_ptr<SampleResult> errors_of(const Values& reference, const Values& model, bool classifier) {
  auto errors = std::make_unique<Errors>();
  for (std::size_t o = 0; o < reference.size(); ++o) {
    const bool centred = classifier && o == 0;  // a softmax does not see what is common to all classes
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
  if (classifier) {
    const TopTwo top = top_two(reference[0]);
    errors->margin_error = margin_of(model[0], top) - margin_of(reference[0], top);
  }
  return errors;
}

class Search {
 public:
  Search(const MixedJob& job, const Hooks& hooks) : job_(job), hooks_(hooks), names_(compared_tensors(*job.graph)) {}

  Result<MixedChoice> run() {
    OCTET_TRY(keep_reference());
    if (job_.budget.max_drop && !classifier_) {
      return fail(Code::config,
                  "\"mixed\": \"max_drop\" is for classifiers, and the first output is no list of classes: give "
                  "\"min_sqnr\"");
    }
    MixedChoice choice;
    find_candidates();
    total_ = static_cast<std::int64_t>(candidates_.size()) + 2;  // the network all in int8, candidates, and the choice
    OCTET_ASSIGN(const Distance all_int8, distance({}));
    choice.report.all_int8_sqnr_db = choice.report.sqnr_db = all_int8.sqnr_db;
    choice.report.all_int8_drop = choice.report.drop = all_int8.drop;
    if (!holds(all_int8)) {
      OCTET_TRY(measure_candidates(all_int8));
      OCTET_TRY(choose(all_int8, choice));
    }
    if (hooks_.progress && !hooks_.progress("sensitivity", total_, total_)) return fail(Code::cancelled, "cancelled");
    return choice;
  }

 private:
  // Layers that are kept together: one alone, whose weights then are not rounded, or those on both sides of a tensor,
  // which then is not rounded either.
  struct Candidate {
    std::vector<std::size_t> nodes;
    double saved = 0;  // noise
    double macs = 0;
  };

  // The float network's inputs and answers, in memory.
  Status keep_reference() {
    OCTET_ASSIGN(Graph cut, cut_at(*job_.graph, names_));
    classifier_ = class_count(cut.at(cut.outputs[0]).dims) > 1;
    const auto graph = std::make_shared<const Graph>(std::move(cut));
    OCTET_ASSIGN(const auto plan, make_plan(graph, job_.isa));
    const Runner::Finish finish = [](std::size_t, std::span<const Binding> inputs, const Values& outputs) {
      auto kept = std::make_unique<Kept>();
      for (const Binding& input : inputs) {
        const auto* values = static_cast<const float*>(input.data);
        kept->inputs.emplace_back(values, values + input.size_bytes / sizeof(float));
      }
      kept->outputs = outputs;
      return std::unique_ptr<SampleResult>(std::move(kept));
    };
    SampleJob job;
    job.stage = "sensitivity: float";
    job.graph = graph.get();
    job.source = job_.source;
    job.samples = job_.samples;
    job.threads = job_.threads;
    job.make_worker = [&] { return Runner::create(plan, finish); };
    job.merge = [&](std::size_t sample, SampleResult& result) {
      reference_.add(sample, static_cast<Kept&>(result));
      return Status();
    };
    OCTET_ASSIGN(const SampleOutcome outcome, run_samples(job, hooks_));
    return {};
  }

  Result<Distance> distance(const std::vector<std::string>& kept) const {
    OCTET_ASSIGN(Graph whole, job_.make(kept));
    OCTET_ASSIGN(Graph cut, cut_at(std::move(whole), names_));
    const auto graph = std::make_shared<const Graph>(std::move(cut));
    OCTET_ASSIGN(const auto plan, make_plan(graph, job_.isa));
    const Runner::Finish finish = [&](std::size_t sample, std::span<const Binding>, const Values& outputs) {
      return errors_of(reference_.outputs(sample), outputs, classifier_);
    };
    std::vector<double> signal(names_.size());
    std::vector<double> noise(names_.size());
    double margin_error = 0;  // squared
    SampleJob job;
    job.graph = graph.get();
    job.source = &reference_;
    for (std::size_t i = 0; i < reference_.count(); ++i) job.samples.push_back(i);
    job.threads = job_.threads;
    job.make_worker = [&] { return Runner::create(plan, finish); };
    job.merge = [&](std::size_t, SampleResult& opaque) {
      const auto& errors = static_cast<const Errors&>(opaque);
      for (std::size_t o = 0; o < names_.size(); ++o) {
        signal[o] += errors.signal[o];
        noise[o] += errors.noise[o];
      }
      margin_error += errors.margin_error * errors.margin_error;
      return Status();
    };
    // However many runs the search takes, it tells how many networks it has measured and can be cancelled in each.
    Hooks within;
    if (hooks_.progress) {
      within.progress = [this](const char*, std::int64_t, std::int64_t) {
        return hooks_.progress("sensitivity", done_, total_);
      };
    }
    OCTET_ASSIGN(const SampleOutcome outcome, run_samples(job, within));
    return judge(signal, noise, margin_error / static_cast<double>(reference_.count()));
  }

  Distance judge(const std::vector<double>& signal, const std::vector<double>& noise, double margin_error) const {
    Distance distance;
    double most = kLeast;
    for (std::size_t o = 0; o < names_.size(); ++o) {
      const double share = noise[o] / std::max(signal[o], kLeast);
      distance.noise += share / static_cast<double>(names_.size());
      most = std::max(most, share);
    }
    distance.sqnr_db = -10 * std::log10(most);
    if (!classifier_) return distance;
    // An answer changes where the error of the margin, taken for normal, is larger than the margin. Over a few dozen
    // samples this says more than counting the few answers that did change.
    const double deviation = std::sqrt(std::max(2 * margin_error, kLeast));
    for (std::size_t i = 0; i < reference_.count(); ++i) {
      const std::vector<float>& scores = reference_.outputs(i)[0];
      distance.drop += 0.5 * std::erfc(margin_of(scores, top_two(scores)) / deviation);
    }
    distance.drop /= static_cast<double>(reference_.count());
    return distance;
  }

  bool holds(const Distance& distance) const {
    const MixedBudget& budget = job_.budget;
    return (!budget.min_sqnr || distance.sqnr_db >= *budget.min_sqnr) &&
           (!budget.max_drop || distance.drop <= *budget.max_drop);
  }

  double macs_of(std::size_t node) const {
    return static_cast<double>(count_macs(*job_.graph, job_.graph->nodes[node]));
  }
  double most_macs() const { return static_cast<double>(count_macs(*job_.graph).all) * job_.budget.max_float_macs; }

  // An output has a name of its own, what nodes may lack.
  std::vector<std::string> names_of(const std::vector<std::size_t>& nodes) const {
    std::vector<std::string> names;
    for (const std::size_t n : nodes) names.push_back(job_.graph->at(job_.graph->nodes[n].outputs[0]).name);
    return names;
  }

  // Nodes that make or read each tensor, and whether each node is one of job_.layers.
  void find_neighbours() {
    const Graph& graph = *job_.graph;
    neighbours_.assign(graph.tensors.size(), {});
    is_layer_.assign(graph.nodes.size(), false);
    for (const std::size_t n : job_.layers) is_layer_[n] = true;
    for (std::size_t n = 0; n < graph.nodes.size(); ++n) {
      for (const auto* ids : {&graph.nodes[n].inputs, &graph.nodes[n].outputs}) {
        for (const TensorId id : *ids) {
          if (id != kNoTensor && !graph.is_constant(id)) neighbours_[static_cast<std::size_t>(id)].push_back(n);
        }
      }
    }
  }

  // The layers that a tensor comes from, and those that read it, directly or through nodes that are none of
  // job_.layers.
  std::vector<std::size_t> layers_around(TensorId tensor) const {
    std::vector<std::size_t> found;
    std::vector<TensorId> open{tensor};
    std::set<TensorId> seen{tensor};
    while (!open.empty()) {
      const TensorId id = open.back();
      open.pop_back();
      for (const std::size_t n : neighbours_[static_cast<std::size_t>(id)]) {
        if (is_layer_[n]) {
          found.push_back(n);
          continue;
        }
        for (const auto* ids : {&job_.graph->nodes[n].inputs, &job_.graph->nodes[n].outputs}) {
          for (const TensorId other : *ids) {
            if (other != kNoTensor && !job_.graph->is_constant(other) && seen.insert(other).second) {
              open.push_back(other);
            }
          }
        }
      }
    }
    std::sort(found.begin(), found.end());
    found.erase(std::unique(found.begin(), found.end()), found.end());
    return found;
  }

  void find_candidates() {
    find_neighbours();
    std::vector<std::vector<std::size_t>> sets;
    for (const std::size_t n : job_.layers) sets.push_back({n});
    for (const std::size_t n : job_.layers) sets.push_back(layers_around(job_.graph->nodes[n].outputs[0]));
    std::sort(sets.begin(), sets.end());
    sets.erase(std::unique(sets.begin(), sets.end()), sets.end());
    for (std::vector<std::size_t>& nodes : sets) {
      Candidate candidate{std::move(nodes), 0, 0};
      for (const std::size_t n : candidate.nodes) candidate.macs += macs_of(n);
      if (candidate.macs <= most_macs()) candidates_.push_back(std::move(candidate));
    }
  }

  Status measure_candidates(const Distance& all_int8) {
    for (Candidate& candidate : candidates_) {
      ++done_;
      OCTET_ASSIGN(const Distance without, distance(names_of(candidate.nodes)));
      candidate.saved = all_int8.noise - without.noise;
    }
    ++done_;
    std::erase_if(candidates_, [](const Candidate& c) { return c.saved <= 0; });
    return {};
  }

  // What a list of layers to keep comes to.
  struct Trial {
    std::vector<std::size_t> nodes;
    double macs = 0;
    Distance distance;
    bool reached = false;
  };

  // The candidates that fit into the budget one after the other, the one with the largest `worth` first; then as few of
  // them as hold the budget.
  template <class Worth>
  Result<Trial> take_by(Worth worth) {
    std::stable_sort(candidates_.begin(), candidates_.end(),
                     [&](const Candidate& a, const Candidate& b) { return worth(a) > worth(b); });
    std::vector<std::size_t> nodes;
    std::vector<std::size_t> ends{0};  // of the first candidates, in `nodes`
    double macs = 0;
    for (const Candidate& candidate : candidates_) {
      std::vector<std::size_t> added;
      double own = 0;
      for (const std::size_t n : candidate.nodes) {
        if (std::find(nodes.begin(), nodes.end(), n) != nodes.end()) continue;
        added.push_back(n);
        own += macs_of(n);
      }
      if (added.empty() || macs + own > most_macs()) continue;
      macs += own;
      nodes.insert(nodes.end(), added.begin(), added.end());
      ends.push_back(nodes.size());
    }
    const auto first = [&](std::size_t count) {
      return std::vector<std::size_t>(nodes.begin(), nodes.begin() + static_cast<std::ptrdiff_t>(ends[count]));
    };
    std::size_t count = ends.size() - 1;
    OCTET_ASSIGN(Trial best, try_out(first(count)));
    std::size_t too_few = 0;
    while (best.reached && count - too_few > 1) {
      const std::size_t middle = (count + too_few) / 2;
      OCTET_ASSIGN(Trial fewer, try_out(first(middle)));
      if (fewer.reached) {
        count = middle;
        best = std::move(fewer);
      } else {
        too_few = middle;
      }
    }
    return best;
  }

  Result<Trial> try_out(std::vector<std::size_t> nodes) const {
    Trial trial;
    OCTET_ASSIGN(trial.distance, distance(names_of(nodes)));
    trial.reached = holds(trial.distance);
    for (const std::size_t n : nodes) trial.macs += macs_of(n);
    trial.nodes = std::move(nodes);
    return trial;
  }

  // Layers of a chosen set without which it is as good go back to int8.
  Status leave_out_idle(Trial& trial) const {
    constexpr double kAsGood = 1.001;  // times the noise
    for (std::size_t i = trial.nodes.size(); i-- > 0;) {
      std::vector<std::size_t> fewer = trial.nodes;
      fewer.erase(fewer.begin() + static_cast<std::ptrdiff_t>(i));
      OCTET_ASSIGN(Trial without, try_out(std::move(fewer)));
      if (without.reached == trial.reached && without.distance.noise <= kAsGood * trial.distance.noise) {
        trial = std::move(without);
      }
    }
    return {};
  }

  // What is left of the work that may stay float, where the budget of error is not met: candidates that, one after the
  // other, still save something beside the chosen ones.
  Status fill_up(Trial& trial) const {
    constexpr double kWorthIt = 0.998;  // times the noise
    constexpr int kTries = 24;
    int tries = 0;
    for (const Candidate& candidate : candidates_) {
      if (trial.reached || tries == kTries) break;
      std::vector<std::size_t> more = trial.nodes;
      double macs = trial.macs;
      for (const std::size_t n : candidate.nodes) {
        if (std::find(more.begin(), more.end(), n) != more.end()) continue;
        more.push_back(n);
        macs += macs_of(n);
      }
      if (more.size() == trial.nodes.size() || macs > most_macs()) continue;
      ++tries;
      OCTET_ASSIGN(Trial with, try_out(std::move(more)));
      if (with.reached || with.distance.noise <= kWorthIt * trial.distance.noise) trial = std::move(with);
    }
    return {};
  }

  // Two orders: most error saved for the work, and most error saved. The first may fill the budget with crumbs.
  Status choose(const Distance& all_int8, MixedChoice& choice) {
    OCTET_ASSIGN(Trial trial, take_by([](const Candidate& c) { return c.saved / std::max(c.macs, 1.0); }));
    OCTET_ASSIGN(Trial other, take_by([](const Candidate& c) { return c.saved; }));
    const bool both = trial.reached && other.reached;
    const bool better = both ? other.macs < trial.macs
                             : other.reached || (!trial.reached && other.distance.noise < trial.distance.noise);
    if (better) trial = std::move(other);
    OCTET_TRY(leave_out_idle(trial));
    OCTET_TRY(fill_up(trial));
    const Graph& graph = *job_.graph;
    choice.skip = names_of(trial.nodes);
    choice.report.sqnr_db = trial.distance.sqnr_db;
    choice.report.drop = trial.distance.drop;
    choice.report.reached = trial.reached;
    choice.report.float_mac_share = trial.macs / std::max(static_cast<double>(count_macs(graph).all), 1.0);
    for (std::size_t i = 0; i < trial.nodes.size(); ++i) {
      const Node& node = graph.nodes[trial.nodes[i]];
      MixedLayer layer{choice.skip[i], kind_of(graph, node), count_macs(graph, node), 0};
      OCTET_ASSIGN(const Distance without, distance({layer.name}));
      layer.gained_db = 10 * std::log10(std::max(all_int8.noise, kLeast) / std::max(without.noise, kLeast));
      choice.report.layers.push_back(std::move(layer));
    }
    return {};
  }

  const MixedJob& job_;
  const Hooks& hooks_;
  const std::vector<std::string> names_;
  bool classifier_ = false;
  Reference reference_;
  std::vector<Candidate> candidates_;
  std::vector<std::vector<std::size_t>> neighbours_;  // by tensor
  std::vector<bool> is_layer_;                        // by node
  std::int64_t done_ = 0, total_ = 0;                 // networks whose distance was measured, for progress
};

}  // namespace

Result<MixedChoice> choose_mixed(const MixedJob& job, const Hooks& hooks) { return Search(job, hooks).run(); }

}  // namespace octet
