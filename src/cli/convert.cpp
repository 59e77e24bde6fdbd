// octet convert: a model as a file of another format.
#include <vector>

#include "cli/answer.h"
#include "cli/arguments.h"
#include "cli/commands.h"
#include "cli/files.h"
#include "cli/interrupt.h"
#include "cli/json_writer.h"
#include "cli/library.h"
#include "cli/table.h"
#include "cli/text.h"

namespace octet::cli {
namespace {

constexpr char kManual[] = R"(
The ending of the target chooses its format: .octet, .onnx, .mnn or .tflite. A float model stays
float; an int8 one keeps its integers: in .onnx as QuantizeLinear and DequantizeLinear around the
operators (QDQ), with int8 weights by output channel, int32 biases and uint8 activations; in .tflite
as int8 operators. Inputs and outputs are float32 and have the names and shapes of the source. Sizes
that the source leaves open (a batch, the sides of an image) stay open, unless --fix-sizes is given.

What the target's format cannot carry is an error that names every such layer. The model is written
beside its target and renamed: after a failure or Ctrl-C the target is as it was.

Examples
  octet convert face.mnn face.onnx
  octet convert face.octet face_int8.onnx
  octet convert any_size.onnx vga.tflite --shape 1x3x480x640 --fix-sizes

Exit status: 0 done, 1 failed, 2 wrong usage, 130 interrupted.)";

std::string kind_text(const Network& network) {
  return network.is_int8() ? "int8 (" + std::to_string(network.info.int8_layer_count) + " of " +
                                 counted(network.info.layer_count, "layer") + ")"
                           : "float (" + counted(network.info.layer_count, "layer") + ")";
}

std::string summary(const Network& source, const std::string& target) {
  Table table({{target, Align::left}, {"", Align::left}});
  table.add({"  kind", kind_text(source)});
  table.add({"  size", size_text(source.info.file_bytes) + " -> " + size_text(file_size(target))});
  return table.plain();
}

std::string answer(const Network& source, const std::string& target) {
  JsonWriter json;
  begin_answer(json, "convert", true);
  json.field("source", source.path).field("target", target);
  json.field("source_format", view(source.info.source_format)).field("target_format", ending_of(target));
  json.field("source_bytes", source.info.file_bytes).field("target_bytes", file_size(target));
  json.field("layer_count", source.info.layer_count).field("int8_layer_count", source.info.int8_layer_count);
  json.end_object();
  return std::move(json).finish();
}

}  // namespace

Outcome convert_command(const Call& call, Console& console) {
  std::string path;
  std::string target;
  std::vector<std::string> shapes;
  Arguments arguments("convert", "Write a model as a file of another format.", kManual);
  arguments.add_option("source", path, "the model: .onnx, .mnn, .tflite or .octet")->required()->type_name("FILE");
  arguments.add_option("target", target, "the file to write: .octet, .onnx, .mnn or .tflite")
      ->required()
      ->type_name("FILE");
  bool fix_sizes = false;
  arguments.add_shapes(shapes);
  arguments.add_fix_sizes(fix_sizes);
  arguments.add_json();
  arguments.read(call.words);
  check_ending(target, kModelEndings, "a model");
  check_can_write(target, {path});
  const Network source = load_network(path, console, shapes, fix_sizes);
  stop_if_interrupted();
  save_model(source.model.get(), target);
  return {call.json ? answer(source, target) : summary(source, target)};
}

}  // namespace octet::cli
