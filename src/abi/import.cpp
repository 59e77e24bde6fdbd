#include "import/import.h"

#include "abi/abi.h"
#include "abi/import.h"
#include "base/file.h"
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

struct Foreign {
  std::string_view start;  // of the file
  const char* what;
};

// What people have at hand instead of a model, and what to do with it; null for anything else.
const char* foreign_kind(std::span<const std::byte> bytes) {
  static constexpr Foreign kForeign[] = {
      {"\x1f\x8b", "is compressed with gzip; unpack it and give the file in it"},
      {"PK\x03\x04",
       "is a zip archive; unpack it, or, where PyTorch (.pt) or Keras (.keras) wrote it, export the model as .onnx or "
       ".tflite"},
      {"\xfd"
       "7zXZ",
       "is compressed with xz; unpack it and give the file in it"},
      {"\x28\xb5\x2f\xfd", "is compressed with zstd; unpack it and give the file in it"},
      {"\x89HDF", "is an HDF5 file, as Keras writes them; export the model as .tflite or .onnx"},
      {"version https://git-lfs", "is a pointer of Git LFS, not the model; fetch it (git lfs pull)"},
      {"<!DOCTYPE", "is a web page; download the file itself"},
      {"<html", "is a web page; download the file itself"},
  };
  const std::string_view text(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  for (const Foreign& foreign : kForeign) {
    if (text.starts_with(foreign.start)) return foreign.what;
  }
  return nullptr;
}

// The content decides. Where it could be of several formats, or is of none, as that of a damaged file is, the name
// does.
const Importer* importer_for(std::span<const std::byte> bytes, const std::string& name) {
  const Importer* by_name = nullptr;
  for (const Importer& importer : importers()) {
    if (importer.name == ending_of(name)) by_name = &importer;
  }
  if (by_name != nullptr && by_name->probe(bytes, "")) return by_name;
  for (const Importer& importer : importers()) {
    if (importer.probe(bytes, "")) return &importer;
  }
  return by_name;
}

}  // namespace

Result<Imported> import_model(const Bytes& bytes, const std::string& name, const std::string& path,
                              const q_load_options& options) {
  const std::string quoted = "'" + name + "'";
  if (bytes.empty()) return fail(Code::format, quoted + " is empty");
  if (const char* what = foreign_kind(bytes.span())) return fail(Code::format, quoted + " " + what);
  const Importer* importer = importer_for(bytes.span(), path.empty() ? name : path);
  if (importer == nullptr) {
    return fail(Code::format, quoted + " is no model: .octet, .onnx, .mnn and .tflite files can be read");
  }
  auto imported = importer->import(bytes, path);
  if (!imported.ok()) return path.empty() ? imported.status().within(quoted) : imported.status();
  Graph graph = *std::move(imported);
  auto shapes = shapes_of(options.input_shapes, options.input_shape_count, graph);
  if (!shapes.ok()) return shapes.status().within(quoted);
  for (std::size_t i = 0; i < shapes->size(); ++i) graph.at(graph.inputs[i]).dims = (*shapes)[i];
  if (options.fix_sizes != 0) graph.open_sizes.clear();
  const auto open_sizes = graph.open_sizes;
  if (const Status status = prepare_graph(graph); !status.ok()) return status.within(quoted);
  say_closed(open_sizes, graph, name, {options.log, options.log_user});
  return Imported{std::move(graph), importer->name};
}

}  // namespace octet::abi
