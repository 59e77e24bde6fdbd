// What a q_report says, for people and as JSON.
#pragma once

#include <octet/octet.h>

#include <string>
#include <vector>

#include "cli/json_writer.h"
#include "cli/library.h"

namespace octet::cli {

q_report_info report_info(const q_report* report);

// Layers that --float-where-faster kept in float.
std::vector<q_kept_float> kept_float_of(const q_report* report);

// Table of the outputs; then the `worst_count` layers with the least signal-to-noise ratio.
std::string outputs_and_layers_text(const q_report* report, int worst_count);
// "24 images that were not used for calibration".
std::string measured_text(const q_report_info& info);
// "98.5 %", or that it does not apply.
std::string agreement_text(const q_report_info& info);

// Members of the object that is open: samples, agreement, accuracy, outputs, layers, warnings.
void write_report(JsonWriter& json, const q_report* report);

// Writes the report where `path` is given.
void save_report(const q_report* report, const std::string& path);

}  // namespace octet::cli
