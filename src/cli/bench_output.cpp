#include "cli/bench_output.h"

#include <algorithm>

#include "cli/answer.h"
#include "cli/bench_layers.h"
#include "cli/json_writer.h"
#include "cli/table.h"
#include "cli/text.h"

namespace octet::cli {
namespace {

std::optional<double> speedup(std::span<const BenchEntry> entries, const BenchEntry& entry) {
  if (!entry.float_twin || entry.statistics.median_ms <= 0) return std::nullopt;
  return entries[*entry.float_twin].statistics.median_ms / entry.statistics.median_ms;
}

std::string isa_of(std::span<const BenchEntry> entries) {
  for (const BenchEntry& entry : entries) {
    if (!entry.failure) return std::string(view(entry.timed->session().isa));
  }
  return {};
}

Table model_table(std::span<const BenchEntry> entries) {
  Table table({{"model", Align::left},
               {"size"},
               {"int8 MACs"},
               {"load ms"},
               {"min ms"},
               {"median ms"},
               {"p95 ms"},
               {"max ms"},
               {"speedup"}});
  for (const BenchEntry& entry : entries) {
    if (entry.failure) continue;
    const Network& network = entry.timed->network();
    const Statistics& times = entry.statistics;
    const auto ratio = speedup(entries, entry);
    table.add({entry.file, size_text(network.info.file_bytes), percent(network.int8_share()),
               fixed(entry.timed->load_ms(), 1), fixed(times.min_ms, 3), fixed(times.median_ms, 3),
               fixed(times.p95_ms, 3), fixed(times.max_ms, 3), ratio ? fixed(*ratio, 2) + "x" : ""});
  }
  return table;
}

std::string tables(std::span<const BenchEntry> entries, const BenchSettings& settings, bool markdown) {
  const Table models = model_table(entries);
  if (models.empty()) return {};
  std::string text = counted(settings.loops, "run") + " of each after " + std::to_string(settings.warmup) +
                     " to warm up, " + counted(settings.threads, "thread") + ", instruction set " + isa_of(entries) +
                     "\n\n";
  text += markdown ? models.markdown() : models.plain();
  if (settings.layers) text += layer_tables(entries, settings, markdown);
  return text;
}

std::string model_csv(std::span<const BenchEntry> entries) {
  Table table({{"file"},
               {"bytes"},
               {"int8_mac_share"},
               {"load_ms"},
               {"min_ms"},
               {"median_ms"},
               {"p95_ms"},
               {"max_ms"},
               {"float_twin"},
               {"speedup"}});
  for (const BenchEntry& entry : entries) {
    if (entry.failure) continue;
    const Network& network = entry.timed->network();
    const Statistics& times = entry.statistics;
    const auto ratio = speedup(entries, entry);
    table.add({entry.file, std::to_string(network.info.file_bytes), fixed(network.int8_share(), 6),
               fixed(entry.timed->load_ms(), 4), fixed(times.min_ms, 6), fixed(times.median_ms, 6),
               fixed(times.p95_ms, 6), fixed(times.max_ms, 6),
               entry.float_twin ? entries[*entry.float_twin].file : std::string(), ratio ? fixed(*ratio, 4) : ""});
  }
  return table.csv();
}

void write_model(JsonWriter& json, std::span<const BenchEntry> entries, const BenchEntry& entry,
                 const BenchSettings& settings) {
  json.begin_object().field("file", entry.file);
  if (entry.failure) {
    write_error(json, *entry.failure);
    json.end_object();
    return;
  }
  const Network& network = entry.timed->network();
  const Statistics& times = entry.statistics;
  json.field("bytes", network.info.file_bytes).field("int8_mac_share", network.int8_share());
  json.field("load_ms", entry.timed->load_ms()).field("min_ms", times.min_ms).field("median_ms", times.median_ms);
  json.field("p95_ms", times.p95_ms).field("max_ms", times.max_ms);
  json.optional_field("float_twin", entry.float_twin ? entries[*entry.float_twin].file : std::string());
  json.key("speedup");
  const auto ratio = speedup(entries, entry);
  ratio ? json.value(*ratio) : json.null();
  json.optional_field("noise", times.noise);
  if (settings.layers) write_layers(json, entries, entry, settings);
  json.end_object();
}

std::string json_text(std::span<const BenchEntry> entries, const BenchSettings& settings) {
  const auto failed = std::find_if(entries.begin(), entries.end(), [](const auto& entry) { return entry.failure; });
  JsonWriter json;
  begin_answer(json, "bench", failed == entries.end());
  if (failed != entries.end()) write_error(json, *failed->failure);
  json.field("loop_count", settings.loops).field("warmup_count", settings.warmup).field("threads", settings.threads);
  json.optional_field("isa", isa_of(entries));
  if (settings.layers) {
    json.key("peak").begin_object().field("float_gmacs_per_s", settings.float_peak);
    json.field("int8_gmacs_per_s", settings.int8_peak).end_object();
  }
  json.key("models").begin_array();
  for (const BenchEntry& entry : entries) write_model(json, entries, entry, settings);
  json.end_array().end_object();
  return std::move(json).finish();
}

}  // namespace

std::string bench_text(std::span<const BenchEntry> entries, const BenchSettings& settings, BenchFormat format) {
  if (format == BenchFormat::json) return json_text(entries, settings);
  if (format == BenchFormat::csv) return settings.layers ? layer_csv(entries, settings) : model_csv(entries);
  return tables(entries, settings, format == BenchFormat::markdown);
}

}  // namespace octet::cli
