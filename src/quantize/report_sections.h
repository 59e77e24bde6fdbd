// Sections of the report's page; each is "" where there is nothing to tell.
#pragma once

#include <string>

#include "quantize/report.h"

namespace octet::html {

// The layers that add most error themselves, each with its cause, what to change and how its values lie.
std::string findings_section(const Report& report);
std::string detections_section(const Report& report);
// Samples with what the network saw and what both answer.
std::string samples_section(const Report& report);

// "rare large values" of "rare_large_values".
std::string cause_name(const std::string& kind);

}  // namespace octet::html
