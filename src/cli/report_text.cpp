#include "cli/report_text.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include "cli/failure.h"
#include "cli/table.h"
#include "cli/text.h"

namespace octet::cli {

const char kStrictManual[] = R"(
With --strict poor quality is a failure: quantize then writes the report that was asked for, and no
model. Poor is an output with a signal-to-noise ratio below 10 dB or a cosine below 0.9; agreement of a
classifier below 90 %; more than 3 points of top-1 accuracy lost, where labels are given; a detector of
whose boxes, found by either network, less than 90 % are found by both; a budget of "mixed" that is not
reached. Without --strict these are warnings.

Exit status: 0 done, 1 failed, 2 wrong usage or configuration, 3 poor quality with --strict,
130 interrupted.)";

namespace {

// As q_quantize_options.boxes counts them.
constexpr const char* kBoxKinds[] = {"automatic", "raw", "decoded"};

std::vector<q_output_error> outputs_of(const q_report* report, std::int32_t count) {
  std::vector<q_output_error> outputs;
  auto error = sized<q_error>();
  for (std::int32_t i = 0; i < count; ++i) {
    outputs.push_back(sized<q_output_error>());
    check(q_report_get_output(report, i, &outputs.back(), &error), error);
  }
  return outputs;
}

std::vector<q_layer_error> layers_of(const q_report* report, std::int32_t count) {
  std::vector<q_layer_error> layers;
  auto error = sized<q_error>();
  for (std::int32_t i = 0; i < count; ++i) {
    layers.push_back(sized<q_layer_error>());
    check(q_report_get_layer(report, i, &layers.back(), &error), error);
  }
  return layers;
}

// A very small error reads better as 1.2e-07 than as 0.0000.
std::string error_text(double value) {
  if (!std::isfinite(value) || value == 0 || std::abs(value) >= 1e-4) return fixed(value, 4);
  const int exponent = static_cast<int>(std::floor(std::log10(std::abs(value))));
  return fixed(value / std::pow(10.0, exponent), 1) + "e" + std::to_string(exponent);
}

std::string worst_layers_text(std::vector<q_layer_error> layers, int worst_count) {
  std::erase_if(layers, [](const q_layer_error& layer) { return !std::isfinite(layer.sqnr_db); });
  std::stable_sort(layers.begin(), layers.end(),
                   [](const q_layer_error& a, const q_layer_error& b) { return a.sqnr_db < b.sqnr_db; });
  layers.resize(std::min(layers.size(), static_cast<std::size_t>(worst_count)));
  if (layers.empty()) return {};
  const bool some_cause =
      std::any_of(layers.begin(), layers.end(), [](const q_layer_error& layer) { return layer.cause.size > 0; });
  Table table({{"worst layers", Align::left},
               {"op", Align::left},
               {"type", Align::left},
               {"cosine"},
               {"SQNR dB"},
               {"max error"},
               {"clipped"},
               {"method", Align::left},
               {some_cause ? "cause" : "", Align::left}});
  for (const q_layer_error& layer : layers) {
    table.add({std::string(view(layer.name)), std::string(view(layer.op)),
               std::string(layer.is_int8 ? "int8" : "float") + (layer.is_equalized ? ", scaled" : ""),
               fixed(layer.cosine, 5), fixed(layer.sqnr_db, 1), error_text(layer.max_abs_error),
               layer.is_int8 ? percent(layer.clipped_share) : "-", std::string(view(layer.method)),
               std::string(view(layer.cause))});
  }
  const bool some_scaled =
      std::any_of(layers.begin(), layers.end(), [](const q_layer_error& layer) { return layer.is_equalized != 0; });
  return "\n" + table.plain() +
         (some_scaled ? "scaled: by equalization, channel by channel; compared in the scale of the int8 network\n"
                      : "");
}

void write_layers(JsonWriter& json, const std::vector<q_layer_error>& layers) {
  json.key("layers").begin_array();
  for (const q_layer_error& layer : layers) {
    json.begin_object().field("name", view(layer.name)).field("op", view(layer.op)).field("int8", layer.is_int8 != 0);
    if (layer.is_equalized != 0) json.field("equalized", true);
    json.optional_field("method", view(layer.method));
    json.field("cosine", layer.cosine).field("sqnr_db", layer.sqnr_db).field("max_abs_error", layer.max_abs_error);
    json.field("clipped_share", layer.clipped_share);
    json.field("low", layer.low).field("high", layer.high);
    json.optional_field("cause", view(layer.cause)).optional_field("cause_text", view(layer.cause_text));
    json.optional_field("advice", view(layer.advice));
    if (layer.own_sqnr_db < 200) json.field("own_sqnr_db", layer.own_sqnr_db);
    if (layer.float_ms > 0) json.field("float_ms", layer.float_ms);
    if (layer.int8_ms > 0) json.field("int8_ms", layer.int8_ms);
    json.end_object();
  }
  json.end_array();
}

void write_kept_float(JsonWriter& json, const q_report* report, const q_report_info& info) {
  if (info.kept_float_count == 0) return;
  json.key("kept_float").begin_array();
  for (const q_kept_float& layer : kept_float_of(report)) {
    json.begin_object().field("name", view(layer.name)).field("op", view(layer.op));
    json.field("float_ms", layer.float_ms).field("int8_ms", layer.int8_ms).end_object();
  }
  json.end_array().field("int8_ms", info.int8_ms).field("mixed_ms", info.mixed_ms);
}

void write_mixed(JsonWriter& json, const q_report* report, const q_report_info& info) {
  if (info.has_mixed == 0) return;
  json.field("mixed_reached", info.mixed_reached != 0).field("mixed_float_mac_share", info.mixed_float_mac_share);
  json.field("all_int8_sqnr_db", info.all_int8_sqnr_db).field("mixed_sqnr_db", info.mixed_sqnr_db);
  json.field("all_int8_drop", info.all_int8_drop).field("mixed_drop", info.mixed_drop);
  json.key("mixed_layers").begin_array();
  auto error = sized<q_error>();
  for (std::int32_t i = 0; i < info.mixed_layer_count; ++i) {
    auto layer = sized<q_mixed_layer>();
    check(q_report_get_mixed_layer(report, i, &layer, &error), error);
    json.begin_object().field("name", view(layer.name)).field("op", view(layer.op)).field("macs", layer.macs);
    json.field("gained_db", layer.gained_db).end_object();
  }
  json.end_array();
}

q_detection_error detections_of(const q_report* report) {
  auto found = sized<q_detection_error>();
  auto error = sized<q_error>();
  check(q_report_get_detections(report, &found, &error), error);
  return found;
}

void write_detections(JsonWriter& json, const q_report* report, const q_report_info& info) {
  if (info.has_detections == 0) return;
  const q_detection_error found = detections_of(report);
  json.key("detections").begin_object().field("boxes", kBoxKinds[static_cast<std::size_t>(found.boxes)]);
  json.field("score_threshold", found.score_threshold).field("float_boxes", found.float_boxes);
  json.field("int8_boxes", found.int8_boxes).field("matched", found.matched);
  json.field("same_samples", found.same_samples).field("mean_iou", found.mean_iou);
  json.field("least_iou", found.least_iou).field("mean_score_error", found.mean_score_error);
  json.field("max_score_error", found.max_score_error).end_object();
}

void write_samples(JsonWriter& json, const q_report* report, const q_report_info& info) {
  json.key("worst_samples").begin_array();
  auto error = sized<q_error>();
  for (std::int32_t i = 0; i < info.sample_count; ++i) {
    auto sample = sized<q_sample_error>();
    check(q_report_get_sample(report, i, &sample, &error), error);
    json.begin_object().field("name", view(sample.name)).field("cosine", sample.cosine);
    json.field("same_answer", sample.same_answer != 0);
    if (sample.float_class >= 0) {
      json.field("float_class", sample.float_class).field("float_score", sample.float_score);
      json.field("int8_class", sample.int8_class).field("int8_score", sample.int8_score);
    }
    if (info.has_detections != 0) {
      json.field("float_boxes", sample.float_box_count).field("int8_boxes", sample.int8_box_count);
    }
    json.end_object();
  }
  json.end_array();
}

void write_shares(JsonWriter& json, const q_report_info& info) {
  const auto share = [&](std::string_view name, double value, bool known) {
    json.key(name);
    known ? json.value(value) : json.null();
  };
  share("agreement", info.agreement, info.agreement >= 0);
  const bool labels = info.has_labels != 0;
  json.field("labelled_samples", info.labelled_samples);
  share("float_top1", info.float_top1, labels);
  share("int8_top1", info.int8_top1, labels);
  share("float_top5", info.float_top5, labels);
  share("int8_top5", info.int8_top5, labels);
}

}  // namespace

q_report_info report_info(const q_report* report) {
  auto info = sized<q_report_info>();
  auto error = sized<q_error>();
  check(q_report_get_info(report, &info, &error), error);
  return info;
}

std::vector<q_kept_float> kept_float_of(const q_report* report) {
  std::vector<q_kept_float> layers;
  auto error = sized<q_error>();
  const std::int32_t count = report_info(report).kept_float_count;
  for (std::int32_t i = 0; i < count; ++i) {
    layers.push_back(sized<q_kept_float>());
    check(q_report_get_kept_float(report, i, &layers.back(), &error), error);
  }
  return layers;
}

std::string outputs_and_layers_text(const q_report* report, int worst_count) {
  const q_report_info info = report_info(report);
  if (info.measured_samples == 0) return {};
  Table table({{"output", Align::left}, {"cosine"}, {"least cosine"}, {"SQNR dB"}, {"max error"}});
  for (const q_output_error& output : outputs_of(report, info.output_count)) {
    table.add({std::string(view(output.name)), fixed(output.mean_cosine, 5), fixed(output.cosine, 5),
               fixed(output.sqnr_db, 1), error_text(output.max_abs_error)});
  }
  return table.plain() + worst_layers_text(layers_of(report, info.layer_count), worst_count);
}

std::string measured_text(const q_report_info& info) {
  if (info.measured_samples == 0) return "nothing";
  std::string text = counted(info.measured_samples, "sample");
  if (info.calibration_samples > 0) {
    text += info.held_out ? " that were not used for calibration" : " of the calibration (not held out)";
  }
  return text;
}

std::string detections_text(const q_report* report) {
  if (report_info(report).has_detections == 0) return {};
  const q_detection_error found = detections_of(report);
  std::string text = std::to_string(found.matched) + " found by both, of " + std::to_string(found.float_boxes) +
                     " by float and " + std::to_string(found.int8_boxes) + " by int8";
  if (found.matched > 0) {
    text += "; IoU " + fixed(found.mean_iou, 3) + " (least " + fixed(found.least_iou, 3) + "), score difference " +
            fixed(found.mean_score_error, 3) + " (most " + fixed(found.max_score_error, 3) + ")";
  }
  return text;
}

void ReportOptions::add_to(Arguments& arguments) {
  arguments
      .add_option("--report", report,
                  "write what was found: .html (one file, with pictures)\n"
                  "or .json; also times each layer, about a second")
      ->type_name("FILE");
  arguments
      .add_option("--boxes", boxes,
                  "what the boxes of a detector are: raw or decoded;\n"
                  "default: found from the graph")
      ->check(CLI::IsMember({"raw", "decoded"}).description(""))
      ->type_name("KIND");
  arguments.add_flag("--strict", strict, "poor quality is a failure, exit status 3");
}

std::int32_t ReportOptions::box_kind() const {
  if (boxes.empty()) return 0;
  return boxes == kBoxKinds[1] ? 1 : 2;
}

std::string agreement_text(const q_report_info& info) {
  if (info.agreement < 0) return "- (not a classifier)";
  return percent(info.agreement) + " of the samples have the same largest output";
}

void write_report(JsonWriter& json, const q_report* report) {
  const q_report_info info = report_info(report);
  json.field("calibration_samples", info.calibration_samples).field("measured_samples", info.measured_samples);
  json.field("held_out", info.held_out != 0).field("skipped_files", info.skipped_files).field("seconds", info.seconds);
  write_shares(json, info);
  json.key("outputs").begin_array();
  for (const q_output_error& output : outputs_of(report, info.output_count)) {
    json.begin_object().field("name", view(output.name)).field("cosine", output.cosine);
    json.field("mean_cosine", output.mean_cosine).field("sqnr_db", output.sqnr_db);
    json.field("max_abs_error", output.max_abs_error).end_object();
  }
  json.end_array();
  write_layers(json, layers_of(report, info.layer_count));
  write_detections(json, report, info);
  write_samples(json, report, info);
  write_mixed(json, report, info);
  write_kept_float(json, report, info);
  if (info.float_run_ms > 0) json.field("float_run_ms", info.float_run_ms).field("int8_run_ms", info.int8_run_ms);
  json.field("poor", info.is_poor != 0);
  json.key("warnings").begin_array();
  auto error = sized<q_error>();
  for (std::int32_t i = 0; i < info.warning_count; ++i) {
    q_str text{};
    check(q_report_get_warning(report, i, &text, &error), error);
    json.value(view(text));
  }
  json.end_array();
}

void save_report(const q_report* report, const std::string& path) {
  if (path.empty()) return;
  auto error = sized<q_error>();
  check(q_report_save(report, text_of(path), &error), error, path);
}

}  // namespace octet::cli
