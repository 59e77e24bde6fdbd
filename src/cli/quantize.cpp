// octet quantize: a float model, a configuration and images in, an int8 model out.
#include <vector>

#include "cli/answer.h"
#include "cli/arguments.h"
#include "cli/commands.h"
#include "cli/failure.h"
#include "cli/files.h"
#include "cli/interrupt.h"
#include "cli/json_writer.h"
#include "cli/library.h"
#include "cli/report_text.h"
#include "cli/table.h"
#include "cli/text.h"

namespace octet::cli {
namespace {

constexpr int kWorstLayers = 3;

constexpr char kManual[] = R"(
The configuration is the JSON file of MNN's quantized.out, unchanged, with Octet's own keys beside:
  {
    "format": "RGB", "mean": [127, 127, 127], "normal": [0.0078125, 0.0078125, 0.0078125],
    "width": 320, "height": 240, "path": "calibration/", "used_image_num": 100,
    "feature_quantize_method": "KL", "weight_quantize_method": "MAX_ABS"
  }
"path" is the folder of calibration images (JPEG, PNG), relative to the configuration, then to the
working directory. How an image becomes an input is stored in an .octet model.

The ending of the int8 model chooses its format: .octet, .onnx (QuantizeLinear and DequantizeLinear),
.mnn or .tflite, each for the runtime of that name.

The result is the same, byte for byte, whatever the number of threads. The model is written beside
its target and renamed: after a failure or Ctrl-C the target is as it was.

With --statistics the samples need not be here. Where the configuration's "path" is, the result is
measured on them as always; else nothing is measured, which a warning says.

--float-where-faster is the one option that measures this CPU. Layers that make a run of the whole
network faster in float, the change of types at their borders included, stay float; they are listed,
and the same names under "skip_quant_op_names" give the same model on any machine.

Example
  octet quantize face.mnn face.octet face.json --report face.html
)";

constexpr char kRefusal[] =
    "--strict: the quality is poor, or not measured, and the int8 model is not written; the warnings say why";

struct Options {
  std::string source, target, config;
  std::string feature_method, weight_method;
  ReportOptions reporting;
  std::string cache;
  std::vector<std::string> statistics, shapes;
  bool fix_sizes = false;
  int threads = 0;
  bool float_where_faster = false;
};

Options read_options(const Call& call) {
  Options options;
  Arguments arguments("quantize", "Make an int8 model of a float one, with about a hundred sample images.",
                      std::string(kManual) + kStrictManual);
  arguments.add_option("float-model", options.source, "the float model: .onnx, .mnn, .tflite or .octet")
      ->required()
      ->type_name("FILE");
  arguments.add_option("int8-model", options.target, "the int8 model to write: .octet, .onnx, .mnn or .tflite")
      ->required()
      ->type_name("FILE");
  arguments.add_option("config", options.config, "the JSON configuration")->required()->type_name("FILE");
  arguments
      .add_option("--method", options.feature_method,
                  "how ranges of activations are chosen: AUTO, KL, ADMM, EMA,\n"
                  "MINMAX, ...; overrides \"feature_quantize_method\"")
      ->type_name("NAME");
  arguments
      .add_option("--weight-method", options.weight_method,
                  "how weights are scaled: MAX_ABS, ADMM, ...;\n"
                  "overrides \"weight_quantize_method\"")
      ->type_name("NAME");
  options.reporting.add_to(arguments);
  arguments
      .add_option("--cache", options.cache,
                  "a folder that keeps what was observed of the samples: what\n"
                  "was killed goes on there; never changes the result")
      ->type_name("FOLDER");
  arguments
      .add_option("--statistics", options.statistics,
                  "files of 'octet observe', of every shard, in place of\n"
                  "samples")
      ->type_name("FILE");
  arguments.add_flag("--float-where-faster", options.float_where_faster,
                     "keep layers in float that are faster so on this CPU;\nthe result then depends on the machine");
  arguments.add_shapes(options.shapes);
  arguments.add_fix_sizes(options.fix_sizes);
  arguments.add_threads(options.threads, "default: all that this process may use");
  arguments.add_json();
  arguments.read(call.words);
  return options;
}

void check_outputs(const Options& options) {
  std::vector<std::string> inputs = {options.source, options.config};
  inputs.insert(inputs.end(), options.statistics.begin(), options.statistics.end());
  check_ending(options.target, kModelEndings, "an int8 model");
  check_can_write(options.target, inputs);
  if (options.reporting.report.empty()) return;
  check_ending(options.reporting.report, {"html", "json"}, "a report");
  check_can_write(options.reporting.report, inputs);
}

struct Quantized {
  Network network;
  Report report;
};

// Which file a failure is about.
const std::string& file_of_failure(const Options& options, q_status status, const std::string& message) {
  for (const std::string& file : options.statistics) {
    if (message.find(file) != std::string::npos) return file;
  }
  return status == Q_E_CONFIG || status == Q_E_DATA ? options.config : options.source;
}

Quantized quantize(const Network& source, const Options& options, Console& console) {
  auto settings = sized<q_quantize_options>();
  settings.threads = options.threads;
  settings.config_path = text_of(options.config);
  settings.feature_method = text_of(options.feature_method);
  settings.weight_method = text_of(options.weight_method);
  settings.progress = Console::on_progress;
  settings.progress_user = &console;
  settings.log = Console::on_log;
  settings.log_user = &console;
  settings.report_details = options.reporting.report.empty() ? 0 : 1;
  settings.boxes = options.reporting.box_kind();
  settings.float_where_faster = options.float_where_faster ? 1 : 0;
  settings.cache = text_of(options.cache);
  std::vector<q_str> statistics;
  for (const std::string& file : options.statistics) statistics.push_back(text_of(file));
  settings.statistics = statistics.data();
  settings.statistics_count = statistics.size();
  auto error = sized<q_error>();
  q_model* model = nullptr;
  q_report* report = nullptr;
  const q_status status = q_quantize(source.model.get(), &settings, &model, &report, &error);
  console.clear_progress();
  const std::string message = console.whole_message(error);
  check(status, message, file_of_failure(options, status, message));
  Report owned(report);
  return {describe(Model(model), options.target), std::move(owned)};
}

// The model comes last: it stands only where everything else was done. Nothing refused is written but its report.
void save(const Quantized& result, const Options& options, bool refused) {
  stop_if_interrupted();
  save_report(result.report.get(), options.reporting.report);
  if (refused) return;
  try {
    stop_if_interrupted();
    save_model(result.network.model.get(), options.target);
  } catch (const Failure&) {
    if (!options.reporting.report.empty()) remove_file(options.reporting.report);
    throw;
  }
}

std::string share_of(std::int64_t part, std::int64_t whole) {
  return whole > 0 ? percent(static_cast<double>(part) / static_cast<double>(whole)) : "-";
}

std::string kept_float_text(const q_report* report, const Options& options) {
  if (!options.float_where_faster) return {};
  const q_report_info info = report_info(report);
  const std::vector<q_kept_float> layers = kept_float_of(report);
  if (layers.empty()) return "kept in float for speed: no layer\n\n";
  Table table({{"kept in float for speed", Align::left}, {"op", Align::left}, {"float ms"}, {"int8 ms"}});
  std::string names;
  for (const q_kept_float& layer : layers) {
    table.add({std::string(view(layer.name)), std::string(view(layer.op)), fixed(layer.float_ms, 4),
               fixed(layer.int8_ms, 4)});
    names += (names.empty() ? "\"" : ", \"") + printable(view(layer.name)) + "\"";
  }
  return table.plain() + "A run takes " + fixed(info.mixed_ms, 3) + " ms instead of " + fixed(info.int8_ms, 3) +
         " ms. Measured on this CPU with one thread: another machine may choose other layers.\n" +
         "The same model everywhere: \"skip_quant_op_names\": [" + names + "]\n\n";
}

std::string summary(const Network& source, const Quantized& result, const Options& options, bool refused) {
  const q_report_info info = report_info(result.report.get());
  const q_model_info& model = result.network.info;
  Table table({{options.target, Align::left}, {"", Align::left}});
  const std::int64_t bytes = refused ? 0 : file_size(options.target);
  table.add({"  size", refused ? "not written: --strict"
                               : size_text(source.info.file_bytes) + " -> " + size_text(bytes) + " (" +
                                     share_of(bytes, source.info.file_bytes) + ")"});
  table.add({"  weights", size_text(info.float_weight_bytes) + " -> " + size_text(info.int8_weight_bytes) + " (" +
                              share_of(info.int8_weight_bytes, info.float_weight_bytes) + ")"});
  table.add({"  int8", percent(result.network.int8_share()) + " of the multiply-accumulates, " +
                           std::to_string(model.int8_layer_count) + " of " + counted(model.layer_count, "layer")});
  table.add({"  calibrated on", counted(info.calibration_samples, "sample")});
  table.add({"  measured on", measured_text(info)});
  if (info.agreement >= 0) table.add({"  agreement", agreement_text(info)});
  if (info.has_detections != 0) table.add({"  boxes", detections_text(result.report.get())});
  if (info.skipped_files > 0)
    table.add({"  skipped", counted(info.skipped_files, "unreadable file") + ", named above"});
  if (info.warning_count > 0) table.add({"  warnings", std::to_string(info.warning_count) + ", see above"});
  table.add({"  time", duration_text(info.seconds)});
  return table.plain() + "\n" + kept_float_text(result.report.get(), options) +
         outputs_and_layers_text(result.report.get(), kWorstLayers);
}

std::string answer(const Network& source, const Quantized& result, const Options& options, bool refused) {
  JsonWriter json;
  begin_answer(json, "quantize", !refused);
  if (refused) write_refusal(json, kRefusal);
  const q_report_info info = report_info(result.report.get());
  json.field("float_model", options.source).field("int8_model", options.target).field("config", options.config);
  json.optional_field("report", options.reporting.report);
  json.field("float_bytes", source.info.file_bytes).key("int8_bytes");
  refused ? json.null() : json.value(file_size(options.target));
  json.field("float_weight_bytes", info.float_weight_bytes).field("int8_weight_bytes", info.int8_weight_bytes);
  json.field("layer_count", result.network.info.layer_count);
  json.field("int8_layer_count", result.network.info.int8_layer_count);
  json.field("int8_mac_share", result.network.int8_share());
  write_report(json, result.report.get());
  json.end_object();
  return std::move(json).finish();
}

}  // namespace

Outcome quantize_command(const Call& call, Console& console) {
  const Options options = read_options(call);
  check_outputs(options);
  const Network source = load_network(options.source, console, options.shapes, options.fix_sizes);
  if (source.is_int8()) {
    throw Failure(Q_E_ARGUMENT, options.source + ": already quantized; give the float model that it was made from",
                  options.source);
  }
  const Quantized result = quantize(source, options, console);
  const bool refused = options.reporting.refuses(result.report.get());
  save(result, options, refused);
  if (refused) console.error(kRefusal);
  return {call.json ? answer(source, result, options, refused) : summary(source, result, options, refused),
          refused ? kExitPoor : kExitDone};
}

}  // namespace octet::cli
