#include "cli/run_results.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <set>

#include "cli/failure.h"
#include "cli/table.h"
#include "cli/text.h"

namespace octet::cli {
namespace {

struct OutputStatistics {
  float least = 0;
  float largest = 0;
  double mean = 0;
  std::size_t not_finite = 0;  // NaN and infinities, which the others leave out
};

OutputStatistics statistics_of(std::span<const float> values) {
  OutputStatistics statistics;
  std::size_t count = 0;
  double sum = 0;
  for (const float value : values) {
    if (!std::isfinite(value)) {
      ++statistics.not_finite;
      continue;
    }
    statistics.least = count == 0 ? value : std::min(statistics.least, value);
    statistics.largest = count == 0 ? value : std::max(statistics.largest, value);
    sum += static_cast<double>(value);
    ++count;
  }
  if (count > 0) statistics.mean = sum / static_cast<double>(count);
  return statistics;
}

std::vector<double> probabilities_of(std::span<const float> values) {
  std::vector<double> result(values.begin(), values.end());
  const double sum = std::accumulate(result.begin(), result.end(), 0.0);
  const bool in_range =
      std::all_of(result.begin(), result.end(), [](double value) { return value >= 0 && value <= 1; });
  // A softmax of integers counts in steps of 1/256: the sum may miss 1 by far where many classes round to 0.
  const auto whole = [](double value) { return value * 256 == std::floor(value * 256); };
  const bool in_steps = sum > 0 && std::all_of(result.begin(), result.end(), whole);
  if (in_range && (std::abs(sum - 1) < 0.05 || in_steps)) return result;
  const double largest = *std::max_element(result.begin(), result.end());
  double total = 0;
  for (double& value : result) total += value = std::exp(value - largest);
  for (double& value : result) value /= total;
  return result;
}

}  // namespace

std::optional<std::size_t> class_count(const Network& network) {
  if (network.outputs.size() != 1) return std::nullopt;
  const q_tensor_info& output = network.outputs[0];
  std::int64_t classes = output.rank == 1 ? output.dims[0] : 1;
  int large_dims = 0;
  for (int i = output.rank == 1 ? 0 : 1; i < output.rank; ++i) {
    if (output.dims[i] == 1) continue;
    classes = output.dims[i];
    ++large_dims;
  }
  if (large_dims != 1 || classes < 2) return std::nullopt;
  return static_cast<std::size_t>(classes);
}

std::vector<ClassScore> best_classes(std::span<const float> values, std::size_t top,
                                     std::span<const std::string> names) {
  const std::vector<double> probabilities = probabilities_of(values);
  std::vector<std::size_t> order(values.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  const auto key = [&](std::size_t i) { return std::isnan(values[i]) ? -INFINITY : values[i]; };
  std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) { return key(a) > key(b); });
  order.resize(std::min(order.size(), top));
  std::vector<ClassScore> best;
  for (const std::size_t index : order) {
    best.push_back({index, probabilities[index], values[index], index < names.size() ? names[index] : std::string()});
  }
  return best;
}

Classification classify(const Network& network, const TensorBuffers& outputs, std::size_t top,
                        std::span<const std::string> names) {
  const std::size_t classes = class_count(network).value_or(0);
  Classification samples;
  if (classes == 0) return samples;
  const std::span<const float> values = outputs[0];
  for (std::size_t start = 0; start + classes <= values.size(); start += classes) {
    samples.push_back(best_classes(values.subspan(start, classes), top, names));
  }
  return samples;
}

std::string classes_text(const Classification& samples) {
  std::string text;
  for (std::size_t i = 0; i < samples.size(); ++i) {
    Table table({{"class"}, {"probability"}, {"name", Align::left}});
    for (const ClassScore& score : samples[i]) {
      table.add({std::to_string(score.index), fixed(score.probability, 4), score.name});
    }
    if (samples.size() > 1) text += (i > 0 ? "\n" : "") + std::string("sample ") + std::to_string(i) + "\n";
    text += table.plain();
  }
  return text;
}

void write_classes(JsonWriter& json, const Classification& samples) {
  json.key("samples").begin_array();
  for (const auto& scores : samples) {
    json.begin_object().key("classes").begin_array();
    for (const ClassScore& score : scores) {
      json.begin_object().field("index", score.index).field("probability", score.probability);
      json.field("value", score.value).optional_field("name", score.name).end_object();
    }
    json.end_array().end_object();
  }
  json.end_array();
}

std::string detections_text(std::span<const Detection> detections) {
  std::string text;
  for (const Detection& detection : detections) {
    const Box& box = detection.box;
    text += "face " + fixed(detection.score, 4) + " " + fixed(box.x1, 1) + " " + fixed(box.y1, 1) + " " +
            fixed(box.x2, 1) + " " + fixed(box.y2, 1) + "\n";
  }
  return text.empty() ? "no face\n" : text;
}

void write_detections(JsonWriter& json, std::span<const Detection> detections) {
  json.key("faces").begin_array();
  for (const Detection& detection : detections) {
    const Box& box = detection.box;
    json.begin_object().field("score", detection.score).field("x1", box.x1).field("y1", box.y1);
    json.field("x2", box.x2).field("y2", box.y2).end_object();
  }
  json.end_array();
}

std::string outputs_text(const Network& network, const TensorBuffers& outputs) {
  Table table({{"output", Align::left}, {"shape", Align::left}, {"min"}, {"max"}, {"mean"}, {"not finite"}});
  for (std::size_t i = 0; i < outputs.size(); ++i) {
    const OutputStatistics statistics = statistics_of(outputs[i]);
    table.add({std::string(view(network.outputs[i].name)), shape_text(network.outputs[i]), fixed(statistics.least, 6),
               fixed(statistics.largest, 6), fixed(statistics.mean, 6), std::to_string(statistics.not_finite)});
  }
  return table.plain();
}

void write_outputs(JsonWriter& json, const Network& network, const TensorBuffers& outputs) {
  json.key("outputs").begin_array();
  for (std::size_t i = 0; i < outputs.size(); ++i) {
    const q_tensor_info& tensor = network.outputs[i];
    const OutputStatistics statistics = statistics_of(outputs[i]);
    json.begin_object().field("name", view(tensor.name)).key("shape").list(dims_of(tensor));
    json.field("min", statistics.least).field("max", statistics.largest).field("mean", statistics.mean);
    json.field("not_finite_count", statistics.not_finite).end_object();
  }
  json.end_array();
}

std::vector<std::string> output_files(const Network& network, const std::string& path) {
  if (network.outputs.size() == 1) return {path};
  const std::string base = path.substr(0, path.size() - std::string_view(".npy").size());
  std::vector<std::string> files;
  for (const q_tensor_info& output : network.outputs) {
    std::string name(view(output.name));
    for (char& c : name) {
      const bool kept = (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' ||
                        c == '.' || c == '-';
      if (!kept) c = '_';
    }
    files.push_back(base + "_" + name + ".npy");
  }
  if (std::set<std::string>(files.begin(), files.end()).size() != files.size()) {
    throw Failure(Q_E_UNSUPPORTED,
                  network.path +
                      ": two outputs would be written to one file; their names differ in characters that are " +
                      "replaced by '_'",
                  network.path);
  }
  return files;
}

}  // namespace octet::cli
