#include "quantize/auto_advice.h"

#include <algorithm>
#include <cstdio>

#include "quantize/measure.h"

namespace octet {
namespace {

constexpr std::size_t kSamples = 8;
constexpr double kClearlyBetter = 2;  // dB

// Of the output with the most noise. Before a softmax: probabilities hide how near an answer is to another one.
double least_sqnr(const Graph& graph, const Report& report) {
  const std::vector<int> producer = find_producers(graph);
  double least = 200;
  for (std::size_t i = 0; i < graph.outputs.size(); ++i) {
    double sqnr = report.outputs[i].error.sqnr_db;
    const int n = producer[static_cast<std::size_t>(graph.outputs[i])];
    const Node* node = n < 0 ? nullptr : &graph.nodes[static_cast<std::size_t>(n)];
    if (node != nullptr && node->op == Op::softmax) {
      const std::string& name = graph.at(node->inputs[0]).name;
      const auto before = std::find_if(report.layers.begin(), report.layers.end(),
                                       [&](const LayerError& layer) { return layer.output == name; });
      if (before != report.layers.end()) sqnr = before->error.sqnr_db;
    }
    least = std::min(least, sqnr);
  }
  return least;
}

}  // namespace

Result<std::string> advise_auto(const AutoTrial& trial, const Hooks& hooks) {
  std::vector<std::size_t> samples = trial.samples;
  samples.resize(std::min(samples.size(), kSamples));
  const auto sqnr_of = [&](const std::shared_ptr<const Graph>& graph, const char* stage) -> Result<double> {
    OCTET_ASSIGN(const auto plan, make_plan(graph, trial.isa, PlanUse::observe));
    Report report;
    MeasureOptions options;
    options.threads = trial.threads;
    options.stage = stage;
    OCTET_TRY(measure(trial.reference, plan, *trial.source, samples, options, hooks, report));
    return least_sqnr(*trial.reference->graph, report);
  };
  OCTET_ASSIGN(const double named, sqnr_of(trial.named, "measure the method"));
  OCTET_ASSIGN(const double automatic, sqnr_of(trial.automatic, "measure AUTO"));
  if (automatic < named + kClearlyBetter) return std::string();
  char numbers[120];
  std::snprintf(numbers, sizeof numbers, "an SQNR of %.1f dB instead of %.1f at the outputs (%zu samples)", automatic,
                named, samples.size());
  return "AUTO would do clearly better than " + trial.method + ": its ranges alone give " + numbers +
         "; leave \"feature_quantize_method\" out or name AUTO, which equalizes and rounds weights besides";
}

}  // namespace octet
