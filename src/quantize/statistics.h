// What a float network's tensors were seen to hold over some of the samples, as a file: so that many machines observe
// and one quantizes (shards.h), and that a job that was killed goes on where it was (observation_cache.h).
//
// The file. Whole numbers are little-endian, texts and lists stand behind their length in 32 bits:
//   8 bytes "octetsta", 32 bits version (1)
//   origin: 32 bytes network, 32 bytes samples, texts settings, isa, library, 64 bits sample_count
//   32 bits shard, 32 bits shard_count, 64 bits done
//   list of samples that could not be read: 64 bits index, text
//   list of groups: histogram (32 bits exponent, 2 floats extremes, 64 bits zeros; positive bins, then negative ones:
//   32 bits first, list of 64-bit counts), moving average (64 bits in_batch, 2 floats, 8 bits begun, 2 doubles) 32
//   bytes SHA-256 of all before
#pragma once

#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "base/bytes.h"
#include "base/sha256.h"
#include "quantize/config.h"
#include "quantize/observe.h"

namespace octet {

// What statistics are of. Two that differ in any of it cannot be merged.
struct StatisticsOrigin {
  Digest network{};                // of the observed graph
  Digest samples{};                // of the names of all samples or, in a cache, of names and contents
  std::string settings;            // observation_settings()
  std::string isa;                 // float sums differ in their last bits between instruction sets
  std::string library;             // the release that made them
  std::uint64_t sample_count = 0;  // of all shards together

  friend bool operator==(const StatisticsOrigin&, const StatisticsOrigin&) = default;
};

// Shard k of n, from 1, has the samples k - 1, k - 1 + n, k - 1 + 2 n, ... of the calibration.
struct Shard {
  std::uint32_t number = 1;
  std::uint32_t count = 1;

  std::uint64_t size(std::uint64_t samples) const { return samples < number ? 0 : (samples - number) / count + 1; }
  std::uint64_t sample(std::uint64_t position) const { return number - 1 + position * count; }
};

struct Statistics {
  StatisticsOrigin origin;
  Shard shard;
  std::uint64_t done = 0;                                         // of the shard's samples; all but in a cache
  std::vector<std::pair<std::uint64_t, std::string>> unreadable;  // number of the sample, and why; ascending
  std::vector<GroupTally> groups;

  bool complete() const { return done == shard.size(origin.sample_count); }
};

// The lines "key value" of a configuration on which observing depends. `skip`: the names that stay float.
std::string observation_settings(const QuantizeConfig& config, std::vector<std::string> skip);

// The names of the samples with these indices, in their order.
Digest digest_of_names(const SampleSource& source, std::span<const std::size_t> samples);

// The file's bytes.
std::vector<std::byte> statistics_bytes(const Statistics& statistics);

// Written beside `path` and renamed.
Status save_statistics(const Statistics& statistics, const std::string& path);

// Reads them; nothing in them is trusted. `accept` is asked before groups are read, with all but these: its failure is
// the result. `group_count` and `ema_batch` are those of the observed network. Errors: Code::format, Code::version;
// messages do not name the file.
Result<Statistics> parse_statistics(std::span<const std::byte> bytes, std::size_t group_count, std::int64_t ema_batch,
                                    const std::function<Status(const Statistics&)>& accept);

}  // namespace octet
