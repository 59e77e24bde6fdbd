// Networks of .octet files from anywhere, written in every other format and read back.
#include <algorithm>

#include "export/export.h"
#include "fuzz.h"
#include "import/import.h"
#include "model/model.h"
#include "octet_file.h"
#include "passes/passes.h"

namespace octet::fuzz {
namespace {

// A normalization whose numbers may not fold.
bool is_unfolded(const Graph& graph) {
  return std::any_of(graph.nodes.begin(), graph.nodes.end(), [](const Node& n) { return n.op == Op::batch_norm; });
}

void write_and_read(const Graph& graph, const Exporter& exporter) {
  const auto file = exporter.write(graph);
  if (!file.ok()) return require_message(file.status());
  for (const Importer& importer : importers()) {
    if (std::string(importer.name) != exporter.name) continue;
    auto back = importer.import(Bytes::copy_of(file->data(), file->size()), "");
    require(back.ok(), "what is exported can be imported", std::string(exporter.name) + ": " + back.status().message());
    require(back->inputs.size() == graph.inputs.size() && back->outputs.size() == graph.outputs.size(),
            "an exported network has the same inputs and outputs", exporter.name);
    for (std::size_t i = 0; i < graph.inputs.size(); ++i) {  // of which the file may leave sizes open
      back->at(back->inputs[i]).dims = graph.at(graph.inputs[i]).dims;
    }
    const Status status = prepare_graph(*back);
    if (!status.ok() && is_unfolded(graph)) return require_message(status);
    require(status.ok(), "what is exported can be prepared", std::string(exporter.name) + ": " + status.message());
    for (std::size_t i = 0; i < graph.outputs.size(); ++i) {
      require(back->at(back->outputs[i]).dims == graph.at(graph.outputs[i]).dims,
              "an exported network has outputs of the same shapes", exporter.name);
    }
  }
}

}  // namespace
}  // namespace octet::fuzz

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace octet;
  const auto graph = read_octet(fuzz::with_checksum(data, size), "");
  if (!graph.ok()) return 0;
  for (const Exporter& exporter : exporters()) fuzz::write_and_read(*graph, exporter);
  return 0;
}
