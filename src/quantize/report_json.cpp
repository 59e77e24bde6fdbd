#include <nlohmann/json.hpp>

#include "quantize/report.h"

namespace octet {
namespace {

using Json = nlohmann::ordered_json;

Json error_json(const TensorError& error) {
  return {{"cosine", error.cosine},
          {"least_cosine", error.least_cosine},
          {"mean_cosine", error.mean_cosine},
          {"sqnr_db", error.sqnr_db},
          {"max_abs_error", error.max_abs_error}};
}

Json layer_json(const LayerError& layer) {
  Json json{{"name", layer.name}, {"op", layer.op}, {"int8", layer.is_int8}};
  json.update(error_json(layer.error));
  if (layer.is_int8) {
    if (!layer.method.empty()) json["method"] = layer.method;
    json["low"] = layer.low;
    json["high"] = layer.high;
    json["clipped_share"] = layer.clipped_share;
  }
  return json;
}

}  // namespace

std::string report_json(const Report& report) {
  Json json{{"command", report.command}, {"model", report.model}, {"isa", report.isa}};
  if (report.command == "quantize") {
    json["calibration_samples"] = report.calibration_samples;
    json["held_out"] = report.held_out;
  }
  json["measured_samples"] = report.measured_samples;
  json["skipped_files"] = report.skipped_files;
  json["float_weight_bytes"] = report.float_weight_bytes;
  json["int8_weight_bytes"] = report.int8_weight_bytes;
  json["macs"] = report.macs;
  json["int8_mac_share"] =
      report.macs > 0 ? static_cast<double>(report.int8_macs) / static_cast<double>(report.macs) : 0;
  if (report.agreement >= 0) json["agreement"] = report.agreement;
  if (report.labelled_samples > 0) {
    json["labelled_samples"] = report.labelled_samples;
    json["float_top1"] = report.float_top1;
    json["int8_top1"] = report.int8_top1;
    json["float_top5"] = report.float_top5;
    json["int8_top5"] = report.int8_top5;
  }
  json["outputs"] = Json::array();
  for (const OutputError& output : report.outputs) {
    Json entry{{"name", output.name}};
    entry.update(error_json(output.error));
    json["outputs"].push_back(std::move(entry));
  }
  json["layers"] = Json::array();
  for (const LayerError& layer : report.layers) json["layers"].push_back(layer_json(layer));
  json["worst_samples"] = Json::array();
  for (const WorstSample& sample : report.worst_samples) {
    json["worst_samples"].push_back({{"name", sample.name}, {"cosine", sample.cosine}});
  }
  json["warnings"] = report.warnings;
  json["seconds"] = report.seconds;
  return json.dump(2, ' ', false, Json::error_handler_t::replace);
}

}  // namespace octet
