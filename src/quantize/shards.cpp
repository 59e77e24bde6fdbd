#include "quantize/shards.h"

#include <algorithm>

#include "base/file.h"
#include "base/text.h"

namespace octet {
namespace {

std::string in_quotes(const std::string& path) { return "'" + printable(path) + "'"; }

// The first line of `lines` that `other` does not have at its place.
std::string_view first_difference(std::string_view lines, std::string_view other) {
  const auto line_of = [](std::string_view& text) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    const std::string_view line = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    return line;
  };
  while (!lines.empty()) {
    const std::string_view line = line_of(lines);
    if (line != line_of(other)) return line;
  }
  return {};
}

Status other_settings(const std::string& file, const std::string& found, const std::string& wanted) {
  const std::string_view has = first_difference(found, wanted);
  const std::string_view wants = first_difference(wanted, found);
  const auto says = [](std::string_view line) {
    return line.empty() ? std::string("nothing more") : "'" + printable(line) + "'";
  };
  return fail(Code::data, in_quotes(file) + " was made with another configuration: it has " + says(has) + " where " +
                              says(wants) + " is wanted; observe and quantize with the same one");
}

class Merger {
 public:
  explicit Merger(const ExpectedStatistics& expected) : expected_(expected) {}

  Status add(const std::string& file) {
    OCTET_ASSIGN(const Bytes bytes, map_file(file));
    const auto accept = [&](const Statistics& found) { return check(file, found); };
    auto parsed = parse_statistics(bytes.span(), expected_.group_count, expected_.ema_batch, accept);
    if (!parsed.ok()) {
      return parsed.status().code() == Code::data ? parsed.status() : parsed.status().within(in_quotes(file));
    }
    file_of_.emplace_back(parsed->shard.number, file);
    if (!any_) {
      any_ = true;
      sum_.origin = parsed->origin;
      shard_count_ = parsed->shard.count;
      for (GroupTally& group : parsed->groups) {
        sum_.groups.push_back({std::move(group.histogram), EmaRange(expected_.ema_batch)});
      }
    } else {
      for (std::size_t g = 0; g < sum_.groups.size(); ++g) {
        sum_.groups[g].histogram.merge(parsed->groups[g].histogram);
      }
    }
    std::move(parsed->unreadable.begin(), parsed->unreadable.end(), std::back_inserter(sum_.unreadable));
    return {};
  }

  Result<Statistics> finish() {
    if (!any_) return fail(Code::argument, "no file of statistics is given");
    std::sort(file_of_.begin(), file_of_.end());
    if (file_of_.size() != shard_count_) {
      std::vector<std::string> missing;
      constexpr std::size_t kNamed = 20;
      std::size_t at = 0;
      for (std::uint32_t number = 1; number <= shard_count_ && missing.size() < kNamed; ++number) {
        if (at < file_of_.size() && file_of_[at].first == number) {
          ++at;
        } else {
          missing.push_back(std::to_string(number));
        }
      }
      return fail(Code::data, "the statistics are not complete: of " + std::to_string(shard_count_) + " shards " +
                                  std::to_string(shard_count_ - file_of_.size()) + " are missing (" +
                                  list_text(missing, kNamed) + "); make them with 'octet observe --shard'");
    }
    std::sort(sum_.unreadable.begin(), sum_.unreadable.end());
    sum_.done = sum_.origin.sample_count;
    if (sum_.unreadable.size() < sum_.done) return std::move(sum_);
    std::vector<std::string> reasons;
    for (const auto& [number, reason] : sum_.unreadable) reasons.push_back(reason);
    return fail(Code::data,
                "none of the " + std::to_string(sum_.done) + " samples could be read: " + list_text(reasons, 20));
  }

 private:
  // What can be said of a file before its groups are read.
  Status check(const std::string& file, const Statistics& found) const {
    const StatisticsOrigin& origin = found.origin;
    const StatisticsOrigin& wanted = expected_.origin;
    if (origin.network != wanted.network) {
      return fail(Code::data, in_quotes(file) + " was made of another network than this one");
    }
    if (origin.library != wanted.library) {
      return fail(Code::data, in_quotes(file) + " was made by octet " + printable(origin.library) + ", this is " +
                                  wanted.library + ": observe and quantize with one release");
    }
    if (origin.settings != wanted.settings) return other_settings(file, origin.settings, wanted.settings);
    if (!found.complete()) {
      return fail(Code::data, in_quotes(file) + " holds " + std::to_string(found.done) + " of the shard's " +
                                  std::to_string(found.shard.size(origin.sample_count)) +
                                  " samples: it is the state of an observation in a cache; give the file that 'octet "
                                  "observe --out' has written");
    }
    if (!any_) return {};
    const std::string first = in_quotes(file_of_.front().second);
    if (origin.isa != sum_.origin.isa) {
      return fail(Code::data, in_quotes(file) + " was made with the instruction set " + printable(origin.isa) + ", " +
                                  first + " with " + printable(sum_.origin.isa) +
                                  ": set OCTET_ISA to the same for all shards");
    }
    if (origin.sample_count != sum_.origin.sample_count || origin.samples != sum_.origin.samples) {
      return fail(Code::data, in_quotes(file) + " is a shard of " + std::to_string(origin.sample_count) + " samples, " +
                                  first + " of " + std::to_string(sum_.origin.sample_count) +
                                  " with other names: observe the same folder everywhere");
    }
    if (found.shard.count != shard_count_) {
      return fail(Code::data, in_quotes(file) + " is one of " + std::to_string(found.shard.count) + " shards, " +
                                  first + " one of " + std::to_string(shard_count_));
    }
    for (const auto& [number, other] : file_of_) {
      if (number == found.shard.number) {
        return fail(Code::data, in_quotes(file) + " and " + in_quotes(other) + " are both shard " +
                                    std::to_string(number) + " of " + std::to_string(shard_count_) +
                                    ": give each shard once");
      }
    }
    return {};
  }

  const ExpectedStatistics& expected_;
  bool any_ = false;
  std::uint32_t shard_count_ = 0;
  std::vector<std::pair<std::uint32_t, std::string>> file_of_;  // by shard
  Statistics sum_;
};

}  // namespace

Status check_needs_no_samples(const QuantizeConfig& config) {
  const auto refuse = [](const std::string& what) {
    return fail(Code::config, what +
                                  ", which statistics of shards cannot give. They serve KL, ADMM, MINMAX, PERCENTILE "
                                  "and MSE, named as \"feature_quantize_method\" or by --method, without what needs "
                                  "the samples again");
  };
  if (config.activation_method == ActivationMethod::AUTO) return refuse("AUTO looks at the samples more than once");
  if (config.activation_method == ActivationMethod::EMA) return refuse("EMA takes the samples in their order");
  if (config.equalizes()) return refuse("\"equalize\" changes the network after looking at the samples");
  if (config.corrects_bias()) return refuse("\"bias_correction\" looks at the samples again");
  if (config.rounds_adaptively()) return refuse("\"adaptive_rounding\" looks at the samples again");
  if (config.mixed) return refuse("\"mixed\" runs networks over the samples");
  if (config.float_where_faster) return refuse("layers that stay float for speed are chosen by this machine");
  return {};
}

Result<Statistics> merge_statistics(const std::vector<std::string>& files, const ExpectedStatistics& expected) {
  Merger merger(expected);
  for (const std::string& file : files) OCTET_TRY(merger.add(file));
  return merger.finish();
}

}  // namespace octet
