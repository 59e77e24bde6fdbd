#include "quantize/measure.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "base/text.h"
#include "image/thumbnail.h"
#include "quantize/causes.h"
#include "quantize/channel_factors.h"
#include "quantize/layer_pairs.h"

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

std::ptrdiff_t times_largest(std::span<const float> scores) {
  return std::count(scores.begin(), scores.end(), scores[largest(scores)]);
}

struct Compared : SampleResult {
  std::vector<Sums> layers, outputs;
  std::vector<OwnError> own;  // by layer; empty without details
  std::vector<bool> tied;     // likewise
  WorstSample answer;         // but for its name and its cosine
  bool float_top1 = false, int8_top1 = false, float_top5 = false, int8_top5 = false;
};

class Comparer : public SampleWorker {
 public:
  static Result<std::unique_ptr<Comparer>> create(std::shared_ptr<const Plan> reference,
                                                  std::shared_ptr<const Plan> model,
                                                  const std::vector<LayerPair>& pairs, const MeasureOptions& options) {
    std::unique_ptr<Comparer> comparer(new Comparer(pairs, options));
    OCTET_ASSIGN(comparer->reference_, Session::create(std::move(reference), {}));
    OCTET_ASSIGN(comparer->model_, Session::create(std::move(model), {}));
    comparer->prepare();
    return comparer;
  }

  Result<std::unique_ptr<SampleResult>> run(std::size_t sample, std::span<const Binding> inputs) override {
    auto result = std::make_unique<Compared>();
    result->layers.resize(pairs_.size());
    result->own.resize(probes_.size());
    result->tied.resize(probes_.size());
    current_ = result.get();
    OCTET_TRY(reference_->run(inputs, reference_bindings_));
    OCTET_TRY(model_->run(inputs, model_bindings_));
    for (std::size_t i = 0; i < reference_outputs_.size(); ++i) {
      result->outputs.push_back(compare(reference_outputs_[i], model_outputs_[i], -INFINITY, INFINITY));
    }
    const std::span<const float> a = reference_outputs_[0];
    const std::span<const float> b = model_outputs_[0];
    result->answer = answer(sample);
    const std::int64_t label = sample < options_.labels.size() ? options_.labels[sample] : -1;
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

  const std::vector<LayerProbe>& probes() const { return probes_; }

 private:
  Comparer(const std::vector<LayerPair>& pairs, const MeasureOptions& options) : pairs_(pairs), options_(options) {}

  // What both say of the sample.
  WorstSample answer(std::size_t sample) const {
    WorstSample answer;
    answer.index = sample;
    if (options_.detector) {
      const Detector& detector = *options_.detector;
      answer.float_boxes = detect(detector, reference_outputs_[detector.scores], reference_outputs_[detector.boxes]);
      answer.int8_boxes = detect(detector, model_outputs_[detector.scores], model_outputs_[detector.boxes]);
      return answer;
    }
    const Graph& graph = *reference_->plan().graph;
    if (class_count(graph.at(graph.outputs[0]).dims) == 0) return answer;
    const auto best = [](const std::vector<float>& scores, std::int64_t& index, double& score) {
      const std::size_t at = largest(scores);
      index = static_cast<std::int64_t>(at);
      score = static_cast<double>(scores[at]);
    };
    best(reference_outputs_[0], answer.float_class, answer.float_score);
    best(model_outputs_[0], answer.int8_class, answer.int8_score);
    answer.same_answer = answer.float_class == answer.int8_class;
    return answer;
  }

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
    for (const LayerPair& pair : pairs_) {
      if (!options_.details) break;
      const Tensor& tensor = model.at(pair.model);
      probes_.emplace_back(tensor.dims, tensor.dtype == DType::i8 ? std::optional(tensor.quant) : std::nullopt);
    }
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
    if (!pairs_[i].factors.empty()) {
      scale_channels(pairs_[i], model_->plan().graph->at(observed.id).dims, values_[i], scratch_);
    }
    current_->layers[i] = compare(values_[i], scratch_, pairs_[i].low, pairs_[i].high);
    if (!options_.details) return;
    current_->own[i] = probes_[i].add(values_[i], scratch_);
    const Graph& graph = *reference_->plan().graph;
    const bool chooses = graph.nodes[static_cast<std::size_t>(pairs_[i].node)].op == Op::softmax &&
                         class_count(graph.at(pairs_[i].reference).dims) > 1;
    current_->tied[i] = chooses && times_largest(values_[i]) == 1 && times_largest(scratch_) > 1;
  }

  const std::vector<LayerPair>& pairs_;
  const MeasureOptions& options_;
  std::vector<LayerProbe> probes_;  // by pair; none without details
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
  OwnError own;
  std::int64_t tied_samples = 0;
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
  DetectionSums detections;
  std::vector<WorstSample> samples;
  std::vector<LayerProbe> probes;  // by layer; none without details

  void add(const Compared& sample) {
    for (std::size_t i = 0; i < layers.size(); ++i) layers[i].add(sample.layers[i]);
    for (std::size_t i = 0; i < sample.own.size(); ++i) {
      layers[i].own.clipping += sample.own[i].clipping;
      layers[i].own.rounding += sample.own[i].rounding;
      layers[i].tied_samples += sample.tied[i] ? 1 : 0;
    }
  }
  // Only the worst few are kept, so that memory does not grow with the samples.
  void keep_worst(WorstSample sample) {
    constexpr std::size_t kMost = 10;
    samples.push_back(std::move(sample));
    std::stable_sort(samples.begin(), samples.end(), [](const WorstSample& a, const WorstSample& b) {
      return a.same_answer != b.same_answer ? b.same_answer : a.cosine < b.cosine;
    });
    if (samples.size() > kMost) samples.pop_back();
  }
};

// Why the layers differ and how their values lie. `report` holds the layers.
void fill_details(const Graph& reference, const Graph& model, const std::vector<LayerPair>& pairs, const Totals& totals,
                  std::int64_t samples, const MeasureOptions& options, Report& report) {
  constexpr std::size_t kBins = 96;  // of a picture
  std::vector<LayerEvidence> evidence;
  for (std::size_t i = 0; i < pairs.size(); ++i) {
    const Total& total = totals.layers[i];
    if (total.sums.count == 0) continue;
    evidence.push_back({pairs[i].node, pairs[i].model, &totals.probes[i], total.own, total.sums.reference_square,
                        total.sums.error_square,
                        static_cast<double>(total.sums.clipped) / static_cast<double>(total.sums.count), samples,
                        total.tied_samples, pairs[i].factors});
  }
  std::vector<LayerCause> causes = find_causes({&reference, &model, options.config}, evidence);
  for (std::size_t i = 0; i < report.layers.size(); ++i) {
    report.layers[i].cause = std::move(causes[i]);
    report.layers[i].values = picture_of(evidence[i].probe->values(), kBins);
  }
}

// What the network saw of the worst samples, where they are images. A file that has gone since it was read leaves its
// sample without a picture, and a warning.
void add_pictures(const Graph& graph, const SampleSource& source, Report& report) {
  constexpr int kSide = 192;  // pixels
  if (graph.inputs.size() != 1) return;
  const Tensor& tensor = graph.at(graph.inputs[0]);
  const SampleInput input{tensor.name, tensor.dims, image_order(tensor.dims), {}};
  for (WorstSample& sample : report.worst_samples) {
    const auto picture = [&]() -> Status {
      OCTET_ASSIGN(const Image image, source.picture(sample.index, input));
      if (image.pixels.empty()) return {};
      const Image small = shrink(image, kSide);
      OCTET_ASSIGN(sample.picture, encode_jpeg(small));
      sample.picture_width = small.width;
      sample.picture_height = small.height;
      return {};
    };
    const Status made = picture();
    if (!made.ok()) report.warnings.push_back("the report has no picture of a sample: " + made.message());
  }
}

void fill_report(const Graph& reference, const Graph& model, const std::vector<LayerPair>& pairs, const Totals& totals,
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
    layer.output = reference.at(pairs[i].reference).name;
    layer.model_output = model.at(pairs[i].model).name;
    layer.op = kind_of(reference, node);
    layer.is_int8 = model.at(pairs[i].model).dtype == DType::i8;
    layer.is_equalized = !pairs[i].factors.empty();
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
  OCTET_ASSIGN(const std::vector<LayerPair> pairs,
               pair_layers(reference, model, source, samples, options.threads, hooks));
  Totals totals;
  totals.layers.resize(pairs.size());
  totals.outputs.resize(reference->graph->outputs.size());

  std::vector<const Comparer*> comparers;

  SampleJob job;
  job.stage = options.stage;
  job.graph = reference->graph.get();
  job.source = &source;
  job.samples = std::move(samples);
  job.threads = options.threads;
  job.make_worker = [&]() -> Result<std::unique_ptr<SampleWorker>> {
    OCTET_ASSIGN(auto comparer, Comparer::create(reference, model, pairs, options));
    comparers.push_back(comparer.get());
    return std::unique_ptr<SampleWorker>(std::move(comparer));
  };
  job.merge = [&](std::size_t sample, SampleResult& opaque) -> Status {
    auto& result = static_cast<Compared&>(opaque);
    totals.add(result);
    WorstSample& answer = result.answer;
    answer.name = source.name(sample);
    for (std::size_t i = 0; i < result.outputs.size(); ++i) {
      totals.outputs[i].add(result.outputs[i]);
      answer.cosine = std::min(answer.cosine, result.outputs[i].cosine());
    }
    if (options.detector) answer.same_answer = totals.detections.add(answer.float_boxes, answer.int8_boxes);
    totals.same += answer.same_answer ? 1 : 0;
    totals.keep_worst(std::move(answer));
    if (sample < options.labels.size() && options.labels[sample] >= 0) {
      ++totals.labelled;
      totals.float_top1 += result.float_top1 ? 1 : 0;
      totals.int8_top1 += result.int8_top1 ? 1 : 0;
      totals.float_top5 += result.float_top5 ? 1 : 0;
      totals.int8_top5 += result.int8_top5 ? 1 : 0;
    }
    return {};
  };
  job.finish = [&] {
    for (const Comparer* comparer : comparers) {
      if (totals.probes.empty()) {
        totals.probes = comparer->probes();
        continue;
      }
      for (std::size_t i = 0; i < totals.probes.size(); ++i) totals.probes[i].merge(comparer->probes()[i]);
    }
  };
  OCTET_ASSIGN(const SampleOutcome outcome, run_samples(job, hooks));
  report.worst_samples = totals.samples;
  report.skipped_files += static_cast<std::int64_t>(outcome.skipped.size());
  for (const std::string& skipped : outcome.skipped) report.warnings.push_back("skipped: " + skipped);
  fill_report(*reference->graph, *model->graph, pairs, totals, outcome.used.size(), report);
  if (options.detector) report.detections = totals.detections.report(*options.detector);
  if (!options.details) return {};
  fill_details(*reference->graph, *model->graph, pairs, totals, report.measured_samples, options, report);
  add_pictures(*reference->graph, source, report);
  return {};
}

}  // namespace octet
