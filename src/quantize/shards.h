// Statistics of many machines as those of one.
//
// Counts of histograms are whole numbers and their bins do not depend on the order of the values (histogram.h): merged
// statistics are those that one machine with the same instruction set would have made, to the last bit.
#pragma once

#include <string>
#include <vector>

#include "quantize/statistics.h"

namespace octet {

// An error (Code::config) that says what in the configuration needs the samples themselves, or their order, so that
// statistics alone cannot serve it: AUTO, EMA, equalization, bias correction, adaptive rounding, mixed precision,
// layers kept in float for speed.
Status check_needs_no_samples(const QuantizeConfig& config);

struct ExpectedStatistics {
  StatisticsOrigin origin;  // of it network, settings and library
  std::size_t group_count = 0;
  std::int64_t ema_batch = 32;
};

// The files' statistics together: every shard once. Memory does not grow with the number of files. Moving averages are
// empty. Errors: Code::io, Code::format, Code::version; Code::data where files are not of this network and
// configuration or not of one another, where a shard is missing or doubled, and where no sample of any could be read.
Result<Statistics> merge_statistics(const std::vector<std::string>& files, const ExpectedStatistics& expected);

}  // namespace octet
