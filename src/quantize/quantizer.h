// The two long jobs of the library: making an int8 network of a float one, and comparing two networks.
#pragma once

#include <memory>

#include "quantize/config.h"
#include "quantize/hooks.h"
#include "quantize/observing.h"
#include "quantize/report.h"
#include "quantize/sample_runner.h"

namespace octet {

struct Samples {
  std::shared_ptr<const SampleSource> source;
  std::vector<std::size_t> calibration;  // indices into the source
  std::vector<std::size_t> measured;     // on which float and int8 are compared
  bool held_out = false;                 // the two have none in common
};

// The first `used` samples (0: all) calibrate; up to 50 others are measured or, where there are none, up to 50 of the
// same, evenly spaced.
Samples divide_samples(std::shared_ptr<const SampleSource> source, std::int64_t used);

// The images or sequences that a configuration names. `folder`, where not empty, stands for its path. `config_name` is
// for messages; `config_file` may be "": paths start at the working directory.
Result<std::shared_ptr<const SampleSource>> open_samples(const Graph& graph, const QuantizeConfig& config,
                                                         const std::string& config_name, const std::string& config_file,
                                                         const std::string& folder);

struct Quantized {
  Graph graph;
  Report report;
};

// observe, choose, rewrite, measure. The result does not depend on `threads`, nor on whether statistics come from
// samples, cache or files. Where `use` has files, `samples` may have no source: then nothing is measured, and a warning
// says so. Errors: Code::argument for a graph that is int8 already, those of assign_types, observe_as, rewrite_int8 and
// measure.
Result<Quantized> quantize_graph(std::shared_ptr<const Graph> graph, const QuantizeConfig& config,
                                 const Samples& samples, int threads, const Hooks& hooks,
                                 const StatisticsUse& use = {});

// The statistics of a shard of the calibration samples, for merging (shards.h). Errors: likewise; Code::config for a
// configuration that needs more than statistics.
Result<Statistics> observe_graph(std::shared_ptr<const Graph> graph, const QuantizeConfig& config,
                                 const Samples& samples, const Shard& shard, int threads, const StatisticsUse& use,
                                 const Hooks& hooks);

struct CompareRequest {
  std::shared_ptr<const Graph> reference, model;
  std::shared_ptr<const SampleSource> source;
  std::string labels_file;  // tab-separated: file, class_index, ...; empty: none
  std::int64_t label_offset = 0;
  int threads = 1;
  bool details = false;  // as QuantizeConfig::report_details
  BoxKind boxes = BoxKind::automatic;
};

Result<Report> compare_graphs(const CompareRequest& request, const Hooks& hooks);

}  // namespace octet
