// A folder of statistics (statistics.h): what was observed once is read, and an observation that was killed goes on
// from the last state that it had kept. Neither changes a result.
//
// A file's name is a digest of all that its content depends on: network, settings, instruction set, release, and names
// and contents of the samples. So nothing in the folder is ever out of date; what is not needed any more may be removed
// at any time.
#pragma once

#include "quantize/statistics.h"

namespace octet {

struct ObserveJob {
  std::shared_ptr<const Plan> plan;  // made to observe
  const Assignment* assignment = nullptr;
  const SampleSource* source = nullptr;
  std::span<const std::size_t> samples;  // all that calibrate; of these the shard's are looked at
  Shard shard;
  StatisticsOrigin origin;  // `samples` is filled in
  std::int64_t ema_batch = 32;
  int threads = 1;
  std::chrono::milliseconds keep_every{2000};  // at least: a state may have megabytes
};

// The statistics of the shard. `folder` "": nothing is read or kept; else the folder is made where it is missing. A
// file of it that is damaged is told to the log and made anew. Errors: as observe(); Code::io where nothing can be
// kept.
Result<Statistics> observe_shard(const ObserveJob& job, const std::string& folder, const Hooks& hooks);

// What the statistics say of the samples with these indices.
Observation observation_of(Statistics statistics, std::span<const std::size_t> samples);

}  // namespace octet
