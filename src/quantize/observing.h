// Where the quantizer's statistics of activations come from: the samples, a cache of what was seen of them, or files of
// shards.
#pragma once

#include "quantize/observation_cache.h"
#include "quantize/shards.h"

namespace octet {

// All empty: samples are observed and nothing is kept. Else `library` and `digest_of` are needed.
struct StatisticsUse {
  std::string cache;                                      // a folder (observation_cache.h)
  std::vector<std::string> files;                         // of all shards (shards.h), in place of samples
  std::string library;                                    // the release of this library
  std::function<Result<Digest>(const Graph&)> digest_of;  // of a network with its weights
};

struct ObserveRequest {
  std::shared_ptr<const Plan> plan;  // made to observe
  const Assignment* assignment = nullptr;
  const QuantizeConfig* config = nullptr;
  std::vector<std::string> skip;         // names that stay float
  const SampleSource* source = nullptr;  // may be null where files are given
  std::span<const std::size_t> samples;  // that calibrate
  int threads = 1;
};

// What the network's tensors hold. Errors: those of observe_shard or merge_statistics; Code::data where samples are
// given beside files and are others than those that were observed.
Result<Observation> observe_as(const StatisticsUse& use, const ObserveRequest& request, const Hooks& hooks);

// The statistics of one shard; from the cache what it has of them.
Result<Statistics> observe_shard_of(const StatisticsUse& use, const ObserveRequest& request, const Shard& shard,
                                    const Hooks& hooks);

}  // namespace octet
