// Exporters: a Graph becomes a file of a public format that the format's own runtime loads and runs. `write` reads the
// graph alone. What the format cannot carry is an error (Code::unsupported) that names every such node in one message,
// never something that answers otherwise.
#pragma once

#include <span>
#include <string>

#include "base/status.h"
#include "graph/graph.h"

namespace octet {

struct Exporter {
  const char* name;                            // "mnn", as q_model_write takes it
  const char* ending;                          // ".mnn", of file names
  Result<std::string> (*write)(const Graph&);  // the bytes of the file. Precondition: validate(graph) holds
};

// Every exporter that is built in.
std::span<const Exporter> exporters();

extern const Exporter kMnnExporter;
extern const Exporter kOnnxExporter;
extern const Exporter kTfliteExporter;

}  // namespace octet
