// octet inspect: what a model is made of.
#include <map>
#include <optional>
#include <vector>

#include "cli/answer.h"
#include "cli/arguments.h"
#include "cli/commands.h"
#include "cli/json_writer.h"
#include "cli/library.h"
#include "cli/recipe_text.h"
#include "cli/table.h"
#include "cli/text.h"

namespace octet::cli {
namespace {

constexpr char kManual[] = R"(
Prints inputs and outputs with their shapes and, in an int8 model, scale and zero point
(real = scale * (q - zero_point)), the multiply-accumulates of one run and the share of them that is
done in int8, the size of the weights, and how images become inputs where the model knows.

Example
  octet inspect face.octet --layers

Exit status: 0 done, 1 failed, 2 wrong usage.)";

const char* type_text(const q_tensor_info& tensor) { return tensor.dtype == Q_INT8 ? "int8" : "float32"; }

std::string scale_text(float scale) { return scale == 0 ? "-" : shortest(scale); }

void add_tensors(Table& table, const std::vector<q_tensor_info>& tensors, const char* what) {
  for (const q_tensor_info& tensor : tensors) {
    table.add({what, std::string(view(tensor.name)), shape_text(tensor), type_text(tensor), scale_text(tensor.scale),
               tensor.scale == 0 ? "-" : std::to_string(tensor.zero_point)});
  }
}

// "30 conv, 13 depthwise conv, ..." in the order of their names.
std::string op_counts(const std::vector<q_layer_info>& layers) {
  std::map<std::string, int> counts;
  for (const q_layer_info& layer : layers) ++counts[std::string(view(layer.op))];
  std::string text;
  for (const auto& [op, count] : counts) text += (text.empty() ? "" : ", ") + std::to_string(count) + " " + op;
  return text;
}

// "image: N (1), ? (240), ? (320)": names, and the sizes that they have now; empty where all sizes are fixed.
std::string open_text(const Network& network) {
  std::string text;
  for (std::int32_t i = 0; i < network.info.input_count; ++i) {
    const q_tensor_info& input = network.inputs[static_cast<std::size_t>(i)];
    const std::vector<std::string> names = open_sizes_of(network, i);
    std::string sizes;
    for (std::size_t d = 0; d < names.size(); ++d) {
      if (names[d].empty()) continue;
      sizes += (sizes.empty() ? "" : ", ") + names[d] + " (" + std::to_string(input.dims[d]) + ")";
    }
    if (!sizes.empty()) text += (text.empty() ? "" : "; ") + std::string(view(input.name)) + ": " + sizes;
  }
  return text;
}

std::string layers_text(const std::vector<q_layer_info>& layers) {
  Table table({{"layer", Align::left},
               {"op", Align::left},
               {"type", Align::left},
               {"output", Align::left},
               {"scale"},
               {"zero"},
               {"MACs"},
               {"weight bytes"}});
  for (const q_layer_info& layer : layers) {
    const q_tensor_info& output = layer.output;
    table.add({std::string(view(layer.name)), std::string(view(layer.op)), layer.is_int8 ? "int8" : "float",
               shape_text(output), scale_text(output.scale),
               output.scale == 0 ? "-" : std::to_string(output.zero_point), std::to_string(layer.macs),
               std::to_string(layer.weight_bytes)});
  }
  return "\n" + table.plain();
}

std::string summary(const Network& network, const std::optional<q_recipe>& recipe, bool with_layers) {
  const q_model_info& info = network.info;
  const std::vector<q_layer_info> layers = layers_of(network);
  std::string text = printable(network.path) + "\n";
  const auto line = [&](std::string title, const std::string& content) {
    title.resize(12, ' ');
    text += "  " + title + printable(content) + "\n";
  };
  if (info.name.size > 0) line("name", std::string(view(info.name)));
  line("format", std::string(view(info.source_format)) + ", " + size_text(info.file_bytes));
  line("kind", network.is_int8() ? "int8 (" + std::to_string(info.int8_layer_count) + " of " +
                                       counted(info.layer_count, "layer") + ")"
                                 : "float (" + counted(info.layer_count, "layer") + ")");
  line("MACs", std::to_string(info.macs) + ", " + percent(network.int8_share()) + " in int8");
  line("weights", std::to_string(info.weight_bytes) + " bytes");
  line("recipe", recipe ? recipe_text(*recipe) : "none");
  line("layers", op_counts(layers));
  if (const std::string open = open_text(network); !open.empty()) line("open sizes", open);
  Table table(
      {{"", Align::left}, {"name", Align::left}, {"shape", Align::left}, {"type", Align::left}, {"scale"}, {"zero"}});
  add_tensors(table, network.inputs, "input");
  add_tensors(table, network.outputs, "output");
  text += "\n" + table.plain();
  if (with_layers) text += layers_text(layers);
  return text;
}

void write_tensor(JsonWriter& json, const q_tensor_info& tensor) {
  json.begin_object().field("name", view(tensor.name)).key("shape").list(dims_of(tensor));
  json.field("dtype", type_text(tensor));
  json.key("scale");
  tensor.scale == 0 ? json.null() : json.value(tensor.scale);
  json.key("zero_point");
  tensor.scale == 0 ? json.null() : json.value(tensor.zero_point);
  json.end_object();
}

void write_tensors(JsonWriter& json, const char* key, const std::vector<q_tensor_info>& tensors) {
  json.key(key).begin_array();
  for (const q_tensor_info& tensor : tensors) write_tensor(json, tensor);
  json.end_array();
}

void write_layers(JsonWriter& json, const Network& network) {
  json.key("layers").begin_array();
  for (const q_layer_info& layer : layers_of(network)) {
    json.begin_object().field("name", view(layer.name)).field("op", view(layer.op)).field("int8", layer.is_int8 != 0);
    json.field("macs", layer.macs).field("weight_bytes", layer.weight_bytes).key("output");
    write_tensor(json, layer.output);
    json.end_object();
  }
  json.end_array();
}

std::string answer(const Network& network, const std::optional<q_recipe>& recipe, bool with_layers) {
  const q_model_info& info = network.info;
  JsonWriter json;
  begin_answer(json, "inspect", true);
  json.field("file", network.path).optional_field("name", view(info.name));
  json.field("source_format", view(info.source_format)).field("bytes", info.file_bytes);
  json.field("macs", info.macs).field("int8_macs", info.int8_macs).field("int8_mac_share", network.int8_share());
  json.field("weight_bytes", info.weight_bytes).field("layer_count", info.layer_count);
  json.field("int8_layer_count", info.int8_layer_count);
  write_tensors(json, "inputs", network.inputs);
  write_tensors(json, "outputs", network.outputs);
  json.key("open_sizes").begin_array();
  for (std::int32_t i = 0; i < network.info.input_count; ++i) {
    json.begin_array();
    for (const std::string& name : open_sizes_of(network, i)) name.empty() ? json.null() : json.value(name);
    json.end_array();
  }
  json.end_array();
  json.key("recipe");
  if (recipe) {
    write_recipe(json, *recipe);
  } else {
    json.null();
  }
  if (with_layers) write_layers(json, network);
  json.end_object();
  return std::move(json).finish();
}

}  // namespace

Outcome inspect_command(const Call& call, Console& console) {
  std::string path;
  std::vector<std::string> shapes;
  bool with_layers = false;
  Arguments arguments("inspect", "Show what a model is made of.", kManual);
  arguments.add_option("model", path, "the model: .onnx, .mnn, .tflite or .octet")->required()->type_name("FILE");
  arguments.add_flag("--layers", with_layers, "also every layer, in the order of execution");
  arguments.add_shapes(shapes);
  arguments.add_json();
  arguments.read(call.words);
  const Network network = load_network(path, console, shapes);
  const std::optional<q_recipe> recipe = stored_recipe(network);
  return {call.json ? answer(network, recipe, with_layers) : summary(network, recipe, with_layers)};
}

}  // namespace octet::cli
