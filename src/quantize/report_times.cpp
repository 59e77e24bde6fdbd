#include "quantize/report_times.h"

namespace octet {
namespace {

Status progress(const Hooks& hooks, std::int64_t done) {
  if (!hooks.progress || hooks.progress("time layers", done, 2)) return {};
  return fail(Code::cancelled, "cancelled while layers were measured");
}

double time_of(const LayerTimes& times, const std::string& name) {
  const auto found = times.find(name);
  return found == times.end() ? 0 : found->second;
}

}  // namespace

Status add_times(const Stopwatch::Network& reference, const Stopwatch::Network& model, Stopwatch& stopwatch,
                 const Hooks& hooks, Report& report) {
  OCTET_TRY(progress(hooks, 0));
  OCTET_ASSIGN(const std::vector<LayerTimes> times, stopwatch.time_layers({reference, model}));
  for (LayerError& layer : report.layers) {
    layer.float_ms = time_of(times[0], layer.output);
    layer.int8_ms = time_of(times[1], layer.model_output);
  }
  OCTET_TRY(progress(hooks, 1));
  OCTET_ASSIGN(const Duel duel, stopwatch.duel(reference, model));
  report.float_run_ms = duel.first_least_ms;
  report.int8_run_ms = duel.second_least_ms;
  return progress(hooks, 2);
}

}  // namespace octet
