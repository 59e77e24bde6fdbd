#include "cli/layer_times.h"

#include <algorithm>
#include <map>

#include "cli/failure.h"
#include "cli/interrupt.h"
#include "cli/text.h"

namespace octet::cli {
namespace {

constexpr std::string_view kLayout = "layout";

q_step_info step_of(const q_session* session, std::size_t index, const std::string& path) {
  auto step = sized<q_step_info>();
  auto error = sized<q_error>();
  check(q_session_get_step(session, static_cast<std::int32_t>(index), &step, &error), error, path);
  return step;
}

double lower_quartile_of(std::vector<double> values) {
  const auto quarter = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 4);
  std::nth_element(values.begin(), quarter, values.end());
  return *quarter;
}

// Gives each step of `model` that has no partner yet the first free step of `reference` with the same text.
void match(std::span<const StepTime> reference, std::span<const StepTime> model, std::string StepTime::*text,
           std::vector<int>& partner, std::vector<bool>& taken) {
  std::multimap<std::string_view, int> free;
  for (std::size_t i = 0; i < reference.size(); ++i) {
    if (!taken[i] && reference[i].op != kLayout) free.emplace(reference[i].*text, static_cast<int>(i));
  }
  for (std::size_t i = 0; i < model.size(); ++i) {
    if (partner[i] >= 0 || model[i].op == kLayout || (model[i].*text).empty()) continue;
    const auto found = free.lower_bound(model[i].*text);  // the first in the order of execution
    if (found == free.end() || found->first != model[i].*text) continue;
    partner[i] = found->second;
    taken[static_cast<std::size_t>(found->second)] = true;
    free.erase(found);
  }
}

}  // namespace

LayerTimer::LayerTimer(const TimedNetwork& timed)
    : timed_(timed), session_(create_session(timed.network(), timed.threads(), timed.isa(), true)) {
  times_ms_.resize(static_cast<std::size_t>(session_info(session_.get()).step_count));
}

void LayerTimer::run(bool keep) {
  stop_if_interrupted();
  run_session(session_.get(), timed_.inputs(), timed_.outputs());
  if (!keep) return;
  for (std::size_t i = 0; i < times_ms_.size(); ++i) {
    times_ms_[i].push_back(step_of(session_.get(), i, timed_.network().path).last_ms);
  }
}

std::vector<StepTime> LayerTimer::steps() const {
  std::map<std::string_view, std::string_view> output_of;
  const std::vector<q_layer_info> layers = layers_of(timed_.network());
  for (const q_layer_info& layer : layers) output_of.emplace(view(layer.name), view(layer.output.name));
  std::vector<StepTime> steps;
  for (std::size_t i = 0; i < times_ms_.size(); ++i) {
    const q_step_info info = step_of(session_.get(), i, timed_.network().path);
    const auto output = output_of.find(view(info.name));
    StepTime step;
    step.name = view(info.name);
    if (output != output_of.end()) step.output = output->second;
    step.op = view(info.op);
    step.kernel = view(info.kernel);
    step.is_int8 = info.is_int8 != 0;
    step.macs = info.macs;
    step.median_ms = median_of(times_ms_[i]);
    step.lower_quartile_ms = lower_quartile_of(times_ms_[i]);
    steps.push_back(std::move(step));
  }
  return steps;
}

std::vector<LayerPair> pair_layers(std::span<const StepTime> reference, std::span<const StepTime> model) {
  std::vector<int> partner(model.size(), -1);
  std::vector<bool> taken(reference.size());
  match(reference, model, &StepTime::name, partner, taken);
  match(reference, model, &StepTime::output, partner, taken);
  std::vector<LayerPair> pairs;
  int next = 0;  // step of the reference
  const auto add_alone = [&](int end) {
    for (; next < end; ++next) {
      if (!taken[static_cast<std::size_t>(next)]) pairs.push_back({next, -1});
    }
  };
  for (std::size_t i = 0; i < model.size(); ++i) {
    add_alone(partner[i]);
    pairs.push_back({partner[i], static_cast<int>(i)});
  }
  add_alone(static_cast<int>(reference.size()));
  return pairs;
}

bool is_slower(const StepTime& reference, const StepTime& model) {
  return model.median_ms > reference.median_ms && model.lower_quartile_ms > reference.median_ms;
}

}  // namespace octet::cli
