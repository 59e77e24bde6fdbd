#include "quantize/observation_cache.h"

#include <sys/stat.h>

#include <cerrno>
#include <chrono>
#include <cstring>

#include "base/file.h"
#include "base/text.h"

namespace octet {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::size_t kBlock = 64;  // samples after which all threads meet, to keep what they saw

std::vector<std::size_t> samples_of(const Shard& shard, std::span<const std::size_t> samples) {
  std::vector<std::size_t> ours;
  for (std::uint64_t i = 0; i < shard.size(samples.size()); ++i) {
    ours.push_back(samples[static_cast<std::size_t>(shard.sample(i))]);
  }
  return ours;
}

Status make_folder(const std::string& folder) {
  if (is_folder(folder) || ::mkdir(folder.c_str(), 0777) == 0 || is_folder(folder)) return {};
  return fail(Code::io, "the cache '" + folder + "' cannot be made: " + std::strerror(errno));
}

// Names and contents. Those that cannot be read are known by the reason.
Result<Digest> digest_of_contents(const ObserveJob& job, std::span<const std::size_t> samples, const Hooks& hooks) {
  const Graph& graph = *job.plan->graph;
  SampleInputs inputs(graph);
  Sha256 hash;
  Clock::time_point reported{};
  for (std::size_t i = 0; i < samples.size(); ++i) {
    hash.add_text(job.source->name(samples[i]));
    const Status status = job.source->add_content(samples[i], inputs.inputs(), hash);
    if (!status.ok() && !is_unreadable_sample(status)) return status;
    hash.add_text(status.message());
    const auto now = Clock::now();
    const bool last = i + 1 == samples.size();
    if (!hooks.progress || (!last && now - reported < std::chrono::milliseconds(100))) continue;
    reported = now;
    if (!hooks.progress("read samples", static_cast<std::int64_t>(i + 1), static_cast<std::int64_t>(samples.size()))) {
      return fail(Code::cancelled, "cancelled");
    }
  }
  return hash.finish();
}

std::string path_of(const std::string& folder, const Statistics& statistics) {
  const StatisticsOrigin& origin = statistics.origin;
  Sha256 hash;
  hash.add(origin.network);
  hash.add(origin.samples);
  for (const std::string* text : {&origin.settings, &origin.isa, &origin.library}) hash.add_text(*text);
  hash.add_number(origin.sample_count);
  hash.add_number(statistics.shard.number);
  hash.add_number(statistics.shard.count);
  return join_path(folder, hex_text(hash.finish()) + ".stats");
}

// `statistics` as they were kept, where they were.
Status read_kept(const std::string& path, const ObserveJob& job, const Hooks& hooks, Statistics& statistics) {
  if (!is_file(path)) return {};
  OCTET_ASSIGN(const Bytes bytes, map_file(path));
  const auto accept = [&](const Statistics& found) -> Status {
    const bool same = found.origin == statistics.origin && found.shard.number == statistics.shard.number &&
                      found.shard.count == statistics.shard.count;
    return same ? Status() : fail(Code::format, "the statistics are others than the file's name says");
  };
  auto kept = parse_statistics(bytes.span(), statistics.groups.size(), job.ema_batch, accept);
  if (kept.ok()) {
    statistics = *std::move(kept);
  } else {
    hooks.warn("'" + path + "': " + kept.status().message() + "; the samples are observed anew");
  }
  return {};
}

// The observation that the statistics are of, to go on with it.
ObservedSoFar resume(Statistics statistics, std::span<const std::size_t> samples) {
  ObservedSoFar so_far;
  so_far.done = static_cast<std::size_t>(statistics.done);
  so_far.groups = std::move(statistics.groups);
  auto unreadable = statistics.unreadable.begin();
  for (std::uint64_t i = 0; i < statistics.done; ++i) {
    const std::uint64_t number = statistics.shard.sample(i);
    if (unreadable != statistics.unreadable.end() && unreadable->first == number) {
      so_far.samples.skipped.push_back(std::move(unreadable++->second));
    } else {
      so_far.samples.used.push_back(samples[static_cast<std::size_t>(number)]);
    }
  }
  return so_far;
}

// The state as statistics. `ours`: the shard's samples.
void take_state(const ObservedSoFar& so_far, std::span<const std::size_t> ours, Statistics& statistics) {
  statistics.done = so_far.done;
  statistics.unreadable.clear();
  auto used = so_far.samples.used.begin();
  auto reason = so_far.samples.skipped.begin();
  for (std::size_t i = 0; i < so_far.done; ++i) {
    if (used != so_far.samples.used.end() && *used == ours[i]) {
      ++used;
    } else {
      statistics.unreadable.emplace_back(statistics.shard.sample(i), *reason++);
    }
  }
  statistics.groups = so_far.groups;
}

}  // namespace

Result<Statistics> observe_shard(const ObserveJob& job, const std::string& folder, const Hooks& hooks) {
  const std::vector<std::size_t> ours = samples_of(job.shard, job.samples);
  ObservedSoFar so_far = nothing_observed(*job.assignment, job.ema_batch);
  Statistics statistics{job.origin, job.shard, 0, {}, so_far.groups};
  statistics.origin.sample_count = job.samples.size();
  std::string path;
  if (!folder.empty()) {
    OCTET_TRY(make_folder(folder));
    OCTET_ASSIGN(statistics.origin.samples, digest_of_contents(job, ours, hooks));
    path = path_of(folder, statistics);
    OCTET_TRY(read_kept(path, job, hooks, statistics));
    if (statistics.done > 0) {
      hooks.info(std::to_string(statistics.done) + " of " + std::to_string(ours.size()) +
                 " samples were observed before: '" + path + "'");
      so_far = resume(statistics, job.samples);
    }
  }
  auto kept = Clock::now();
  while (so_far.done < ours.size()) {
    const std::size_t end = path.empty() ? ours.size() : std::min(ours.size(), so_far.done + kBlock);
    OCTET_TRY(observe_more(job.plan, *job.assignment, *job.source, ours, end, job.threads, hooks, so_far));
    if (path.empty() || (end < ours.size() && Clock::now() - kept < job.keep_every)) continue;
    take_state(so_far, ours, statistics);
    OCTET_TRY(save_statistics(statistics, path));
    kept = Clock::now();
  }
  take_state(so_far, ours, statistics);
  statistics.origin.samples = digest_of_names(*job.source, job.samples);
  return statistics;
}

Observation observation_of(Statistics statistics, std::span<const std::size_t> samples) {
  return observation_of(resume(std::move(statistics), samples));
}

}  // namespace octet
