#include "quantize/observe.h"

#include "base/text.h"

namespace octet {
namespace {

struct Extremes : SampleResult {
  std::vector<MinMax> groups;
  TensorId not_finite = kNoTensor;  // the first tensor with such values
  std::uint64_t not_finite_count = 0;
};

class Observer : public SampleWorker {
 public:
  static Result<std::unique_ptr<Observer>> create(std::shared_ptr<const Plan> plan, const std::vector<int>& group_of,
                                                  int group_count) {
    std::unique_ptr<Observer> observer(new Observer(group_of, group_count));
    OCTET_ASSIGN(observer->session_, Session::create(std::move(plan), {}));
    observer->session_->set_observer([raw = observer.get()](const Observed& observed) { raw->look(observed); });
    return observer;
  }

  Result<std::unique_ptr<SampleResult>> run(std::size_t, std::span<const Binding> inputs) override {
    auto result = std::make_unique<Extremes>();
    result->groups.resize(histograms_.size());
    current_ = result.get();
    const std::vector<Binding> no_outputs(session_->plan().graph->outputs.size());
    OCTET_TRY(session_->run(inputs, no_outputs));
    return std::unique_ptr<SampleResult>(std::move(result));
  }

  const std::vector<Histogram>& histograms() const { return histograms_; }

 private:
  Observer(const std::vector<int>& group_of, int group_count)
      : group_of_(group_of), histograms_(static_cast<std::size_t>(group_count)) {}

  void look(const Observed& observed) {
    const int group = group_of_[static_cast<std::size_t>(observed.id)];
    if (group < 0) return;
    const Tensor& tensor = session_->plan().graph->at(observed.id);
    const std::span values(static_cast<const float*>(observed.data),
                           static_cast<std::size_t>(element_count(tensor.dims)));
    Histogram& histogram = histograms_[static_cast<std::size_t>(group)];
    const std::uint64_t before = histogram.non_finite();
    histogram.add(values);
    current_->groups[static_cast<std::size_t>(group)].merge(min_max(values));
    if (histogram.non_finite() != before && current_->not_finite == kNoTensor) {
      current_->not_finite = observed.id;
      current_->not_finite_count = histogram.non_finite() - before;
    }
  }

  const std::vector<int>& group_of_;
  std::vector<Histogram> histograms_;
  std::unique_ptr<Session> session_;
  Extremes* current_ = nullptr;
};

Status not_finite_error(const Graph& graph, const SampleSource& source, std::size_t sample, const Extremes& extremes) {
  const auto producers = find_producers(graph);
  const int producer = producers[static_cast<std::size_t>(extremes.not_finite)];
  const std::string where =
      producer < 0 ? "the network's input" : describe(graph.nodes[static_cast<std::size_t>(producer)]);
  return fail(Code::data, "sample '" + printable(source.name(sample)) +
                              "': " + std::to_string(extremes.not_finite_count) + " values of '" +
                              printable(graph.at(extremes.not_finite).name) + "' (" + where +
                              ") are NaN or infinite; check mean, normal and the float network itself");
}

}  // namespace

std::vector<TensorId> observed_tensors(const Graph& graph, const Assignment& assignment) {
  const auto producers = find_producers(graph);
  std::vector<TensorId> tensors;
  for (std::size_t i = 0; i < graph.tensors.size(); ++i) {
    if (assignment.group[i] < 0 || graph.tensors[i].constant) continue;
    const int producer = producers[i];
    const bool moved = producer >= 0 && assignment.int8_node[static_cast<std::size_t>(producer)] &&
                       keeps_values(graph.nodes[static_cast<std::size_t>(producer)]);
    // A move of something with another quantization (the softmax's) has to be seen itself.
    bool same_group = false;
    if (moved) {
      for (const TensorId id : graph.nodes[static_cast<std::size_t>(producer)].inputs) {
        same_group =
            same_group || (id != kNoTensor && assignment.group[static_cast<std::size_t>(id)] == assignment.group[i]);
      }
    }
    if (!same_group) tensors.push_back(static_cast<TensorId>(i));
  }
  return tensors;
}

Result<Observation> observe(const std::shared_ptr<const Plan>& plan, const Assignment& assignment,
                            const SampleSource& source, std::vector<std::size_t> samples, const ObserveOptions& options,
                            const Hooks& hooks) {
  const Graph& graph = *plan->graph;
  std::vector<int> group_of(graph.tensors.size(), -1);
  for (const TensorId id : observed_tensors(graph, assignment)) {
    group_of[static_cast<std::size_t>(id)] = assignment.group[static_cast<std::size_t>(id)];
  }
  std::vector<const Observer*> observers;
  std::vector<EmaRange> ema(static_cast<std::size_t>(assignment.group_count), EmaRange(options.ema_batch));
  std::vector<Histogram> histograms(static_cast<std::size_t>(assignment.group_count));

  SampleJob job;
  job.stage = "observe";
  job.graph = &graph;
  job.source = &source;
  job.samples = std::move(samples);
  job.threads = options.threads;
  job.make_worker = [&]() -> Result<std::unique_ptr<SampleWorker>> {
    OCTET_ASSIGN(auto observer, Observer::create(plan, group_of, assignment.group_count));
    observers.push_back(observer.get());
    return std::unique_ptr<SampleWorker>(std::move(observer));
  };
  job.merge = [&](std::size_t sample, SampleResult& result) -> Status {
    const auto& extremes = static_cast<const Extremes&>(result);
    if (extremes.not_finite != kNoTensor) return not_finite_error(graph, source, sample, extremes);
    for (std::size_t g = 0; g < ema.size(); ++g) ema[g].add(extremes.groups[g]);
    return {};
  };
  job.finish = [&] {
    for (const Observer* observer : observers) {
      for (std::size_t g = 0; g < histograms.size(); ++g) histograms[g].merge(observer->histograms()[g]);
    }
  };
  Observation observation;
  OCTET_ASSIGN(observation.samples, run_samples(job, hooks));
  for (std::size_t g = 0; g < histograms.size(); ++g) {
    observation.groups.push_back({std::move(histograms[g]), ema[g].range()});
  }
  return observation;
}

}  // namespace octet
