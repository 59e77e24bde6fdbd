#include <concepts>
#include <nlohmann/json.hpp>

#include "quantize/report.h"

namespace octet {
namespace {

// Appends JSON text, two spaces of indentation a level. The library's own tree is not used for it: where memory ends
// while such a tree is built, its destructor needs more and ends the process.
class JsonText {
 public:
  explicit JsonText(char bracket = '{') { open(bracket); }

  void open(char bracket) {
    text_ += bracket;
    closing_ += bracket == '{' ? '}' : ']';
    first_ = true;
  }
  void close() {
    const char bracket = closing_.back();
    closing_.pop_back();
    if (!first_) new_line();
    text_ += bracket;
    first_ = false;
  }
  void key(std::string_view name) {
    item();
    quote(name);
    text_ += ": ";
  }
  // Begins the next item of a list.
  void item() {
    if (!first_) text_ += ',';
    new_line();
    first_ = false;
  }

  void value(std::string_view text) { quote(text); }
  void value(bool flag) { text_ += flag ? "true" : "false"; }
  template <std::integral T>
  requires(!std::same_as<T, bool>) void value(T number) { text_ += std::to_string(number); }
  template <std::floating_point T>
  void value(T number) {
    text_ += nlohmann::json(number).dump();  // null where JSON has no such number
  }

  template <class T>
  void field(std::string_view name, const T& content) {
    key(name);
    value(content);
  }
  // A list of which `write` puts down each item.
  template <class T, class Write>
  void list(std::string_view name, const std::vector<T>& items, Write write) {
    key(name);
    open('[');
    for (const T& one : items) {
      item();
      write(one);
    }
    close();
  }

  std::string finish() && {
    close();
    return std::move(text_);
  }

 private:
  void new_line() {
    text_ += '\n';
    text_.append(2 * closing_.size(), ' ');
  }
  void quote(std::string_view text) {
    text_ += nlohmann::json(text).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
  }

  std::string text_;
  std::string closing_;  // brackets that are still open
  bool first_ = true;    // nothing stands in the innermost bracket yet
};

void add_error(JsonText& json, const TensorError& error) {
  json.field("cosine", error.cosine);
  json.field("least_cosine", error.least_cosine);
  json.field("mean_cosine", error.mean_cosine);
  json.field("sqnr_db", error.sqnr_db);
  json.field("max_abs_error", error.max_abs_error);
}

void add_output(JsonText& json, const OutputError& output) {
  json.open('{');
  json.field("name", output.name);
  add_error(json, output.error);
  json.close();
}

void add_layer(JsonText& json, const LayerError& layer) {
  json.open('{');
  json.field("name", layer.name);
  json.field("op", layer.op);
  json.field("int8", layer.is_int8);
  if (layer.is_equalized) json.field("equalized", true);
  add_error(json, layer.error);
  if (layer.is_int8) {
    if (!layer.method.empty()) json.field("method", layer.method);
    json.field("low", layer.low);
    json.field("high", layer.high);
    json.field("clipped_share", layer.clipped_share);
  }
  if (layer.float_ms > 0) json.field("float_ms", layer.float_ms);
  if (layer.int8_ms > 0) json.field("int8_ms", layer.int8_ms);
  if (layer.cause.own_sqnr_db < 200) json.field("own_sqnr_db", layer.cause.own_sqnr_db);
  if (!layer.cause.kind.empty()) {
    json.field("cause", layer.cause.kind);
    json.field("cause_text", layer.cause.text);
    json.field("advice", layer.cause.advice);
  }
  if (!layer.values.counts.empty()) {
    json.field("float_low", layer.values.low);
    json.field("float_high", layer.values.high);
    json.list("histogram", layer.values.counts, [&](std::int64_t count) { json.value(count); });
  }
  json.close();
}

void add_boxes(JsonText& json, std::string_view name, const std::vector<FoundBox>& boxes) {
  json.list(name, boxes, [&](const FoundBox& box) {
    json.open('{');
    json.field("score", box.score);
    json.field("x1", box.x1);
    json.field("y1", box.y1);
    json.field("x2", box.x2);
    json.field("y2", box.y2);
    json.field("matched", box.matched);
    json.close();
  });
}

void add_sample(JsonText& json, const WorstSample& sample, bool with_boxes) {
  json.open('{');
  json.field("name", sample.name);
  json.field("cosine", sample.cosine);
  json.field("same_answer", sample.same_answer);
  if (sample.float_class >= 0) {
    json.field("float_class", sample.float_class);
    json.field("float_score", sample.float_score);
    json.field("int8_class", sample.int8_class);
    json.field("int8_score", sample.int8_score);
  }
  if (with_boxes) {
    add_boxes(json, "float_boxes", sample.float_boxes);
    add_boxes(json, "int8_boxes", sample.int8_boxes);
  }
  json.close();
}

void add_detections(JsonText& json, const DetectionReport& detections) {
  json.key("detections");
  json.open('{');
  json.field("boxes", std::string_view(detections.raw ? "raw" : "decoded"));
  json.field("score_threshold", detections.score_threshold);
  json.field("float_boxes", detections.float_boxes);
  json.field("int8_boxes", detections.int8_boxes);
  json.field("matched", detections.matched);
  json.field("same_samples", detections.same_samples);
  json.field("mean_iou", detections.mean_iou);
  json.field("least_iou", detections.least_iou);
  json.field("mean_score_error", detections.mean_score_error);
  json.field("max_score_error", detections.max_score_error);
  json.close();
}

void add_kept_float(JsonText& json, const KeptFloat& layer) {
  json.open('{');
  json.field("name", layer.name);
  json.field("op", layer.op);
  json.field("float_ms", layer.float_ms);
  json.field("int8_ms", layer.int8_ms);
  json.close();
}

void add_mixed(JsonText& json, const MixedReport& mixed) {
  json.field("mixed_reached", mixed.reached);
  json.field("mixed_float_mac_share", mixed.float_mac_share);
  json.field("all_int8_sqnr_db", mixed.all_int8_sqnr_db);
  json.field("mixed_sqnr_db", mixed.sqnr_db);
  json.field("all_int8_drop", mixed.all_int8_drop);
  json.field("mixed_drop", mixed.drop);
  json.list("mixed_layers", mixed.layers, [&](const MixedLayer& layer) {
    json.open('{');
    json.field("name", layer.name);
    json.field("op", layer.op);
    json.field("macs", layer.macs);
    json.field("gained_db", layer.gained_db);
    json.close();
  });
}

}  // namespace

std::string report_json(const Report& report) {
  JsonText json;
  json.field("command", report.command);
  json.field("model", report.model);
  json.field("isa", report.isa);
  if (report.command == "quantize") {
    json.field("calibration_samples", report.calibration_samples);
    json.field("held_out", report.held_out);
  }
  json.field("measured_samples", report.measured_samples);
  json.field("skipped_files", report.skipped_files);
  json.field("float_weight_bytes", report.float_weight_bytes);
  json.field("int8_weight_bytes", report.int8_weight_bytes);
  json.field("macs", report.macs);
  json.field("int8_mac_share",
             report.macs > 0 ? static_cast<double>(report.int8_macs) / static_cast<double>(report.macs) : 0.0);
  if (report.agreement >= 0) json.field("agreement", report.agreement);
  if (report.labelled_samples > 0) {
    json.field("labelled_samples", report.labelled_samples);
    json.field("float_top1", report.float_top1);
    json.field("int8_top1", report.int8_top1);
    json.field("float_top5", report.float_top5);
    json.field("int8_top5", report.int8_top5);
  }
  json.field("poor", report.poor);
  json.list("outputs", report.outputs, [&](const OutputError& output) { add_output(json, output); });
  json.list("layers", report.layers, [&](const LayerError& layer) { add_layer(json, layer); });
  json.list("worst_samples", report.worst_samples,
            [&](const WorstSample& sample) { add_sample(json, sample, report.detections.has_value()); });
  if (report.detections) add_detections(json, *report.detections);
  if (report.float_run_ms > 0) {
    json.field("float_run_ms", report.float_run_ms);
    json.field("int8_run_ms", report.int8_run_ms);
  }
  if (report.mixed) add_mixed(json, *report.mixed);
  if (!report.kept_float.empty()) {
    json.list("kept_float", report.kept_float, [&](const KeptFloat& layer) { add_kept_float(json, layer); });
    json.field("int8_ms", report.int8_ms);
    json.field("mixed_ms", report.mixed_ms);
  }
  json.list("warnings", report.warnings, [&](const std::string& warning) { json.value(warning); });
  json.field("seconds", report.seconds);
  return std::move(json).finish();
}

}  // namespace octet
