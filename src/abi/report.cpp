// q_report: what was found.
#include "abi/report.h"

#include "abi/abi.h"
#include "base/file.h"
#include "base/text.h"
#include "quantize/config.h"

using namespace octet;
using namespace octet::abi;

OCTET_EXPORT void q_report_free(q_report* report) { delete report; }

OCTET_EXPORT q_status q_report_get_info(const q_report* report, q_report_info* out, q_error* error) {
  return guarded(error, [&]() -> Status {
    OCTET_TRY(not_null(report, "report"));
    const Report& r = report->report;
    q_report_info info{};
    info.output_count = static_cast<std::int32_t>(r.outputs.size());
    info.layer_count = static_cast<std::int32_t>(r.layers.size());
    info.warning_count = static_cast<std::int32_t>(r.warnings.size());
    info.calibration_samples = r.calibration_samples;
    info.measured_samples = r.measured_samples;
    info.held_out = r.held_out ? 1 : 0;
    info.has_labels = r.labelled_samples > 0 ? 1 : 0;
    info.skipped_files = r.skipped_files;
    info.labelled_samples = r.labelled_samples;
    info.agreement = r.agreement;
    info.float_top1 = r.float_top1;
    info.int8_top1 = r.int8_top1;
    info.float_top5 = r.float_top5;
    info.int8_top5 = r.int8_top5;
    info.float_weight_bytes = r.float_weight_bytes;
    info.int8_weight_bytes = r.int8_weight_bytes;
    info.seconds = r.seconds;
    info.kept_float_count = static_cast<std::int32_t>(r.kept_float.size());
    info.int8_ms = r.int8_ms;
    info.mixed_ms = r.mixed_ms;
    info.is_poor = r.poor ? 1 : 0;
    info.sample_count = static_cast<std::int32_t>(r.worst_samples.size());
    info.has_detections = r.detections ? 1 : 0;
    if (r.mixed) {
      info.has_mixed = 1;
      info.mixed_layer_count = static_cast<std::int32_t>(r.mixed->layers.size());
      info.mixed_reached = r.mixed->reached ? 1 : 0;
      info.mixed_float_mac_share = r.mixed->float_mac_share;
      info.all_int8_sqnr_db = r.mixed->all_int8_sqnr_db;
      info.mixed_sqnr_db = r.mixed->sqnr_db;
      info.all_int8_drop = r.mixed->all_int8_drop;
      info.mixed_drop = r.mixed->drop;
    }
    info.float_run_ms = r.float_run_ms;
    info.int8_run_ms = r.int8_run_ms;
    return write_struct(info, "out", out);
  });
}

OCTET_EXPORT q_status q_report_get_output(const q_report* report, int32_t index, q_output_error* out, q_error* error) {
  return guarded(error, [&]() -> Status {
    OCTET_TRY(not_null(report, "report"));
    OCTET_TRY(check_index(index, report->report.outputs.size(), "output"));
    const OutputError& output = report->report.outputs[static_cast<std::size_t>(index)];
    q_output_error info{};
    info.name = view_of(output.name);
    info.cosine = output.error.least_cosine;
    info.mean_cosine = output.error.mean_cosine;
    info.sqnr_db = output.error.sqnr_db;
    info.max_abs_error = output.error.max_abs_error;
    return write_struct(info, "out", out);
  });
}

OCTET_EXPORT q_status q_report_get_layer(const q_report* report, int32_t index, q_layer_error* out, q_error* error) {
  return guarded(error, [&]() -> Status {
    OCTET_TRY(not_null(report, "report"));
    OCTET_TRY(check_index(index, report->report.layers.size(), "layer"));
    const LayerError& layer = report->report.layers[static_cast<std::size_t>(index)];
    q_layer_error info{};
    info.is_int8 = layer.is_int8 ? 1 : 0;
    info.name = view_of(layer.name);
    info.op = view_of(layer.op);
    info.method = view_of(layer.method);
    info.cosine = layer.error.cosine;
    info.sqnr_db = layer.error.sqnr_db;
    info.max_abs_error = layer.error.max_abs_error;
    info.clipped_share = layer.clipped_share;
    info.low = layer.low;
    info.high = layer.high;
    info.cause = view_of(layer.cause.kind);
    info.cause_text = view_of(layer.cause.text);
    info.advice = view_of(layer.cause.advice);
    info.own_sqnr_db = layer.cause.own_sqnr_db;
    info.float_ms = layer.float_ms;
    info.int8_ms = layer.int8_ms;
    info.is_equalized = layer.is_equalized ? 1 : 0;
    return write_struct(info, "out", out);
  });
}

OCTET_EXPORT q_status q_report_get_kept_float(const q_report* report, int32_t index, q_kept_float* out,
                                              q_error* error) {
  return guarded(error, [&]() -> Status {
    OCTET_TRY(not_null(report, "report"));
    OCTET_TRY(check_index(index, report->report.kept_float.size(), "kept layer"));
    const KeptFloat& layer = report->report.kept_float[static_cast<std::size_t>(index)];
    q_kept_float info{};
    info.name = view_of(layer.name);
    info.op = view_of(layer.op);
    info.float_ms = layer.float_ms;
    info.int8_ms = layer.int8_ms;
    return write_struct(info, "out", out);
  });
}

OCTET_EXPORT q_status q_report_get_mixed_layer(const q_report* report, int32_t index, q_mixed_layer* out,
                                               q_error* error) {
  return guarded(error, [&]() -> Status {
    OCTET_TRY(not_null(report, "report"));
    const std::optional<MixedReport>& mixed = report->report.mixed;
    OCTET_TRY(check_index(index, mixed ? mixed->layers.size() : 0, "mixed layer"));
    const MixedLayer& layer = mixed->layers[static_cast<std::size_t>(index)];
    q_mixed_layer info{};
    info.name = view_of(layer.name);
    info.op = view_of(layer.op);
    info.macs = layer.macs;
    info.gained_db = layer.gained_db;
    return write_struct(info, "out", out);
  });
}

OCTET_EXPORT q_status q_report_get_sample(const q_report* report, int32_t index, q_sample_error* out, q_error* error) {
  return guarded(error, [&]() -> Status {
    OCTET_TRY(not_null(report, "report"));
    OCTET_TRY(check_index(index, report->report.worst_samples.size(), "sample"));
    const WorstSample& sample = report->report.worst_samples[static_cast<std::size_t>(index)];
    q_sample_error info{};
    info.same_answer = sample.same_answer ? 1 : 0;
    info.name = view_of(sample.name);
    info.cosine = sample.cosine;
    info.float_class = sample.float_class;
    info.int8_class = sample.int8_class;
    info.float_score = sample.float_score;
    info.int8_score = sample.int8_score;
    info.float_box_count = static_cast<std::int32_t>(sample.float_boxes.size());
    info.int8_box_count = static_cast<std::int32_t>(sample.int8_boxes.size());
    return write_struct(info, "out", out);
  });
}

OCTET_EXPORT q_status q_report_get_detections(const q_report* report, q_detection_error* out, q_error* error) {
  return guarded(error, [&]() -> Status {
    OCTET_TRY(not_null(report, "report"));
    OCTET_TRY(not_null(out, "out"));
    if (!report->report.detections) return fail(Code::argument, "the networks of this report are no detectors");
    const DetectionReport& found = *report->report.detections;
    q_detection_error info{};
    info.boxes = static_cast<std::int32_t>(found.raw ? BoxKind::raw : BoxKind::decoded);
    info.score_threshold = found.score_threshold;
    info.float_boxes = found.float_boxes;
    info.int8_boxes = found.int8_boxes;
    info.matched = found.matched;
    info.same_samples = found.same_samples;
    info.mean_iou = found.mean_iou;
    info.least_iou = found.least_iou;
    info.mean_score_error = found.mean_score_error;
    info.max_score_error = found.max_score_error;
    return write_struct(info, "out", out);
  });
}

OCTET_EXPORT q_status q_report_get_warning(const q_report* report, int32_t index, q_str* out, q_error* error) {
  return guarded(error, [&]() -> Status {
    OCTET_TRY(not_null(report, "report"));
    OCTET_TRY(not_null(out, "out"));
    OCTET_TRY(check_index(index, report->report.warnings.size(), "warning"));
    *out = view_of(report->report.warnings[static_cast<std::size_t>(index)]);
    return {};
  });
}

OCTET_EXPORT q_status q_report_get_json(const q_report* report, q_str* out, q_error* error) {
  return guarded(error, [&]() -> Status {
    OCTET_TRY(not_null(report, "report"));
    OCTET_TRY(not_null(out, "out"));
    *out = view_of(report->json);
    return {};
  });
}

OCTET_EXPORT q_status q_report_save(const q_report* report, q_str path, q_error* error) {
  return guarded(error, [&]() -> Status {
    OCTET_TRY(not_null(report, "report"));
    OCTET_ASSIGN(const std::string file, text_of(path, "path"));
    const std::string ending = ending_of(file);
    if (ending == "html") return write_file_atomically(file, report_html(report->report));
    if (ending == "json") return write_file_atomically(file, report->json + "\n");
    return fail(Code::unsupported, "'" + printable(file) + "': reports are written as .html or .json");
  });
}
