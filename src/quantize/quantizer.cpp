#include "quantize/quantizer.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdio>

#include "base/text.h"
#include "quantize/auto_advice.h"
#include "quantize/equalize.h"
#include "quantize/float_where_faster.h"
#include "quantize/labels.h"
#include "quantize/measure.h"
#include "quantize/mixed.h"
#include "quantize/observe.h"
#include "quantize/report_times.h"
#include "quantize/rewrite.h"
#include "quantize/sequence.h"
#include "quantize/verdict.h"

namespace octet {
namespace {

constexpr std::size_t kMixedSamples = 64;  // whose inputs the search for mixed precision holds in memory
constexpr std::size_t kMeasured = 50;      // samples at most on which a quantization is measured

using Clock = std::chrono::steady_clock;

double seconds_since(Clock::time_point start) { return std::chrono::duration<double>(Clock::now() - start).count(); }

struct Choices {
  std::vector<Quant> quants;  // by group
  std::vector<ActivationMethod> methods;
};

Choices choose(const Observation& observation, const QuantizeConfig& config) {
  Choices choices;
  for (const GroupStatistics& group : observation.groups) {
    RangeOptions options;
    options.clamp_value = config.feature_clamp_value;
    options.percentile = config.percentile;
    options.ema = group.ema;
    const RangeChoice choice = choose_range(config.activation_method, group.histogram, options);
    choices.quants.push_back(choice.quant);
    choices.methods.push_back(choice.method);
  }
  return choices;
}

// The choices for the groups of another assignment of the same graph, which has no int8 tensor that this one lacks.
Choices choices_for(const Assignment& assignment, const Assignment& base, const Choices& choices) {
  const auto count = static_cast<std::size_t>(assignment.group_count);
  Choices result{std::vector<Quant>(count), std::vector<ActivationMethod>(count)};
  for (std::size_t t = 0; t < assignment.group.size(); ++t) {
    if (assignment.group[t] < 0 || base.group[t] < 0) continue;
    const auto to = static_cast<std::size_t>(assignment.group[t]);
    const auto from = static_cast<std::size_t>(base.group[t]);
    result.quants[to] = choices.quants[from];
    result.methods[to] = choices.methods[from];
  }
  return result;
}

// An int8 network with some more layers in float than the base has.
struct Mixed {
  Assignment assignment;
  Choices choices;
  Graph graph;
};

// The method that chose the range of each layer's output.
void name_methods(const Graph& graph, const Assignment& assignment, const Choices& choices, Report& report) {
  std::map<std::string_view, int> group_of;
  for (const Node& node : graph.nodes) {
    group_of[node.name] = assignment.group[static_cast<std::size_t>(node.outputs[0])];
  }
  for (LayerError& layer : report.layers) {
    const auto found = group_of.find(layer.name);
    if (!layer.is_int8 || found == group_of.end() || found->second < 0) continue;
    layer.method = std::string(name_of(choices.methods[static_cast<std::size_t>(found->second)]));
  }
}

void print_layers(const Report& report, const Hooks& hooks) {
  for (const LayerError& layer : report.layers) {
    char line[256];
    std::snprintf(line, sizeof line, "%-40.80s %-16s %-10s cosine %.6f  sqnr %6.2f dB  range [%.6g, %.6g]",
                  layer.name.c_str(), layer.op.c_str(), layer.is_int8 ? layer.method.c_str() : "float",
                  layer.error.cosine, layer.error.sqnr_db, static_cast<double>(layer.low),
                  static_cast<double>(layer.high));
    hooks.info(line);
  }
}

// Where the measured samples are some of those that calibrated, those that could be read: the others are counted
// already.
std::vector<std::size_t> measured_samples(const Samples& samples, const std::vector<std::size_t>& used) {
  if (samples.held_out) return samples.measured;
  std::vector<std::size_t> measured;
  for (const std::size_t sample : samples.measured) {
    if (std::find(used.begin(), used.end(), sample) != used.end()) measured.push_back(sample);
  }
  return measured.empty() ? used : measured;
}

// Enough samples to know how the channels of a tensor compare.
std::vector<std::size_t> first_samples(const Samples& samples) {
  constexpr std::size_t kEnough = 32;
  const auto end =
      samples.calibration.begin() + static_cast<std::ptrdiff_t>(std::min(kEnough, samples.calibration.size()));
  return {samples.calibration.begin(), end};
}

Result<std::vector<RoundedWeights>> round_layers(const std::shared_ptr<const Plan>& plan, const QuantizeConfig& config,
                                                 const Samples& samples, int threads, const Hooks& hooks) {
  OCTET_ASSIGN(const auto patches, collect_patches(plan, *samples.source, first_samples(samples), threads, hooks));
  const RoundOptions options{config.weight_method, config.weight_clamp_value, config.rounds_adaptively(),
                             config.corrects_bias()};
  return round_network(*plan->graph, patches, options, threads, hooks);
}

// Labels make sense for a network whose first output is a list of classes.
Result<std::vector<std::int64_t>> labels_for(const Graph& graph, const std::string& file, const SampleSource& source,
                                             std::int64_t offset) {
  const Tensor& output = graph.at(graph.outputs[0]);
  if (class_count(output.dims) == 0) {
    return fail(Code::argument, "labels are given, but the first output '" + printable(output.name) +
                                    "' is no list of classes: " + shape_text(output.dims));
  }
  return load_labels(file, source, offset);
}

// The int8 layers that may be kept in float for accuracy: heavy ones, and what computes behind the last of them, as an
// average over the image does, whose rounding goes straight into the answer.
std::vector<std::size_t> layers_that_round(const Graph& graph, const Assignment& assignment) {
  std::vector<bool> before_heavy(graph.tensors.size());  // some heavy node needs the tensor
  std::vector<std::size_t> layers;
  for (std::size_t n = graph.nodes.size(); n-- > 0;) {
    const Node& node = graph.nodes[n];
    const bool heavy = is_heavy(node.op);
    const bool needed = std::any_of(node.outputs.begin(), node.outputs.end(),
                                    [&](TensorId id) { return before_heavy[static_cast<std::size_t>(id)]; });
    for (const TensorId id : node.inputs) {
      if (id != kNoTensor && (heavy || needed)) before_heavy[static_cast<std::size_t>(id)] = true;
    }
    const bool computes = !keeps_values(node) && node.op != Op::softmax;
    if (assignment.int8_node[n] && (heavy || (computes && !needed))) layers.push_back(n);
  }
  std::reverse(layers.begin(), layers.end());
  return layers;
}

std::string percent(double share) {
  char text[32];
  std::snprintf(text, sizeof text, "%.1f %%", 100 * share);
  return text;
}

// What the search for layers that stay float found, for people.
void tell_mixed(const MixedReport& mixed, Report& report, const Hooks& hooks) {
  char decibels[80];
  std::snprintf(decibels, sizeof decibels, "SQNR %.1f dB instead of %.1f", mixed.sqnr_db, mixed.all_int8_sqnr_db);
  std::string text = "mixed precision: ";
  if (mixed.layers.empty()) {
    text += "the budget holds with every layer in int8";
  } else {
    text += std::to_string(mixed.layers.size()) + " layers with " + percent(mixed.float_mac_share) +
            " of the multiply-accumulates stay float: " + decibels;
    if (mixed.all_int8_drop > 0) {
      text +=
          ", " + percent(mixed.drop) + " of the answers expected to change instead of " + percent(mixed.all_int8_drop);
    }
  }
  hooks.info(text);
  if (mixed.reached) return;
  report.warnings.push_back("the budget of \"mixed\" is not reached within its \"max_float_macs\" (" +
                            std::string(decibels) +
                            "): allow more of the multiply-accumulates in float, or calibrate with more samples");
}

Status check_weights(const Graph& graph) {
  for (const Node& node : graph.nodes) {
    for (const TensorId id : node.inputs) {
      if (id == kNoTensor || !graph.at(id).constant || graph.at(id).dtype != DType::f32) continue;
      const auto values = graph.at(id).data.as<float>();
      const auto bad = std::find_if(values.begin(), values.end(), [](float v) { return !std::isfinite(v); });
      if (bad == values.end()) continue;
      return fail(Code::data, describe(node) + ": weight '" + printable(graph.at(id).name) +
                                  "' holds a value that is NaN or infinite at element " +
                                  std::to_string(bad - values.begin()));
    }
  }
  return {};
}

// Which nodes become int8, where the network can be quantized at all.
Result<Assignment> check_network(const Graph& graph, const std::vector<std::string>& skip) {
  if (is_int8(graph)) {
    return fail(Code::argument, "the network is int8 already; quantizing starts from the float network");
  }
  OCTET_TRY(check_weights(graph));
  OCTET_ASSIGN(Assignment assignment, assign_types(graph, skip));
  if (std::none_of(assignment.int8_node.begin(), assignment.int8_node.end(), [](bool b) { return b; })) {
    return fail(Code::argument,
                "the network has no layer that int8 would help: no convolution or fully connected "
                "layer is left to quantize");
  }
  return assignment;
}

}  // namespace

Samples divide_samples(std::shared_ptr<const SampleSource> source, std::int64_t used) {
  Samples samples;
  const std::size_t count = source->count();
  const std::size_t calibration = used > 0 ? std::min(count, static_cast<std::size_t>(used)) : count;
  for (std::size_t i = 0; i < calibration; ++i) samples.calibration.push_back(i);
  samples.held_out = calibration < count;
  for (std::size_t i = calibration; i < count && samples.measured.size() < kMeasured; ++i)
    samples.measured.push_back(i);
  if (!samples.held_out) {
    const std::size_t measured = std::min(kMeasured, calibration);
    for (std::size_t i = 0; i < measured; ++i) samples.measured.push_back(i * calibration / measured);
  }
  samples.source = std::move(source);
  return samples;
}

Result<std::shared_ptr<const SampleSource>> open_samples(const Graph& graph, const QuantizeConfig& config,
                                                         const std::string& config_name, const std::string& config_file,
                                                         const std::string& folder) {
  std::string path = folder;
  if (path.empty()) {
    if (config.path.empty()) {
      return fail(Code::config, "'" + config_name + "': key 'path' is missing: the folder of the calibration " +
                                    (config.input_type == InputType::image ? "images" : "samples"));
    }
    OCTET_ASSIGN(path, resolve_path(config.path, config_file));
  }
  if (config.input_type == InputType::sequence) {
    OCTET_ASSIGN(std::unique_ptr<SequenceSource> source, SequenceSource::open(path));
    return std::shared_ptr<const SampleSource>(std::move(source));
  }
  if (graph.inputs.size() != 1) {
    return fail(Code::config, "the network has " + std::to_string(graph.inputs.size()) +
                                  " inputs and images fill one; use \"input_type\": \"sequence\"");
  }
  OCTET_ASSIGN(std::unique_ptr<ImageSource> source, ImageSource::open_folder(path, config.to_recipe()));
  return std::shared_ptr<const SampleSource>(std::move(source));
}

Result<Quantized> quantize_graph(std::shared_ptr<const Graph> graph, const QuantizeConfig& config,
                                 const Samples& samples, int threads, const Hooks& hooks, const StatisticsUse& use) {
  const auto start = Clock::now();
  // What cannot be done is said before samples are read; equalizing changes nothing of it.
  if (!use.files.empty()) OCTET_TRY(check_needs_no_samples(config));
  std::vector<std::string> skip = config.skip_quant_op_names;
  OCTET_ASSIGN(Assignment assignment, check_network(*graph, skip));
  OCTET_ASSIGN(const Isa isa, choose_isa({}));
  MeasureOptions measuring{threads, {}};
  measuring.details = config.report_details;
  measuring.config = &config;
  OCTET_ASSIGN(measuring.detector, find_detector(*graph, config.boxes));
  if (!config.labels.empty() && samples.source) {
    OCTET_ASSIGN(measuring.labels, labels_for(*graph, config.labels, *samples.source, 0));
  }
  FloatLayers float_layers;
  if (config.float_where_faster) {
    OCTET_ASSIGN(float_layers, find_float_layers(graph, skip, *system_stopwatch(isa), hooks));
    skip.insert(skip.end(), float_layers.skip.begin(), float_layers.skip.end());
    OCTET_ASSIGN(assignment, assign_types(*graph, skip));
  }
  OCTET_ASSIGN(auto float_plan, make_plan(graph, isa, PlanUse::observe));
  std::vector<std::string> equalized_tensors;
  if (config.equalizes()) {
    OCTET_ASSIGN(Equalized equalized, equalize(float_plan, *samples.source, first_samples(samples), {threads}, hooks));
    graph = std::make_shared<const Graph>(std::move(equalized.graph));
    equalized_tensors = std::move(equalized.changed);
    OCTET_ASSIGN(float_plan, make_plan(graph, isa, PlanUse::observe));
    OCTET_ASSIGN(assignment, assign_types(*graph, skip));
  }
  const ObserveRequest request{float_plan,           &assignment,         &config, skip,
                               samples.source.get(), samples.calibration, threads};
  OCTET_ASSIGN(const Observation observation, observe_as(use, request, hooks));
  const Choices choices = choose(observation, config);
  RewriteOptions rewrite{config.weight_method, config.weight_clamp_value, {}};
  if (config.rounds_adaptively() || config.corrects_bias()) {
    OCTET_ASSIGN(rewrite.rounded, round_layers(float_plan, config, samples, threads, hooks));
  }
  const auto make_with = [&](const std::vector<std::string>& kept) -> Result<Mixed> {
    std::vector<std::string> all = skip;
    all.insert(all.end(), kept.begin(), kept.end());
    Mixed mixed;
    OCTET_ASSIGN(mixed.assignment, assign_types(*graph, all));
    mixed.choices = choices_for(mixed.assignment, assignment, choices);
    OCTET_ASSIGN(mixed.graph, rewrite_int8(*graph, mixed.assignment, mixed.choices.quants, rewrite));
    return mixed;
  };
  std::vector<std::string> kept;
  std::optional<MixedReport> mixed_report;
  if (config.mixed) {
    DistanceJob answers{graph, samples.source.get(), observation.samples.used, isa, threads};
    answers.samples.resize(std::min(answers.samples.size(), kMixedSamples));
    OCTET_ASSIGN(const auto outputs, OutputDistance::create(answers, hooks));
    MixedJob job{graph, layers_that_round(*graph, assignment), {}, outputs.get(), *config.mixed};
    job.make = [&](const std::vector<std::string>& names) -> Result<Graph> {
      OCTET_ASSIGN(Mixed mixed, make_with(names));
      return std::move(mixed.graph);
    };
    OCTET_ASSIGN(MixedChoice found, choose_mixed(job, hooks));
    kept = std::move(found.skip);
    mixed_report = std::move(found.report);
  }
  OCTET_ASSIGN(Mixed final, make_with(kept));
  Graph& int8 = final.graph;
  if (config.input_type == InputType::image && graph->inputs.size() == 1) {
    int8.recipe = config.to_recipe();
  }
  Quantized result;
  Report& report = result.report;
  report.command = "quantize";
  report.model = graph->name;
  report.isa = name_of(isa);
  report.held_out = samples.held_out;
  report.calibration_samples = static_cast<std::int64_t>(observation.samples.used.size());
  if (samples.source) {
    for (const std::string& warning : samples.source->warnings()) report.warnings.push_back("skipped: " + warning);
  }
  for (const std::string& skipped : observation.samples.skipped) report.warnings.push_back("skipped: " + skipped);
  report.skipped_files = static_cast<std::int64_t>(report.warnings.size());

  if (!float_layers.warning.empty()) report.warnings.push_back(float_layers.warning);
  report.kept_float = std::move(float_layers.layers);
  report.int8_ms = float_layers.int8_ms;
  report.mixed_ms = float_layers.mixed_ms;
  report.mixed = std::move(mixed_report);
  if (report.mixed) tell_mixed(*report.mixed, report, hooks);

  auto shared = std::make_shared<const Graph>(std::move(int8));
  const std::vector<std::size_t> to_measure =
      samples.source ? measured_samples(samples, observation.samples.used) : std::vector<std::size_t>();
  if (samples.source && config.activation_method_given && config.activation_method != ActivationMethod::AUTO) {
    QuantizeConfig automatic = config;
    automatic.activation_method = ActivationMethod::AUTO;
    const Choices ranges = choices_for(final.assignment, assignment, choose(observation, automatic));
    if (ranges.quants != final.choices.quants) {
      OCTET_ASSIGN(Graph other, rewrite_int8(*graph, final.assignment, ranges.quants, rewrite));
      OCTET_ASSIGN(std::string advice, advise_auto({float_plan, shared, std::make_shared<const Graph>(std::move(other)),
                                                    samples.source.get(), to_measure,
                                                    std::string(name_of(config.activation_method)), isa, threads},
                                                   hooks));
      if (!advice.empty()) report.warnings.push_back(std::move(advice));
    }
  }
  OCTET_ASSIGN(const auto int8_plan, make_plan(shared, isa, PlanUse::observe));
  if (samples.source) {
    OCTET_TRY(measure(float_plan, int8_plan, *samples.source, to_measure, measuring, hooks, report));
    if (config.report_details) OCTET_TRY(add_times(graph, shared, *system_stopwatch(isa), hooks, report));
    judge(report);
  } else {
    report.warnings.emplace_back(
        "nothing was measured: the samples of the statistics are not here. 'octet compare' says how "
        "far the int8 network is from the float one");
  }
  for (const std::string& warning : report.warnings) hooks.warn(warning);
  name_methods(*graph, final.assignment, final.choices, report);
  const MacCount macs = count_macs(*shared);
  report.macs = macs.all;
  report.int8_macs = macs.int8;
  report.float_weight_bytes = weight_bytes(*graph);
  report.int8_weight_bytes = weight_bytes(*shared);
  report.seconds = seconds_since(start);
  if (config.debug) print_layers(report, hooks);
  result.graph = *shared;
  const auto is_equalized = [&](const std::string& name) {
    return std::find(equalized_tensors.begin(), equalized_tensors.end(), name) != equalized_tensors.end();
  };
  for (LayerError& layer : report.layers) layer.is_equalized = is_equalized(layer.output);
  for (Tensor& tensor : result.graph.tensors) {
    if (is_equalized(tensor.name)) tensor.name += kEqualizedSuffix;
  }
  return result;
}

Result<Statistics> observe_graph(std::shared_ptr<const Graph> graph, const QuantizeConfig& config,
                                 const Samples& samples, const Shard& shard, int threads, const StatisticsUse& use,
                                 const Hooks& hooks) {
  OCTET_TRY(check_needs_no_samples(config));
  OCTET_ASSIGN(const Assignment assignment, check_network(*graph, config.skip_quant_op_names));
  OCTET_ASSIGN(const Isa isa, choose_isa({}));
  OCTET_ASSIGN(const auto plan, make_plan(std::move(graph), isa, PlanUse::observe));
  const ObserveRequest request{
      plan, &assignment, &config, config.skip_quant_op_names, samples.source.get(), samples.calibration, threads};
  OCTET_ASSIGN(Statistics statistics, observe_shard_of(use, request, shard, hooks));
  for (const std::string& warning : samples.source->warnings()) hooks.warn("skipped: " + warning);
  for (const auto& [number, reason] : statistics.unreadable) hooks.warn("skipped: " + reason);
  return statistics;
}

Result<Report> compare_graphs(const CompareRequest& request, const Hooks& hooks) {
  const auto start = Clock::now();
  OCTET_ASSIGN(const Isa isa, choose_isa({}));
  OCTET_ASSIGN(const auto reference, make_plan(request.reference, isa, PlanUse::observe));
  OCTET_ASSIGN(const auto model, make_plan(request.model, isa, PlanUse::observe));
  MeasureOptions options;
  options.threads = request.threads;
  options.details = request.details;
  OCTET_ASSIGN(options.detector, find_detector(*request.reference, request.boxes));
  if (!request.labels_file.empty()) {
    OCTET_ASSIGN(options.labels,
                 labels_for(*request.reference, request.labels_file, *request.source, request.label_offset));
  }
  Report report;
  report.command = "compare";
  report.model = request.reference->name;
  report.isa = name_of(isa);
  for (const std::string& warning : request.source->warnings()) report.warnings.push_back("skipped: " + warning);
  report.skipped_files = static_cast<std::int64_t>(report.warnings.size());
  std::vector<std::size_t> samples(request.source->count());
  for (std::size_t i = 0; i < samples.size(); ++i) samples[i] = i;
  OCTET_TRY(measure(reference, model, *request.source, std::move(samples), options, hooks, report));
  if (request.details) {
    OCTET_TRY(add_times(request.reference, request.model, *system_stopwatch(isa), hooks, report));
  }
  judge(report);
  for (const std::string& warning : report.warnings) hooks.warn(warning);
  const MacCount macs = count_macs(*request.model);
  report.macs = macs.all;
  report.int8_macs = macs.int8;
  report.float_weight_bytes = weight_bytes(*request.reference);
  report.int8_weight_bytes = weight_bytes(*request.model);
  report.seconds = seconds_since(start);
  return report;
}

}  // namespace octet
