// q_model: loading, saving, looking inside.
#include "model/model.h"

#include "abi/abi.h"
#include "abi/export.h"
#include "abi/import.h"
#include "base/file.h"
#include "base/text.h"
#include "graph/open_sizes.h"
#include "graph/rebind.h"

namespace octet::abi {
namespace {

Result<Imported> load(const Bytes& bytes, const std::string& name, const std::string& path,
                      const q_load_options& options) {
  if (!is_octet(bytes.span())) return import_model(bytes, name, path, options);
  OCTET_ASSIGN(Graph graph, read_octet(bytes, name));
  OCTET_ASSIGN(const auto shapes, shapes_of(options.input_shapes, options.input_shape_count, graph));
  if (!shapes.empty()) OCTET_TRY(rebind(graph, shapes).within("'" + name + "'"));
  if (options.fix_sizes != 0) graph.open_sizes.clear();
  return Imported{std::move(graph), "octet"};
}

// "octet, mnn or onnx", each with `before` and `after` around it.
std::string written_formats(const char* before, const char* after) {
  std::vector<std::string> names = {"octet"};
  for (const char* name : export_formats()) names.emplace_back(name);
  std::string text;
  for (std::size_t i = 0; i < names.size(); ++i) {
    text += (i == 0 ? "" : i + 1 == names.size() ? " or " : ", ") + (before + names[i] + after);
  }
  return text;
}

bool is_export_format(const std::string& name) {
  const auto formats = export_formats();
  return std::find(formats.begin(), formats.end(), name) != formats.end();
}

Status get_tensor(const q_model* model, std::vector<TensorId> Graph::*ids, const char* what, std::int32_t index,
                  q_tensor_info* out) {
  OCTET_TRY(not_null(model, "model"));
  const auto& list = (*model->graph).*ids;
  OCTET_TRY(check_index(index, list.size(), what));
  return write_struct(tensor_info(model->graph->at(list[static_cast<std::size_t>(index)])), "out", out);
}

Status load_into(const Bytes& bytes, const std::string& name, const std::string& path, const q_load_options* options,
                 q_model** out) {
  q_load_options given{};
  OCTET_TRY(read_struct(options, "options", &given));
  auto loaded = load(bytes, name, path, given);
  if (!loaded.ok()) return logged(loaded.status(), {given.log, given.log_user});
  *out = make_model(std::move(loaded->graph), std::move(loaded->format), static_cast<std::int64_t>(bytes.size()))
             .release();
  return {};
}

}  // namespace

std::unique_ptr<q_model> make_model(Graph graph, std::string format, std::int64_t file_bytes) {
  auto model = std::make_unique<q_model>();
  model->source_format = std::move(format);
  model->file_bytes = file_bytes;
  model->macs = count_macs(graph);
  model->weight_bytes = weight_bytes(graph);
  for (const Node& node : graph.nodes) {
    if (graph.at(node.inputs[0]).dtype == DType::i8 || graph.at(node.outputs[0]).dtype == DType::i8) {
      ++model->int8_layers;
    }
  }
  model->graph = std::make_shared<const Graph>(std::move(graph));
  return model;
}

}  // namespace octet::abi

using namespace octet;
using namespace octet::abi;

OCTET_EXPORT q_status q_model_load(q_str path, const q_load_options* options, q_model** out, q_error* error) {
  if (out != nullptr) *out = nullptr;
  return guarded(error, [&]() -> Status {
    if (out == nullptr) return not_null(out, "out");
    OCTET_ASSIGN(const std::string file, text_of(path, "path"));
    OCTET_ASSIGN(const Bytes bytes, map_file(file));
    return load_into(bytes, file, file, options, out);
  });
}

OCTET_EXPORT q_status q_model_load_bytes(q_bytes bytes, q_str name, const q_load_options* options, q_model** out,
                                         q_error* error) {
  if (out != nullptr) *out = nullptr;
  return guarded(error, [&]() -> Status {
    if (out == nullptr) return not_null(out, "out");
    OCTET_ASSIGN(std::string file, text_of(name, "name"));
    if (file.empty()) file = "(memory)";
    OCTET_ASSIGN(const auto content, bytes_of(bytes, "bytes"));
    return load_into(Bytes::copy_of(content.data(), content.size()), file, "", options, out);
  });
}

OCTET_EXPORT q_status q_model_save(const q_model* model, q_str path, q_error* error) {
  return guarded(error, [&]() -> Status {
    OCTET_TRY(not_null(model, "model"));
    OCTET_ASSIGN(const std::string file, text_of(path, "path"));
    const std::string ending = ending_of(file);
    if (ending == "octet") return write_octet(*model->graph, file);
    if (!is_export_format(ending)) {
      return fail(Code::unsupported, "'" + file + "': models are written as " + written_formats(".", "") + "; " +
                                         (ending.empty() ? "a file without an ending" : "." + printable(ending, 20)) +
                                         " is none of them");
    }
    const Result<std::string> bytes = export_model(*model->graph, ending);
    if (!bytes.ok()) return bytes.status().within("'" + file + "'");
    return write_file_atomically(file, *bytes);
  });
}

OCTET_EXPORT q_status q_model_write(const q_model* model, q_str format, q_write_fn write, void* user, q_error* error) {
  return guarded(error, [&]() -> Status {
    OCTET_TRY(not_null(model, "model"));
    if (write == nullptr) return fail(Code::argument, "write is NULL");
    OCTET_ASSIGN(const std::string name, text_of(format, "format"));
    if (name != "octet" && !is_export_format(name)) {
      return fail(Code::unsupported, "models are written as " + written_formats("\"", "\"") + "; \"" +
                                         printable(name, 20) + "\" is none of them");
    }
    Bytes bytes;
    if (name == "octet") {
      OCTET_ASSIGN(bytes, octet_bytes(*model->graph));
    } else {
      OCTET_ASSIGN(auto exported, export_model(*model->graph, name));
      const auto text = std::make_shared<const std::string>(std::move(exported));
      bytes = Bytes(text, reinterpret_cast<const std::byte*>(text->data()), text->size());
    }
    constexpr std::size_t kPart = std::size_t{1} << 20;
    for (std::size_t at = 0; at < bytes.size(); at += kPart) {
      const std::int32_t result = write(user, {bytes.data() + at, std::min(kPart, bytes.size() - at)});
      if (result != 0) return fail(Code::io, "the callback that writes the model returned " + std::to_string(result));
    }
    return {};
  });
}

OCTET_EXPORT void q_model_free(q_model* model) { delete model; }

OCTET_EXPORT q_status q_model_get_info(const q_model* model, q_model_info* out, q_error* error) {
  return guarded(error, [&]() -> Status {
    OCTET_TRY(not_null(model, "model"));
    const Graph& graph = *model->graph;
    q_model_info info{};
    info.input_count = static_cast<std::int32_t>(graph.inputs.size());
    info.output_count = static_cast<std::int32_t>(graph.outputs.size());
    info.layer_count = static_cast<std::int32_t>(graph.nodes.size());
    info.int8_layer_count = model->int8_layers;
    info.macs = model->macs.all;
    info.int8_macs = model->macs.int8;
    info.weight_bytes = model->weight_bytes;
    info.file_bytes = model->file_bytes;
    info.name = view_of(graph.name);
    info.source_format = view_of(model->source_format);
    return write_struct(info, "out", out);
  });
}

OCTET_EXPORT q_status q_model_get_input(const q_model* model, int32_t index, q_tensor_info* out, q_error* error) {
  return guarded(error, [&] { return get_tensor(model, &Graph::inputs, "input", index, out); });
}

OCTET_EXPORT q_status q_model_get_output(const q_model* model, int32_t index, q_tensor_info* out, q_error* error) {
  return guarded(error, [&] { return get_tensor(model, &Graph::outputs, "output", index, out); });
}

OCTET_EXPORT q_status q_model_get_open_size(const q_model* model, int32_t input, int32_t dimension, q_str* out,
                                            q_error* error) {
  if (out != nullptr) *out = q_str{};
  return guarded(error, [&]() -> Status {
    OCTET_TRY(not_null(model, "model"));
    OCTET_TRY(not_null(out, "out"));
    const Graph& graph = *model->graph;
    OCTET_TRY(check_index(input, graph.inputs.size(), "input"));
    const auto i = static_cast<std::size_t>(input);
    OCTET_TRY(check_index(dimension, graph.at(graph.inputs[i]).dims.size(), "dimension"));
    const std::string_view name = open_name(graph, i, static_cast<std::size_t>(dimension));
    if (!name.empty()) *out = {name.data(), name.size()};
    return {};
  });
}

OCTET_EXPORT q_status q_model_get_layer(const q_model* model, int32_t index, q_layer_info* out, q_error* error) {
  return guarded(error, [&]() -> Status {
    OCTET_TRY(not_null(model, "model"));
    const Graph& graph = *model->graph;
    OCTET_TRY(check_index(index, graph.nodes.size(), "layer"));
    const Node& node = graph.nodes[static_cast<std::size_t>(index)];
    q_layer_info info{};
    info.is_int8 = graph.at(node.inputs[0]).dtype == DType::i8 ? 1 : 0;
    info.name = view_of(node.name);
    info.op = q_text(kind_of(graph, node));
    info.macs = octet::count_macs(graph, node);
    for (const TensorId id : node.inputs) {
      if (graph.is_constant(id)) info.weight_bytes += static_cast<std::int64_t>(graph.at(id).data.size());
    }
    info.output = tensor_info(graph.at(node.outputs[0]));
    return write_struct(info, "out", out);
  });
}
