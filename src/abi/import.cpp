#include "import/import.h"

#include "abi/abi.h"
#include "abi/import.h"
#include "base/text.h"
#include "graph/open_sizes.h"
#include "passes/passes.h"

namespace octet::abi {
namespace {

// Sizes that the file leaves open and the network does not follow.
void say_closed(const std::vector<std::vector<std::string>>& before, const Graph& graph, const std::string& name,
                const Log& log) {
  for (std::size_t i = 0; i < before.size(); ++i) {
    const Tensor& input = graph.at(graph.inputs[i]);
    for (std::size_t d = 0; d < before[i].size(); ++d) {
      if (before[i][d].empty() || !open_name(graph, i, d).empty()) continue;
      const std::string size = before[i][d] == kUnnamedSize ? "" : " ('" + printable(before[i][d], 40) + "')";
      log(Q_LOG_INFO, "'" + name + "': dimension " + std::to_string(d) + size + " of input '" + printable(input.name) +
                          "' is open in the file and fixed at " + std::to_string(input.dims[d]) +
                          " here: what the network computes of it does not follow other sizes");
    }
  }
}

}  // namespace

Result<Imported> import_model(const Bytes& bytes, const std::string& name, const std::string& path,
                              const q_load_options& options) {
  for (const Importer& importer : importers()) {
    if (!importer.probe(bytes.span(), path.empty() ? name : path)) continue;
    auto imported = importer.import(bytes, path);
    if (!imported.ok()) return path.empty() ? imported.status().within("'" + name + "'") : imported.status();
    Graph graph = *std::move(imported);
    auto shapes = shapes_of(options.input_shapes, options.input_shape_count, graph);
    if (!shapes.ok()) return shapes.status().within("'" + name + "'");
    for (std::size_t i = 0; i < shapes->size(); ++i) graph.at(graph.inputs[i]).dims = (*shapes)[i];
    if (options.fix_sizes != 0) graph.open_sizes.clear();
    const auto open_sizes = graph.open_sizes;
    if (const Status status = prepare_graph(graph); !status.ok()) return status.within("'" + name + "'");
    say_closed(open_sizes, graph, name, {options.log, options.log_user});
    return Imported{std::move(graph), importer.name};
  }
  return fail(Code::format, "'" + name + "' is no model: .octet, .onnx, .mnn and .tflite files can be read" +
                                (bytes.empty() ? std::string("; the file is empty") : std::string()));
}

}  // namespace octet::abi
