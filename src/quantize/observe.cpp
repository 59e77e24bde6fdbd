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

  void cancel() override { session_->cancel(true); }

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

ObservedSoFar nothing_observed(const Assignment& assignment, std::int64_t ema_batch) {
  const auto count = static_cast<std::size_t>(assignment.group_count);
  return {std::vector<GroupTally>(count, GroupTally{Histogram(), EmaRange(ema_batch)}), {}, 0, {}};
}

Status observe_more(const std::shared_ptr<const Plan>& plan, const Assignment& assignment, const SampleSource& source,
                    std::span<const std::size_t> samples, std::size_t end, int threads, const Hooks& hooks,
                    ObservedSoFar& so_far) {
  const Graph& graph = *plan->graph;
  std::vector<int> group_of(graph.tensors.size(), -1);
  for (const TensorId id : observed_tensors(graph, assignment)) {
    group_of[static_cast<std::size_t>(id)] = assignment.group[static_cast<std::size_t>(id)];
  }
  std::vector<const Observer*> observers;
  std::vector<GroupTally>& groups = so_far.groups;

  SampleJob job;
  job.stage = "observe";
  job.graph = &graph;
  job.source = &source;
  const auto part = samples.subspan(so_far.done, end - so_far.done);
  job.samples.assign(part.begin(), part.end());
  job.done_before = so_far.done;
  job.total = samples.size();
  job.reported = &so_far.reported;
  job.may_be_none = true;
  job.threads = threads;
  job.make_worker = [&]() -> Result<std::unique_ptr<SampleWorker>> {
    OCTET_ASSIGN(auto observer, Observer::create(plan, group_of, assignment.group_count));
    observers.push_back(observer.get());
    return std::unique_ptr<SampleWorker>(std::move(observer));
  };
  job.merge = [&](std::size_t sample, SampleResult& result) -> Status {
    const auto& extremes = static_cast<const Extremes&>(result);
    if (extremes.not_finite != kNoTensor) return not_finite_error(graph, source, sample, extremes);
    for (std::size_t g = 0; g < groups.size(); ++g) groups[g].ema.add(extremes.groups[g]);
    return {};
  };
  job.finish = [&] {
    for (const Observer* observer : observers) {
      for (std::size_t g = 0; g < groups.size(); ++g) groups[g].histogram.merge(observer->histograms()[g]);
    }
  };
  OCTET_ASSIGN(const SampleOutcome outcome, run_samples(job, hooks));
  SampleOutcome& all = so_far.samples;
  all.used.insert(all.used.end(), outcome.used.begin(), outcome.used.end());
  all.skipped.insert(all.skipped.end(), outcome.skipped.begin(), outcome.skipped.end());
  so_far.done = end;
  return {};
}

Observation observation_of(ObservedSoFar so_far) {
  Observation observation;
  observation.samples = std::move(so_far.samples);
  for (GroupTally& group : so_far.groups) {
    observation.groups.push_back({std::move(group.histogram), group.ema.range()});
  }
  return observation;
}

Result<Observation> observe(const std::shared_ptr<const Plan>& plan, const Assignment& assignment,
                            const SampleSource& source, std::vector<std::size_t> samples, const ObserveOptions& options,
                            const Hooks& hooks) {
  ObservedSoFar so_far = nothing_observed(assignment, options.ema_batch);
  OCTET_TRY(observe_more(plan, assignment, source, samples, samples.size(), options.threads, hooks, so_far));
  if (so_far.samples.used.empty()) return none_readable(source, so_far.samples.skipped);
  return observation_of(std::move(so_far));
}

}  // namespace octet
