#include "import/import.h"

#include "abi/abi.h"
#include "abi/import.h"
#include "passes/passes.h"

namespace octet::abi {

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
    if (const Status status = prepare_graph(graph); !status.ok()) return status.within("'" + name + "'");
    return Imported{std::move(graph), importer.name};
  }
  return fail(Code::format, "'" + name + "' is no model: .octet, .onnx, .mnn and .tflite files can be read" +
                                (bytes.empty() ? std::string("; the file is empty") : std::string()));
}

}  // namespace octet::abi
