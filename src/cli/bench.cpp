// octet bench: how long models take, float beside int8.
#include <algorithm>
#include <charconv>
#include <limits>
#include <memory>
#include <new>
#include <optional>
#include <vector>

#include "cli/arguments.h"
#include "cli/bench_output.h"
#include "cli/commands.h"
#include "cli/failure.h"
#include "cli/files.h"
#include "cli/text.h"
#include "cli/timing.h"
#include "cli/twins.h"

namespace octet::cli {
namespace {

constexpr int kDefaultLoops = 10;
constexpr int kDefaultWarmup = 3;

constexpr char kManual[] = R"(
The numbers behind the models are those of MNN's benchmark.out:
  one or two      loop_count [forwardtype]
  three or more   loop_count warmup forwardtype [threads [precision]]
loop_count is how often each model runs (default 10), warmup how often before that (default 3).
forwardtype 0 is the CPU (so is 4, "automatic"); another back end is an error. precision does not
change anything here: a model runs in the types that it has.

--shape holds for every model: without it each runs at the sizes that its file has, with it all of
them at these (an image of another size, more samples at a time).

The models take turns, one run each, so that a disturbance meets all of them alike. Inputs are
pseudo-random numbers between 0 and 1, always the same. "load" is the time to load the file and to
create the session. Where the float model that an int8 one was made from is there too (the same name
but for the ending and for marks such as -int8 or _quant, or the only other model), the column
"speedup" is the float median over the int8 median.

With --layers the layers are measured in further runs, in which the models take turns, too. "ms" is the
median of a layer; "of peak" is its share of what the multipliers of this machine can do at most, which
is measured as well (a layer with wide borders may pass 100 %: products with the border count, though a
kernel can leave them out). Below stands how far the layers explain the run that was measured as a whole:
what is missing there is spent on inputs and outputs. An int8 model and its float twin share one table.
"slower" marks layers that take longer in int8: three of four of their runs took longer than the median
of the float ones.

Examples
  octet bench models/ 100
  octet bench face.mnn face.octet 100 --threads 2 --layers
  octet bench face.octet 100 --shape 1x3x480x640

Exit status: 0 done, 1 a model failed (the others still run), 2 wrong usage, 130 interrupted.)";

struct Options {
  std::vector<std::string> models;
  std::vector<std::string> shapes;
  int loops = kDefaultLoops;
  int warmup = kDefaultWarmup;
  int threads = 1;
  bool layers = false;
  std::string isa;
  BenchFormat format = BenchFormat::plain;
};

std::optional<int> as_number(const std::string& word) {
  int number = 0;
  const auto parsed = std::from_chars(word.data(), word.data() + word.size(), number);
  if (parsed.ec != std::errc() || parsed.ptr != word.data() + word.size() || number < 0) return std::nullopt;
  return number;
}

void check_forward_type(int type) {
  static constexpr const char* kBackEnds[] = {"CPU", "Metal", "CUDA", "OpenCL", "automatic", "NN", "OpenGL", "Vulkan"};
  if (type == 0 || type == 4) return;
  const std::string name = type < 8 ? kBackEnds[type] : "number " + std::to_string(type);
  throw Failure(Q_E_UNSUPPORTED,
                "forwardtype " + std::to_string(type) + ": the back end " + name + " is not built in; 0 is the CPU")
      .as_usage();
}

int in_range(int number, int low, int high, const char* name) {
  if (number >= low && number <= high) return number;
  throw Failure(Q_E_ARGUMENT, std::string(name) + " is " + std::to_string(number) + "; it must be from " +
                                  std::to_string(low) + " to " + std::to_string(high));
}

constexpr int kMaxRuns = 1000000;

// MNN's positional numbers; what an option named as well is a contradiction.
void read_numbers(const std::vector<int>& numbers, bool warmup_named, bool threads_named, Options& options,
                  Console& console) {
  if (numbers.empty()) return;
  options.loops = in_range(numbers[0], 1, kMaxRuns, "loop_count");
  if (numbers.size() == 2) check_forward_type(numbers[1]);
  if (numbers.size() < 3) return;
  if (numbers.size() > 5) {
    throw Failure(Q_E_ARGUMENT, "too many numbers; they are loop_count warmup forwardtype threads precision");
  }
  if (warmup_named) throw Failure(Q_E_ARGUMENT, "warmup is given twice: by --warmup and by the second number");
  options.warmup = in_range(numbers[1], 0, kMaxRuns, "warmup");
  check_forward_type(numbers[2]);
  if (numbers.size() < 4) return;
  if (threads_named) throw Failure(Q_E_ARGUMENT, "threads are given twice: by --threads and by the fourth number");
  options.threads = in_range(numbers[3], 1, 256, "threads");
  if (numbers.size() == 5 && in_range(numbers[4], 0, 3, "precision") >= 2) {
    console.note("precision " + std::to_string(numbers[4]) + " (low) has no effect: float models run in float32");
  }
}

Options read_options(const Call& call, Console& console) {
  Options options;
  std::vector<std::string> words;
  bool csv = false, markdown = false;
  Arguments arguments("bench", "Measure how long models take.", kManual);
  arguments
      .add_option("models", words,
                  "models (.onnx, .mnn, .tflite, .octet) or folders with models;\nthen numbers as MNN's benchmark.out "
                  "takes them")
      ->required()
      ->type_name("PATH");
  CLI::Option* threads = arguments.add_threads(options.threads, "default: 1");
  CLI::Option* warmup = arguments.add_option("--warmup", options.warmup, "runs before the measured ones; default: 3")
                            ->check(CLI::Range(0, kMaxRuns).description(""))
                            ->type_name("N");
  arguments.add_shapes(options.shapes);
  arguments.add_flag("--layers", options.layers,
                     "also the time of each layer, measured in runs of their\nown; with --csv: of the layers only");
  arguments.add_isa(options.isa);
  arguments.add_json();
  CLI::Option* csv_flag = arguments.add_flag("--csv", csv, "print comma-separated values");
  CLI::Option* markdown_flag = arguments.add_flag("--md", markdown, "print Markdown tables");
  csv_flag->excludes("--json");
  markdown_flag->excludes("--json")->excludes("--csv");
  arguments.read(call.words);

  // Numbers stand at the end; a file may be called 10 as well.
  std::vector<int> numbers;
  while (!words.empty() && as_number(words.back()) && !exists(words.back())) {
    numbers.insert(numbers.begin(), *as_number(words.back()));
    words.pop_back();
  }
  if (words.empty()) throw Failure(Q_E_ARGUMENT, "models is required; see 'octet bench --help'");
  read_numbers(numbers, warmup->count() > 0, threads->count() > 0, options, console);
  options.models = std::move(words);
  options.format = call.json  ? BenchFormat::json
                   : csv      ? BenchFormat::csv
                   : markdown ? BenchFormat::markdown
                              : BenchFormat::plain;
  return options;
}

std::vector<std::string> model_files(const std::vector<std::string>& words) {
  std::vector<std::string> files;
  for (const std::string& word : words) {
    if (!is_folder(word)) {
      files.push_back(word);
      continue;
    }
    const std::vector<std::string> found = files_in(word, {"octet", "onnx", "mnn", "tflite"});
    if (found.empty()) throw Failure(Q_E_DATA, word + ": no model (.octet, .onnx, .mnn, .tflite) in this folder", word);
    files.insert(files.end(), found.begin(), found.end());
  }
  return files;
}

// A model that fails is reported and the others still run; an interruption ends everything.
template <class Step>
void attempt(BenchEntry& entry, Console& console, const Step& step) {
  if (entry.failure) return;
  try {
    step();
    return;
  } catch (const Failure& failure) {
    if (failure.code() == Q_E_CANCELLED) throw;
    entry.failure = failure;
  } catch (const std::bad_alloc&) {
    entry.failure = Failure(Q_E_MEMORY, entry.file + ": out of memory", entry.file);
  }
  entry.layers.reset();
  entry.timed.reset();
  console.error(entry.failure->message());
}

void measure(std::vector<BenchEntry>& entries, const Options& options, Console& console) {
  for (BenchEntry& entry : entries) {
    attempt(entry, console, [&] {
      entry.timed = std::make_unique<TimedNetwork>(entry.file, options.shapes, options.threads, options.isa, console);
    });
  }
  std::vector<std::vector<double>> times_ms(entries.size());
  const int rounds = options.warmup + options.loops;
  LoopProgress progress(console, "run", rounds);
  for (int round = 0; round < rounds; ++round) {
    for (std::size_t i = 0; i < entries.size(); ++i) {
      attempt(entries[i], console, [&] {
        const double ms = entries[i].timed->run();
        if (round >= options.warmup) times_ms[i].push_back(ms);
      });
    }
    progress.show(round + 1);
  }
  for (std::size_t i = 0; i < entries.size(); ++i) {
    attempt(entries[i], console, [&] { entries[i].statistics = statistics_of(times_ms[i]); });
  }
  console.clear_progress();
}

// The layers are measured in runs of their own, in which the models take turns, too.
void measure_layers(std::vector<BenchEntry>& entries, const Options& options, Console& console) {
  for (BenchEntry& entry : entries) {
    attempt(entry, console, [&] { entry.layers = std::make_unique<LayerTimer>(*entry.timed); });
  }
  const int rounds = options.warmup + options.loops;
  LoopProgress progress(console, "layers", rounds);
  for (int round = 0; round < rounds; ++round) {
    for (BenchEntry& entry : entries) {
      attempt(entry, console, [&] { entry.layers->run(round >= options.warmup); });
    }
    progress.show(round + 1);
  }
  for (BenchEntry& entry : entries) {
    attempt(entry, console, [&] { entry.steps = entry.layers->steps(); });
  }
  console.clear_progress();
}

double peak_of(const std::string& isa, q_dtype dtype, int threads) {
  auto error = sized<q_error>();
  double peak = 0;
  check(q_measure_peak(text_of(isa), dtype, threads, &peak, &error), error);
  return peak;
}

std::string shapes_of(const Network& network) {
  std::string shapes;
  for (const q_tensor_info& input : network.inputs) shapes += shape_text(input) + " ";
  shapes += ">";
  for (const q_tensor_info& output : network.outputs) shapes += " " + shape_text(output);
  return shapes;
}

void find_twins(std::vector<BenchEntry>& entries) {
  std::vector<TwinCandidate> candidates;
  std::vector<std::size_t> index_of;
  for (std::size_t i = 0; i < entries.size(); ++i) {
    if (entries[i].failure) continue;
    const Network& network = entries[i].timed->network();
    candidates.push_back({entries[i].file, network.is_int8(), shapes_of(network)});
    index_of.push_back(i);
  }
  const auto twins = find_float_twins(candidates);
  for (std::size_t i = 0; i < twins.size(); ++i) {
    if (!twins[i]) continue;
    BenchEntry& entry = entries[index_of[i]];
    entry.float_twin = index_of[*twins[i]];
    entry.pairs = pair_layers(entries[*entry.float_twin].steps, entry.steps);
  }
}

}  // namespace

Outcome bench_command(const Call& call, Console& console) {
  const Options options = read_options(call, console);
  std::vector<BenchEntry> entries;
  for (std::string& file : model_files(options.models)) {
    entries.emplace_back();
    entries.back().file = std::move(file);
  }
  measure(entries, options, console);
  BenchSettings settings{options.loops, options.warmup, options.threads, options.layers, 0, 0};
  const auto done = std::find_if(entries.begin(), entries.end(), [](const auto& entry) { return !entry.failure; });
  if (done != entries.end()) settings.threads = done->timed->session().threads;
  if (settings.threads < options.threads) {
    console.note("threads: " + std::to_string(options.threads) + " were asked for, " +
                 std::to_string(settings.threads) + " are used, as many as CPUs that this process may use");
  }
  if (options.layers) {
    measure_layers(entries, options, console);
    settings.float_peak = peak_of(options.isa, Q_FLOAT32, settings.threads);
    settings.int8_peak = peak_of(options.isa, Q_INT8, settings.threads);
  }
  find_twins(entries);
  bool ok = true;
  for (const BenchEntry& entry : entries) {
    ok = ok && !entry.failure;
    if (!entry.failure && !entry.statistics.noise.empty()) {
      console.warning(entry.file + ": this machine was too noisy to tell: " + entry.statistics.noise);
    }
  }
  return {bench_text(entries, settings, options.format), ok ? kExitDone : kExitFailed};
}

}  // namespace octet::cli
