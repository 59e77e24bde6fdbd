#include "quantize/observing.h"

namespace octet {
namespace {

Result<StatisticsOrigin> origin_of(const StatisticsUse& use, const ObserveRequest& request) {
  StatisticsOrigin origin;
  OCTET_ASSIGN(origin.network, use.digest_of(*request.plan->graph));
  origin.settings = observation_settings(*request.config, request.skip);
  origin.isa = name_of(request.plan->isa);
  origin.library = use.library;
  return origin;
}

Result<Observation> observation_of_files(const StatisticsUse& use, const ObserveRequest& request) {
  ExpectedStatistics expected;
  OCTET_ASSIGN(expected.origin, origin_of(use, request));
  expected.group_count = static_cast<std::size_t>(request.assignment->group_count);
  expected.ema_batch = request.config->batch_size;
  OCTET_ASSIGN(Statistics statistics, merge_statistics(use.files, expected));
  if (request.source != nullptr) {
    const bool same = statistics.origin.sample_count == request.samples.size() &&
                      statistics.origin.samples == digest_of_names(*request.source, request.samples);
    if (!same) {
      return fail(Code::data,
                  "the samples here are not those of the statistics (" +
                      std::to_string(statistics.origin.sample_count) + " samples, here " +
                      std::to_string(request.samples.size()) +
                      "; numbers and names must be the same): give the samples that were observed to measure the "
                      "result on them, or none");
    }
    return observation_of(std::move(statistics), request.samples);
  }
  std::vector<std::size_t> numbers(static_cast<std::size_t>(statistics.origin.sample_count));
  for (std::size_t i = 0; i < numbers.size(); ++i) numbers[i] = i;
  return observation_of(std::move(statistics), numbers);
}

}  // namespace

Result<Observation> observe_as(const StatisticsUse& use, const ObserveRequest& request, const Hooks& hooks) {
  if (!use.files.empty()) return observation_of_files(use, request);
  if (use.cache.empty()) {
    const ObserveOptions options{request.threads, request.config->batch_size};
    return observe(request.plan, *request.assignment, *request.source, {request.samples.begin(), request.samples.end()},
                   options, hooks);
  }
  OCTET_ASSIGN(Statistics statistics, observe_shard_of(use, request, {}, hooks));
  Observation observation = observation_of(std::move(statistics), request.samples);
  if (observation.samples.used.empty()) return none_readable(*request.source, observation.samples.skipped);
  return observation;
}

Result<Statistics> observe_shard_of(const StatisticsUse& use, const ObserveRequest& request, const Shard& shard,
                                    const Hooks& hooks) {
  ObserveJob job;
  job.plan = request.plan;
  job.assignment = request.assignment;
  job.source = request.source;
  job.samples = request.samples;
  job.shard = shard;
  OCTET_ASSIGN(job.origin, origin_of(use, request));
  job.ema_batch = request.config->batch_size;
  job.threads = request.threads;
  return observe_shard(job, use.cache, hooks);
}

}  // namespace octet
