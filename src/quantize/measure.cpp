#include "quantize/measure.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "base/text.h"
#include "runtime/boundary.h"

namespace octet {
namespace {

// Sums over the elements of one tensor in one sample.
struct Sums {
  double reference_square = 0, model_square = 0, product = 0, error_square = 0, max_error = 0;
  std::int64_t clipped = 0, count = 0;

  void add(const Sums& other) {
    reference_square += other.reference_square;
    model_square += other.model_square;
    product += other.product;
    error_square += other.error_square;
    max_error = std::max(max_error, other.max_error);
    clipped += other.clipped;
    count += other.count;
  }
  double cosine() const {
    if (reference_square == 0 && model_square == 0) return 1;
    if (reference_square == 0 || model_square == 0) return 0;
    return product / std::sqrt(reference_square * model_square);
  }
  double sqnr_db() const {
    constexpr double kMost = 200;
    if (error_square == 0) return kMost;
    if (reference_square == 0) return -kMost;
    return std::clamp(10 * std::log10(reference_square / error_square), -kMost, kMost);
  }
};

Sums compare(std::span<const float> reference, std::span<const float> model, float low, float high) {
  Sums sums;
  sums.count = static_cast<std::int64_t>(reference.size());
  for (std::size_t i = 0; i < reference.size(); ++i) {
    const double a = reference[i];
    const double b = model[i];
    sums.reference_square += a * a;
    sums.model_square += b * b;
    sums.product += a * b;
    sums.error_square += (a - b) * (a - b);
    sums.max_error = std::max(sums.max_error, std::fabs(a - b));
    sums.clipped += (reference[i] < low || reference[i] > high) ? 1 : 0;
  }
  return sums;
}

// The `k` best classes contain `label`; equal values count for the lower class, as a stable sort would.
bool in_top(std::span<const float> scores, std::int64_t label, int k) {
  if (label < 0 || label >= static_cast<std::int64_t>(scores.size())) return false;
  const float own = scores[static_cast<std::size_t>(label)];
  if (std::isnan(own)) return false;
  int better = 0;
  for (std::size_t i = 0; i < scores.size(); ++i) {
    better += (scores[i] > own || (scores[i] == own && static_cast<std::int64_t>(i) < label)) ? 1 : 0;
  }
  return better < k;
}

std::size_t largest(std::span<const float> scores) {
  return static_cast<std::size_t>(std::max_element(scores.begin(), scores.end()) - scores.begin());
}

// A tensor that both networks have.
struct Pair {
  int node;  // of the reference
  TensorId reference, model;
  float low, high;  // of the model's range, infinite for float
};

struct Compared : SampleResult {
  std::vector<Sums> layers, outputs;
  bool same_class = false;
  bool float_top1 = false, int8_top1 = false, float_top5 = false, int8_top5 = false;
};

float widest(bool high) { return high ? INFINITY : -INFINITY; }

std::vector<Pair> common_tensors(const Graph& reference, const Graph& model) {
  std::map<std::string_view, TensorId> by_name;
  for (const Node& node : model.nodes) {
    for (const TensorId id : node.outputs) by_name.emplace(model.at(id).name, id);
  }
  std::vector<Pair> pairs;
  for (std::size_t n = 0; n < reference.nodes.size(); ++n) {
    const TensorId id = reference.nodes[n].outputs[0];
    const auto found = by_name.find(reference.at(id).name);
    if (found == by_name.end() || model.at(found->second).dims != reference.at(id).dims) continue;
    const Tensor& tensor = model.at(found->second);
    Pair pair{static_cast<int>(n), id, found->second, widest(false), widest(true)};
    if (tensor.dtype == DType::i8) {
      pair.low = tensor.quant.scale * static_cast<float>(-128 - tensor.quant.zero_point);
      pair.high = tensor.quant.scale * static_cast<float>(127 - tensor.quant.zero_point);
    }
    pairs.push_back(pair);
  }
  return pairs;
}

class Comparer : public SampleWorker {
 public:
  static Result<std::unique_ptr<Comparer>> create(std::shared_ptr<const Plan> reference,
                                                  std::shared_ptr<const Plan> model, const std::vector<Pair>& pairs,
                                                  const std::vector<std::int64_t>& labels) {
    std::unique_ptr<Comparer> comparer(new Comparer(pairs, labels));
    OCTET_ASSIGN(comparer->reference_, Session::create(std::move(reference), {}));
    OCTET_ASSIGN(comparer->model_, Session::create(std::move(model), {}));
    comparer->prepare();
    return comparer;
  }

  Result<std::unique_ptr<SampleResult>> run(std::size_t sample, std::span<const Binding> inputs) override {
    auto result = std::make_unique<Compared>();
    result->layers.resize(pairs_.size());
    current_ = result.get();
    OCTET_TRY(reference_->run(inputs, reference_bindings_));
    OCTET_TRY(model_->run(inputs, model_bindings_));
    for (std::size_t i = 0; i < reference_outputs_.size(); ++i) {
      result->outputs.push_back(compare(reference_outputs_[i], model_outputs_[i], widest(false), widest(true)));
    }
    const std::span<const float> a = reference_outputs_[0];
    const std::span<const float> b = model_outputs_[0];
    result->same_class = largest(a) == largest(b);
    const std::int64_t label = sample < labels_.size() ? labels_[sample] : -1;
    result->float_top1 = in_top(a, label, 1);
    result->int8_top1 = in_top(b, label, 1);
    result->float_top5 = in_top(a, label, 5);
    result->int8_top5 = in_top(b, label, 5);
    return std::unique_ptr<SampleResult>(std::move(result));
  }

  void cancel() override {
    reference_->cancel(true);
    model_->cancel(true);
  }

 private:
  Comparer(const std::vector<Pair>& pairs, const std::vector<std::int64_t>& labels) : pairs_(pairs), labels_(labels) {}

  void prepare() {
    const Graph& reference = *reference_->plan().graph;
    const Graph& model = *model_->plan().graph;
    reference_slot_.assign(reference.tensors.size(), -1);
    model_slot_.assign(model.tensors.size(), -1);
    for (std::size_t i = 0; i < pairs_.size(); ++i) {
      reference_slot_[static_cast<std::size_t>(pairs_[i].reference)] = static_cast<int>(i);
      model_slot_[static_cast<std::size_t>(pairs_[i].model)] = static_cast<int>(i);
    }
    values_.resize(pairs_.size());
    auto bind = [](const Graph& graph, std::vector<std::vector<float>>& outputs, std::vector<Binding>& bindings) {
      for (const TensorId id : graph.outputs) {
        outputs.emplace_back(static_cast<std::size_t>(element_count(graph.at(id).dims)));
      }
      for (auto& output : outputs) {
        bindings.push_back({output.data(), output.size() * sizeof(float), nullptr, DType::f32});
      }
    };
    bind(reference, reference_outputs_, reference_bindings_);
    bind(model, model_outputs_, model_bindings_);
    reference_->set_observer([this](const Observed& observed) { keep(observed); });
    model_->set_observer([this](const Observed& observed) { compare_layer(observed); });
  }

  static void export_values(const Session& session, const Observed& observed, std::vector<float>& values) {
    const Tensor& tensor = session.plan().graph->at(observed.id);
    values.resize(static_cast<std::size_t>(element_count(tensor.dims)));
    const Transfer transfer = Transfer::outwards(tensor, observed.layout, session.plan().isa, observed.data,
                                                 values.data(), DType::f32, nullptr);
    transfer.run(0, transfer.tiles());
  }

  void keep(const Observed& observed) {
    const int slot = reference_slot_[static_cast<std::size_t>(observed.id)];
    if (slot >= 0) export_values(*reference_, observed, values_[static_cast<std::size_t>(slot)]);
  }

  void compare_layer(const Observed& observed) {
    const int slot = model_slot_[static_cast<std::size_t>(observed.id)];
    if (slot < 0) return;
    const auto i = static_cast<std::size_t>(slot);
    if (values_[i].empty()) return;  // an alias in the reference, nothing was computed
    export_values(*model_, observed, scratch_);
    current_->layers[i] = compare(values_[i], scratch_, pairs_[i].low, pairs_[i].high);
  }

  const std::vector<Pair>& pairs_;
  const std::vector<std::int64_t>& labels_;
  std::unique_ptr<Session> reference_, model_;
  std::vector<int> reference_slot_, model_slot_;
  std::vector<std::vector<float>> values_, reference_outputs_, model_outputs_;
  std::vector<float> scratch_;
  std::vector<Binding> reference_bindings_, model_bindings_;
  Compared* current_ = nullptr;
};

Status check_interfaces(const Graph& a, const Graph& b) {
  auto shapes = [](const Graph& graph, const std::vector<TensorId>& ids) {
    std::string text;
    for (const TensorId id : ids) text += (text.empty() ? "" : ", ") + shape_text(graph.at(id).dims);
    return text;
  };
  for (const auto ids : {&Graph::inputs, &Graph::outputs}) {
    const std::string first = shapes(a, a.*ids);
    const std::string second = shapes(b, b.*ids);
    if (first != second) {
      return fail(Code::shape, std::string("the two networks have different ") +
                                   (ids == &Graph::inputs ? "inputs: " : "outputs: ") + first + " and " + second);
    }
  }
  return {};
}

// What is known of one tensor after all samples.
struct Total {
  Sums sums;
  double cosine_sum = 0;
  double least_cosine = 1;

  void add(const Sums& sample) {
    sums.add(sample);
    cosine_sum += sample.cosine();
    least_cosine = std::min(least_cosine, sample.cosine());
  }
  TensorError error(std::size_t samples) const {
    return {sums.cosine(), least_cosine, cosine_sum / static_cast<double>(samples), sums.sqnr_db(), sums.max_error};
  }
};

struct Totals {
  std::vector<Total> layers, outputs;
  std::int64_t same = 0, labelled = 0, float_top1 = 0, int8_top1 = 0, float_top5 = 0, int8_top5 = 0;
  std::vector<WorstSample> samples;
};

void fill_report(const Graph& reference, const Graph& model, const std::vector<Pair>& pairs, const Totals& totals,
                 std::size_t count, Report& report) {
  for (std::size_t i = 0; i < totals.outputs.size(); ++i) {
    report.outputs.push_back({reference.at(reference.outputs[i]).name, totals.outputs[i].error(count)});
  }
  for (std::size_t i = 0; i < pairs.size(); ++i) {
    const Sums& sums = totals.layers[i].sums;
    if (sums.count == 0) continue;
    const Node& node = reference.nodes[static_cast<std::size_t>(pairs[i].node)];
    LayerError layer;
    layer.name = node.name;
    layer.op = kind_of(reference, node);
    layer.is_int8 = model.at(pairs[i].model).dtype == DType::i8;
    layer.error = totals.layers[i].error(count);
    layer.clipped_share = static_cast<double>(sums.clipped) / static_cast<double>(sums.count);
    layer.low = layer.is_int8 ? pairs[i].low : 0;
    layer.high = layer.is_int8 ? pairs[i].high : 0;
    report.layers.push_back(std::move(layer));
  }
  const auto samples = static_cast<double>(count);
  report.measured_samples = static_cast<std::int64_t>(count);
  if (class_count(reference.at(reference.outputs[0]).dims) > 0) {
    report.agreement = static_cast<double>(totals.same) / samples;
  }
  report.labelled_samples = totals.labelled;
  if (totals.labelled > 0) {
    const auto labelled = static_cast<double>(totals.labelled);
    report.float_top1 = static_cast<double>(totals.float_top1) / labelled;
    report.int8_top1 = static_cast<double>(totals.int8_top1) / labelled;
    report.float_top5 = static_cast<double>(totals.float_top5) / labelled;
    report.int8_top5 = static_cast<double>(totals.int8_top5) / labelled;
  }
}

}  // namespace

std::int64_t class_count(const Dims& dims) {
  std::int64_t classes = 0;
  for (const auto dim : dims) {
    if (dim == 1) continue;
    if (classes != 0) return 0;
    classes = dim;
  }
  return classes;
}

Status measure(const std::shared_ptr<const Plan>& reference, const std::shared_ptr<const Plan>& model,
               const SampleSource& source, std::vector<std::size_t> samples, const MeasureOptions& options,
               const Hooks& hooks, Report& report) {
  OCTET_TRY(check_interfaces(*reference->graph, *model->graph));
  const std::vector<Pair> pairs = common_tensors(*reference->graph, *model->graph);
  Totals totals;
  totals.layers.resize(pairs.size());
  totals.outputs.resize(reference->graph->outputs.size());

  SampleJob job;
  job.stage = "measure";
  job.graph = reference->graph.get();
  job.source = &source;
  job.samples = std::move(samples);
  job.threads = options.threads;
  job.make_worker = [&]() -> Result<std::unique_ptr<SampleWorker>> {
    OCTET_ASSIGN(auto comparer, Comparer::create(reference, model, pairs, options.labels));
    return std::unique_ptr<SampleWorker>(std::move(comparer));
  };
  job.merge = [&](std::size_t sample, SampleResult& opaque) -> Status {
    const auto& result = static_cast<const Compared&>(opaque);
    for (std::size_t i = 0; i < pairs.size(); ++i) totals.layers[i].add(result.layers[i]);
    double worst = 1;
    for (std::size_t i = 0; i < result.outputs.size(); ++i) {
      totals.outputs[i].add(result.outputs[i]);
      worst = std::min(worst, result.outputs[i].cosine());
    }
    totals.samples.push_back({source.name(sample), worst});
    totals.same += result.same_class ? 1 : 0;
    if (sample < options.labels.size() && options.labels[sample] >= 0) {
      ++totals.labelled;
      totals.float_top1 += result.float_top1 ? 1 : 0;
      totals.int8_top1 += result.int8_top1 ? 1 : 0;
      totals.float_top5 += result.float_top5 ? 1 : 0;
      totals.int8_top5 += result.int8_top5 ? 1 : 0;
    }
    // Only the worst few are kept, so that memory does not grow with the samples.
    std::stable_sort(totals.samples.begin(), totals.samples.end(),
                     [](const WorstSample& a, const WorstSample& b) { return a.cosine < b.cosine; });
    if (totals.samples.size() > 10) totals.samples.pop_back();
    return {};
  };
  OCTET_ASSIGN(const SampleOutcome outcome, run_samples(job, hooks));
  report.worst_samples = totals.samples;
  report.skipped_files += static_cast<std::int64_t>(outcome.skipped.size());
  for (const std::string& skipped : outcome.skipped) report.warnings.push_back("skipped: " + skipped);
  fill_report(*reference->graph, *model->graph, pairs, totals, outcome.used.size(), report);
  return {};
}

}  // namespace octet
