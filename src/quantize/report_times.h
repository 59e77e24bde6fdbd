// The time of each layer in a report: shown, and never part of a choice.
#pragma once

#include "quantize/hooks.h"
#include "quantize/report.h"
#include "quantize/stopwatch.h"

namespace octet {

// Sets float_ms and int8_ms of the layers, by the name of what they make, and the times of a whole run. Takes about a
// second, longer where a run takes longer. Errors: those of the stopwatch; Code::cancelled.
Status add_times(const Stopwatch::Network& reference, const Stopwatch::Network& model, Stopwatch& stopwatch,
                 const Hooks& hooks, Report& report);

}  // namespace octet
