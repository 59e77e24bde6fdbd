// octet compare: how far an int8 model is from its float one, over the same images.
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

constexpr int kWorstLayers = 5;

constexpr char kManual[] = R"(
Prints top-1 and top-5 accuracy of both where labels are given, the share of samples on which both have
the same largest output, how far the outputs differ, and the layers that differ most. A layer that is
"scaled" had its channels brought to like ranges by equalization ("equalize", AUTO): the float values are
multiplied with the factor that fits each channel best, so that an error which is a mere factor of a
channel is not seen there.

Labels are a tab-separated file with a header line: file, class_index and, if liked, a name; files match
by the end of their path.

Examples
  octet compare net.onnx net.octet net.json --images test/ --labels labels.tsv
  octet compare face.mnn face.octet face.json --report face.html
)";

constexpr char kRefusal[] = "--strict: the quality is poor; the warnings say why";

struct Options {
  std::string reference, model, config;
  std::string images, labels;
  std::vector<std::string> shapes;
  ReportOptions reporting;
  int label_offset = 0;
  int threads = 0;
};

Options read_options(const Call& call) {
  Options options;
  Arguments arguments("compare", "Run two models over the same images and measure how far they differ.",
                      std::string(kManual) + kStrictManual);
  arguments.add_option("float-model", options.reference, "the model that is right, usually the float one")
      ->required()
      ->type_name("FILE");
  arguments.add_option("int8-model", options.model, "the model that is judged, usually its int8 twin")
      ->required()
      ->type_name("FILE");
  arguments.add_option("config", options.config, "the JSON configuration: how images become inputs, and which images")
      ->required()
      ->type_name("FILE");
  arguments.add_option("--images", options.images, "folder of images; default: the configuration's \"path\"")
      ->type_name("FOLDER");
  arguments.add_option("--labels", options.labels, "the right class of each image, for top-1 and top-5")
      ->type_name("FILE");
  arguments
      .add_option("--label-offset", options.label_offset,
                  "added to every class_index; 1 for networks whose class 0\n"
                  "is the background")
      ->type_name("N")
      ->needs("--labels");
  options.reporting.add_to(arguments);
  arguments.add_shapes(options.shapes);
  arguments.add_threads(options.threads, "default: all that this process may use");
  arguments.add_json();
  arguments.read(call.words);
  return options;
}

// The library says "missing" of the file that a message names; this is for messages that name none.
std::string file_behind(q_status status, const Options& options) {
  if (status == Q_E_DATA && !options.images.empty()) return options.images;
  return status == Q_E_CONFIG || status == Q_E_DATA ? options.config : options.model;
}

Report compare(const Network& reference, const Network& model, const Options& options, Console& console) {
  auto settings = sized<q_compare_options>();
  settings.threads = options.threads;
  settings.config_path = text_of(options.config);
  settings.images = text_of(options.images);
  settings.labels = text_of(options.labels);
  settings.label_offset = options.label_offset;
  settings.progress = Console::on_progress;
  settings.progress_user = &console;
  settings.log = Console::on_log;
  settings.log_user = &console;
  settings.report_details = options.reporting.report.empty() ? 0 : 1;
  settings.boxes = options.reporting.box_kind();
  auto error = sized<q_error>();
  q_report* report = nullptr;
  const q_status status = q_compare(reference.model.get(), model.model.get(), &settings, &report, &error);
  console.clear_progress();
  check(status, console.whole_message(error), file_behind(status, options));
  return Report(report);
}

std::string accuracy_text(const q_report_info& info) {
  if (!info.has_labels) return {};
  Table table({{"accuracy", Align::left}, {"float"}, {"int8"}, {"difference"}});
  const auto add = [&](const char* name, double reference, double model) {
    table.add({name, percent(reference), percent(model), fixed((model - reference) * 100, 1) + " points"});
  };
  add("top-1", info.float_top1, info.int8_top1);
  add("top-5", info.float_top5, info.int8_top5);
  return table.plain() + "\n";
}

std::string summary(const Network& reference, const Network& model, const Report& report) {
  const q_report_info info = report_info(report.get());
  std::string text = printable(model.path) + " against " + printable(reference.path) + "\n";
  text += "  measured on  " + measured_text(info);
  if (info.has_labels) text += ", " + std::to_string(info.labelled_samples) + " with a label";
  text += "\n  agreement    " + agreement_text(info) + "\n";
  if (info.has_detections != 0) text += "  boxes        " + detections_text(report.get()) + "\n";
  if (info.skipped_files > 0)
    text += "  skipped      " + counted(info.skipped_files, "unreadable file") + ", named above\n";
  if (info.warning_count > 0) text += "  warnings     " + std::to_string(info.warning_count) + ", see above\n";
  return text + "\n" + accuracy_text(info) + outputs_and_layers_text(report.get(), kWorstLayers);
}

std::string answer(const Options& options, const Report& report, bool refused) {
  JsonWriter json;
  begin_answer(json, "compare", !refused);
  if (refused) write_refusal(json, kRefusal);
  json.field("float_model", options.reference).field("int8_model", options.model).field("config", options.config);
  json.optional_field("images", options.images).optional_field("labels", options.labels);
  json.optional_field("report", options.reporting.report);
  write_report(json, report.get());
  json.end_object();
  return std::move(json).finish();
}

}  // namespace

Outcome compare_command(const Call& call, Console& console) {
  const Options options = read_options(call);
  if (!options.reporting.report.empty()) {
    check_ending(options.reporting.report, {"html", "json"}, "a report");
    check_can_write(options.reporting.report, {options.reference, options.model, options.config, options.labels});
  }
  const Network reference = load_network(options.reference, console, options.shapes);
  const Network model = load_network(options.model, console, options.shapes);
  const Report report = compare(reference, model, options, console);
  stop_if_interrupted();
  save_report(report.get(), options.reporting.report);
  const bool refused = options.reporting.refuses(report.get());
  if (refused) console.error(kRefusal);
  return {call.json ? answer(options, report, refused) : summary(reference, model, report),
          refused ? kExitPoor : kExitDone};
}

}  // namespace octet::cli
