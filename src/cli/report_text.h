// What a q_report says, for people and as JSON.
#pragma once

#include <octet/octet.h>

#include <string>
#include <vector>

#include "cli/arguments.h"
#include "cli/json_writer.h"
#include "cli/library.h"

namespace octet::cli {

// Layers that --float-where-faster kept in float.
std::vector<q_kept_float> kept_float_of(const q_report* report);

q_report_info report_info(const q_report* report);

// What quantize and compare have in common.
struct ReportOptions {
  std::string report, boxes;  // files and words as given; empty: not given
  bool strict = false;

  void add_to(Arguments& arguments);
  // As q_quantize_options has it.
  std::int32_t box_kind() const;
  // Whether --strict makes a failure of what was found.
  bool refuses(const q_report* found) const {
    const q_report_info info = report_info(found);
    return strict && (info.is_poor != 0 || info.measured_samples == 0);  // what nobody has measured is not good
  }
};

// The end of their manuals: what --strict means, and the exit status.
extern const char kStrictManual[];

// Table of the outputs; then the `worst_count` layers with the least signal-to-noise ratio.
std::string outputs_and_layers_text(const q_report* report, int worst_count);
// "24 images that were not used for calibration".
std::string measured_text(const q_report_info& info);
// "98.5 %", or that it does not apply.
std::string agreement_text(const q_report_info& info);

// A line of the summary: boxes that both networks find. Empty where they are no detectors.
std::string detections_text(const q_report* report);

// Members of the object that is open: samples, agreement, accuracy, detections, outputs, layers, warnings.
void write_report(JsonWriter& json, const q_report* report);

// Writes the report where `path` is given.
void save_report(const q_report* report, const std::string& path);

}  // namespace octet::cli
