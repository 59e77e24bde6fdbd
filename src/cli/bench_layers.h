// What `octet bench --layers` measured of the layers, printed.
#pragma once

#include <span>
#include <string>

#include "cli/bench_output.h"
#include "cli/json_writer.h"

namespace octet::cli {

// A table for each model; an int8 model and its float twin share one.
std::string layer_tables(std::span<const BenchEntry> entries, const BenchSettings& settings, bool markdown);

// One line a layer of all models.
std::string layer_csv(std::span<const BenchEntry> entries, const BenchSettings& settings);

// Members of the model's object that is open.
void write_layers(JsonWriter& json, std::span<const BenchEntry> entries, const BenchEntry& entry,
                  const BenchSettings& settings);

}  // namespace octet::cli
