// octet observe: what the float model's tensors hold over a shard of the samples, as a file for octet quantize
// --statistics.
#include <charconv>
#include <optional>

#include "cli/answer.h"
#include "cli/arguments.h"
#include "cli/commands.h"
#include "cli/failure.h"
#include "cli/files.h"
#include "cli/interrupt.h"
#include "cli/json_writer.h"
#include "cli/library.h"
#include "cli/text.h"

namespace octet::cli {
namespace {

constexpr char kManual[] = R"(
For calibrations that outgrow one machine: each machine observes its shard of the samples, and
'octet quantize' makes the int8 model of all the files, anywhere. The model has the same bytes as
one machine with the same instruction set makes of all the samples. Set OCTET_ISA to one name on
machines that differ.

Shard K of N has the samples K, K + N, K + 2 N, ... in the order of their names; every machine needs
the same model, configuration, release of octet and list of samples. The method is KL, ADMM, MINMAX,
PERCENTILE or MSE, named in the configuration or by --method; any of them can be used with the files
later. What looks at the samples more than once (AUTO, "equalize", "bias_correction",
"adaptive_rounding", "mixed") or in their order (EMA) is an error.

Example
  octet observe face.mnn face.json --shard 1/2 --out part1.stats
  octet observe face.mnn face.json --shard 2/2 --out part2.stats
  octet quantize face.mnn face.octet face.json --statistics part1.stats part2.stats

Exit status: 0 done, 1 failed, 2 wrong usage or configuration, 130 interrupted.)";

struct Options {
  std::string source, config, shard = "1/1", out;
  std::string method, cache;
  std::vector<std::string> shapes;
  int threads = 0;
};

struct Shard {
  std::int32_t number, count;
};

Options read_options(const Call& call) {
  Options options;
  Arguments arguments("observe", "Write what a float model's tensors hold over a shard of the samples.", kManual);
  arguments.add_option("float-model", options.source, "the float model: .onnx, .mnn, .tflite or .octet")
      ->required()
      ->type_name("FILE");
  arguments.add_option("config", options.config, "the JSON configuration")->required()->type_name("FILE");
  arguments.add_option("--shard", options.shard, "which part of the samples; default: 1/1, all of them")
      ->type_name("K/N");
  arguments.add_option("--out", options.out, "the file to write")->required()->type_name("FILE");
  arguments
      .add_option("--method", options.method,
                  "KL, ADMM, MINMAX, PERCENTILE or MSE; overrides\n"
                  "\"feature_quantize_method\"")
      ->type_name("NAME");
  arguments
      .add_option("--cache", options.cache,
                  "a folder that keeps what was observed: what was killed\n"
                  "goes on there")
      ->type_name("FOLDER");
  arguments.add_shapes(options.shapes);
  arguments.add_threads(options.threads, "default: all that this process may use");
  arguments.add_json();
  arguments.read(call.words);
  return options;
}

std::optional<std::int32_t> positive(std::string_view text) {
  std::int32_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() || value < 1) return {};
  return value;
}

Shard read_shard(const std::string& text) {
  const std::size_t slash = text.find('/');
  if (slash != std::string::npos) {
    const auto number = positive(std::string_view(text).substr(0, slash));
    const auto count = positive(std::string_view(text).substr(slash + 1));
    if (number && count && *number <= *count) return {*number, *count};
  }
  throw Failure(Q_E_ARGUMENT, "--shard is '" + printable(text) + "'; it is K/N with K from 1 to N, such as 3/8");
}

void observe(const Network& source, const Options& options, const Shard& shard, Console& console) {
  auto settings = sized<q_quantize_options>();
  settings.threads = options.threads;
  settings.config_path = text_of(options.config);
  settings.feature_method = text_of(options.method);
  settings.cache = text_of(options.cache);
  settings.progress = Console::on_progress;
  settings.progress_user = &console;
  settings.log = Console::on_log;
  settings.log_user = &console;
  auto error = sized<q_error>();
  const q_status status =
      q_observe(source.model.get(), &settings, shard.number, shard.count, text_of(options.out), &error);
  console.clear_progress();
  check(status, console.whole_message(error),
        status == Q_E_CONFIG || status == Q_E_DATA ? options.config : options.source);
}

std::string answer(const Options& options, const Shard& shard) {
  JsonWriter json;
  begin_answer(json, "observe", true);
  json.field("float_model", options.source).field("config", options.config).field("statistics", options.out);
  json.field("bytes", file_size(options.out)).field("shard", shard.number).field("shard_count", shard.count);
  json.end_object();
  return std::move(json).finish();
}

}  // namespace

Outcome observe_command(const Call& call, Console& console) {
  const Options options = read_options(call);
  const Shard shard = read_shard(options.shard);
  check_can_write(options.out, {options.source, options.config});
  const Network source = load_network(options.source, console, options.shapes);
  observe(source, options, shard, console);
  if (call.json) return {answer(options, shard)};
  return {options.out + ": shard " + std::to_string(shard.number) + " of " + std::to_string(shard.count) + ", " +
          size_text(file_size(options.out)) + "\n"};
}

}  // namespace octet::cli
