// q_quantize, q_observe and q_compare.
#include <chrono>

#include "abi/abi.h"
#include "abi/config.h"
#include "abi/report.h"
#include "base/text.h"
#include "model/model.h"
#include "quantize/quantizer.h"

namespace octet::abi {
namespace {

// Progress and log callbacks as Hooks. Borrowed: valid while the call lasts.
Hooks make_hooks(q_progress_fn progress, void* progress_user, q_log_fn log, void* log_user) {
  Hooks hooks;
  if (log != nullptr) {
    hooks.log = [=](LogLevel level, const std::string& line) {
      log(log_user, static_cast<std::int32_t>(level), view_of(line));
    };
  }
  if (progress == nullptr) return hooks;
  using Clock = std::chrono::steady_clock;
  hooks.progress = [=, stage_seen = static_cast<const char*>(nullptr), start = Clock::time_point(), stopped = false](
                       const char* stage, std::int64_t done, std::int64_t total) mutable {
    if (stage != stage_seen) {
      stage_seen = stage;
      start = Clock::now();
    }
    const double elapsed = std::chrono::duration<double>(Clock::now() - start).count();
    q_progress p{};
    p.struct_size = sizeof p;
    p.stage = q_text(stage);
    p.done = done;
    p.total = total;
    p.seconds_left = done > 0 ? elapsed / static_cast<double>(done) * static_cast<double>(total - done) : -1;
    stopped = stopped || progress(progress_user, &p) != 0;  // who has stopped it is not asked again
    return !stopped;
  };
  return hooks;
}

// The caller's samples. Never looked at before load, so the names are their numbers.
class CallerSource : public SampleSource {
 public:
  explicit CallerSource(const q_calibration& calibration) : calibration_(calibration) {}

  std::size_t count() const override { return static_cast<std::size_t>(calibration_.count); }
  std::string name(std::size_t index) const override { return "sample " + std::to_string(index); }
  bool on_caller_thread() const override { return true; }
  const std::vector<std::string>& warnings() const override { return none_; }

  Status load(std::size_t index, std::span<const SampleInput> inputs) const override {
    std::vector<q_tensor> tensors;
    for (const SampleInput& input : inputs) {
      q_tensor tensor{};
      tensor.data = input.values.data();
      tensor.size_bytes = input.values.size_bytes();
      tensors.push_back(tensor);
    }
    const std::int32_t result = calibration_.load(calibration_.user, static_cast<std::int64_t>(index), tensors.data(),
                                                  static_cast<std::int32_t>(tensors.size()));
    if (result == 0) return {};
    return fail(Code::data,
                "the calibration callback returned " + std::to_string(result) + " for sample " + std::to_string(index));
  }

 private:
  q_calibration calibration_;
  std::vector<std::string> none_;
};

constexpr std::int64_t kMaxSamples = std::int64_t{1} << 24;  // what is more is a count that went wrong

Result<std::shared_ptr<const SampleSource>> caller_source(const q_calibration* given, const std::string& name) {
  q_calibration calibration{};
  OCTET_TRY(read_struct(given, name.c_str(), &calibration));
  if (calibration.load == nullptr) return fail(Code::argument, name + ".load is NULL");
  if (calibration.count < 1 || calibration.count > kMaxSamples) {
    return fail(Code::argument, name + ".count is " + std::to_string(calibration.count) + "; 1 to " +
                                    std::to_string(kMaxSamples) + " samples are possible");
  }
  return std::shared_ptr<const SampleSource>(std::make_shared<CallerSource>(calibration));
}

// The files of the caller, in its order.
Result<std::shared_ptr<const SampleSource>> file_source(const q_str* files, std::int64_t count,
                                                        const QuantizeConfig& config) {
  OCTET_TRY(not_null(files, "options.image_files"));
  if (count < 0 || count > kMaxSamples) {
    return fail(Code::argument, "options.image_file_count is " + std::to_string(count) + "; 0 to " +
                                    std::to_string(kMaxSamples) + " files are possible");
  }
  std::vector<std::string> paths;
  for (std::int64_t i = 0; i < count; ++i) {
    OCTET_ASSIGN(std::string path, text_of(files[i], ("options.image_files[" + std::to_string(i) + "]").c_str()));
    paths.push_back(std::move(path));
  }
  OCTET_ASSIGN(std::unique_ptr<ImageSource> source, ImageSource::open_files(std::move(paths), config.to_recipe()));
  return std::shared_ptr<const SampleSource>(std::move(source));
}

// Whether such images are what the network takes.
bool recipe_fits(const ImageRecipe& recipe, const Graph& graph) {
  if (!recipe.present || graph.inputs.size() != 1) return false;
  const Tensor& input = graph.at(graph.inputs[0]);
  return resolve_recipe(recipe, input.name, input.dims, image_order(input.dims)).ok();
}

void say_format(const GivenConfig& given, const Hooks& hooks) {
  if (given.config.format_given || given.config.input_type != InputType::image) return;
  hooks.info("'" + given.name + "': 'format' is not given: BGR, as in MNN");
}

// 0 or 1.
Result<bool> flag_of(std::int32_t value, const char* option) {
  if (value == 0 || value == 1) return value == 1;
  return fail(Code::argument, std::string(option) + " is " + std::to_string(value) + "; 0 and 1 are possible");
}

Result<BoxKind> box_kind(std::int32_t value) {
  if (value >= 0 && value <= 2) return static_cast<BoxKind>(value);
  return fail(Code::argument,
              "options.boxes is " + std::to_string(value) + "; 0 (automatic), 1 (raw) and 2 (decoded) are possible");
}

Status set_methods(const q_quantize_options& given, QuantizeConfig& config) {
  OCTET_ASSIGN(const std::string method, text_of(given.feature_method, "options.feature_method"));
  OCTET_ASSIGN(const std::string weight_method, text_of(given.weight_method, "options.weight_method"));
  if (!method.empty()) {
    OCTET_ASSIGN(config.activation_method, parse_activation_method(method));
    config.activation_method_given = true;
  }
  if (!weight_method.empty()) {
    OCTET_ASSIGN(config.weight_method, parse_weight_method(weight_method));
  }
  OCTET_ASSIGN(config.float_where_faster, flag_of(given.float_where_faster, "options.float_where_faster"));
  OCTET_ASSIGN(config.report_details, flag_of(given.report_details, "options.report_details"));
  OCTET_ASSIGN(config.boxes, box_kind(given.boxes));
  return {};
}

// What the network is calibrated on: the first that is given of the caller's samples, its files, its folder, and what
// the configuration names.
Result<std::shared_ptr<const SampleSource>> calibration_of(const Graph& graph, const q_quantize_options& given,
                                                           GivenConfig& config, const Hooks& hooks) {
  OCTET_ASSIGN(const std::string folder, text_of(given.images, "options.images"));
  if (given.calibration != nullptr) {
    config.config.input_type = InputType::sequence;  // tensors as they are
    return caller_source(given.calibration, "options.calibration");
  }
  if (!config.given) {
    return fail(Code::argument,
                "neither a configuration nor options.calibration is given: nothing says what to calibrate on");
  }
  say_format(config, hooks);
  if (given.image_file_count != 0) return file_source(given.image_files, given.image_file_count, config.config);
  return open_samples(graph, config.config, config.name, config.file, folder);
}

Result<StatisticsUse> statistics_of(const q_quantize_options& given) {
  StatisticsUse use;
  use.library = q_version();
  use.digest_of = [](const Graph& graph) -> Result<Digest> {
    OCTET_ASSIGN(const Bytes bytes, octet_bytes(graph));
    return sha256(bytes.span());
  };
  OCTET_ASSIGN(use.cache, text_of(given.cache, "options.cache"));
  if (given.statistics_count == 0) return use;
  OCTET_TRY(not_null(given.statistics, "options.statistics"));
  if (given.statistics_count > kMaxSamples) {
    return fail(Code::argument, "options.statistics_count is " + std::to_string(given.statistics_count) + "; at most " +
                                    std::to_string(kMaxSamples) + " files are possible");
  }
  for (std::size_t i = 0; i < given.statistics_count; ++i) {
    const std::string name = "options.statistics[" + std::to_string(i) + "]";
    OCTET_ASSIGN(std::string file, text_of(given.statistics[i], name.c_str()));
    use.files.push_back(std::move(file));
  }
  if (!use.cache.empty()) {
    return fail(Code::argument,
                "options.cache keeps what is observed, and with options.statistics nothing is; give one");
  }
  return use;
}

// Whether the configuration's samples are the only ones that are given, and not here. Statistics can do without.
bool samples_are_elsewhere(const q_quantize_options& given, const GivenConfig& config) {
  if (given.calibration != nullptr || given.image_file_count != 0 || given.images.size != 0) return false;
  return config.config.path.empty() || !resolve_path(config.config.path, config.file).ok();
}

// What a quantization and an observation take from the caller.
struct Job {
  GivenConfig config;
  ImageRecipe recipe;  // that the configuration describes, also where samples are tensors
  StatisticsUse use;
  Samples samples;
  int threads = 1;
};

Result<Job> read_job(const q_model* model, const q_quantize_options& given, const Hooks& hooks) {
  Job job;
  OCTET_ASSIGN(job.config,
               config_from(given.config_path, "options.config_path", given.config_json, "options.config_json"));
  OCTET_TRY(set_methods(given, job.config.config));
  OCTET_ASSIGN(job.threads, thread_count(given.threads, usable_cpu_count()));
  OCTET_ASSIGN(job.use, statistics_of(given));
  job.recipe = job.config.config.to_recipe();
  if (is_int8(*model->graph)) {
    return fail(Code::argument, "the model is int8 already; quantizing starts from the float model");
  }
  if (!job.use.files.empty() && samples_are_elsewhere(given, job.config)) {
    say_format(job.config, hooks);
    return job;
  }
  OCTET_ASSIGN(std::shared_ptr<const SampleSource> source, calibration_of(*model->graph, given, job.config, hooks));
  job.samples = divide_samples(std::move(source), job.config.config.used_samples);
  return job;
}

Status quantize(const q_model* model, const q_quantize_options& given, q_model** out, q_report** report) {
  const Hooks hooks = make_hooks(given.progress, given.progress_user, given.log, given.log_user);
  OCTET_ASSIGN(const Job job, read_job(model, given, hooks));
  const QuantizeConfig& config = job.config.config;
  OCTET_ASSIGN(Quantized quantized, quantize_graph(model->graph, config, job.samples, job.threads, hooks, job.use));
  if (config.format_given && recipe_fits(job.recipe, quantized.graph)) quantized.graph.recipe = job.recipe;
  auto handle = make_model(std::move(quantized.graph), "octet", 0);
  if (report != nullptr) {
    auto made = std::make_unique<q_report>();
    made->report = std::move(quantized.report);
    made->json = report_json(made->report);
    *report = made.release();
  }
  *out = handle.release();
  return {};
}

Status observe(const q_model* model, const q_quantize_options& given, std::int32_t number, std::int32_t count,
               const std::string& path) {
  const Hooks hooks = make_hooks(given.progress, given.progress_user, given.log, given.log_user);
  if (count < 1 || number < 1 || number > count) {
    return fail(Code::argument, "shard " + std::to_string(number) + " of " + std::to_string(count) +
                                    " is none: shards are numbered from 1 to their count");
  }
  if (given.statistics_count != 0) {
    return fail(Code::argument, "options.statistics are for q_quantize; q_observe makes them");
  }
  OCTET_ASSIGN(const Job job, read_job(model, given, hooks));
  const Shard shard{static_cast<std::uint32_t>(number), static_cast<std::uint32_t>(count)};
  OCTET_ASSIGN(const Statistics statistics,
               observe_graph(model->graph, job.config.config, job.samples, shard, job.threads, job.use, hooks));
  return save_statistics(statistics, path);
}

Status compare(const q_model* reference, const q_model* model, const q_compare_options& given, q_report** out) {
  const Hooks hooks = make_hooks(given.progress, given.progress_user, given.log, given.log_user);
  OCTET_ASSIGN(const GivenConfig config,
               config_from(given.config_path, "options.config_path", given.config_json, "options.config_json"));
  OCTET_ASSIGN(const std::string images, text_of(given.images, "options.images"));
  CompareRequest request;
  OCTET_ASSIGN(request.labels_file, text_of(given.labels, "options.labels"));
  OCTET_ASSIGN(request.threads, thread_count(given.threads, usable_cpu_count()));
  OCTET_ASSIGN(request.details, flag_of(given.report_details, "options.report_details"));
  OCTET_ASSIGN(request.boxes, box_kind(given.boxes));
  if (request.labels_file.empty()) request.labels_file = config.config.labels;
  request.reference = reference->graph;
  request.model = model->graph;
  request.label_offset = given.label_offset;
  if (given.samples != nullptr) {
    OCTET_ASSIGN(request.source, caller_source(given.samples, "options.samples"));
  } else if (!config.given) {
    return fail(Code::argument,
                "neither a configuration, which says how images become inputs, nor options.samples is given");
  } else {
    say_format(config, hooks);
    OCTET_ASSIGN(request.source, open_samples(*reference->graph, config.config, config.name, config.file, images));
  }
  auto made = std::make_unique<q_report>();
  OCTET_ASSIGN(made->report, compare_graphs(request, hooks));
  made->json = report_json(made->report);
  *out = made.release();
  return {};
}

}  // namespace
}  // namespace octet::abi

using namespace octet;
using namespace octet::abi;

OCTET_EXPORT q_status q_quantize(const q_model* model, const q_quantize_options* options, q_model** out,
                                 q_report** report, q_error* error) {
  if (out != nullptr) *out = nullptr;
  if (report != nullptr) *report = nullptr;
  return guarded(error, [&]() -> Status {
    OCTET_TRY(not_null(model, "model"));
    OCTET_TRY(not_null(out, "out"));
    q_quantize_options given{};
    OCTET_TRY(read_struct(options, "options", &given));
    return logged(quantize(model, given, out, report), {given.log, given.log_user});
  });
}

OCTET_EXPORT q_status q_observe(const q_model* model, const q_quantize_options* options, int32_t shard,
                                int32_t shard_count, q_str path, q_error* error) {
  return guarded(error, [&]() -> Status {
    OCTET_TRY(not_null(model, "model"));
    q_quantize_options given{};
    OCTET_TRY(read_struct(options, "options", &given));
    OCTET_ASSIGN(const std::string file, text_of(path, "path"));
    if (file.empty()) return fail(Code::argument, "path is empty: name the file for the statistics");
    return logged(observe(model, given, shard, shard_count, file), {given.log, given.log_user});
  });
}

OCTET_EXPORT q_status q_compare(const q_model* reference, const q_model* model, const q_compare_options* options,
                                q_report** out, q_error* error) {
  if (out != nullptr) *out = nullptr;
  return guarded(error, [&]() -> Status {
    OCTET_TRY(not_null(reference, "reference"));
    OCTET_TRY(not_null(model, "model"));
    OCTET_TRY(not_null(out, "out"));
    q_compare_options given{};
    OCTET_TRY(read_struct(options, "options", &given));
    return logged(compare(reference, model, given, out), {given.log, given.log_user});
  });
}
