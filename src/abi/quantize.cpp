// q_quantize and q_compare.
#include "abi/abi.h"
#include "base/text.h"

namespace octet::abi {
namespace {

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

Result<std::shared_ptr<const SampleSource>> caller_source(const q_calibration* given) {
  q_calibration calibration{};
  OCTET_TRY(read_struct(given, "options.calibration", &calibration));
  if (calibration.load == nullptr) return fail(Code::argument, "options.calibration.load is NULL");
  if (calibration.count < 1 || calibration.count > kMaxSamples) {
    return fail(Code::argument, "options.calibration.count is " + std::to_string(calibration.count) + "; 1 to " +
                                    std::to_string(kMaxSamples) + " samples are possible");
  }
  return std::shared_ptr<const SampleSource>(std::make_shared<CallerSource>(calibration));
}

Result<QuantizeConfig> config_of(const std::string& file, const Hooks& hooks) {
  if (file.empty()) return QuantizeConfig{};
  OCTET_ASSIGN(QuantizeConfig config, load_config(file));
  if (!config.format_given && config.input_type == InputType::image) {
    hooks.info("'" + file + "': 'format' is not given: BGR, as in MNN");
  }
  if (!config.labels.empty()) {
    OCTET_ASSIGN(config.labels, resolve_path(config.labels, file));
  }
  return config;
}

Status quantize(const q_model* model, const q_quantize_options& given, q_model** out, q_report** report) {
  const Hooks hooks = make_hooks(given.progress, given.progress_user, given.log, given.log_user);
  OCTET_ASSIGN(const std::string file, text_of(given.config_path, "options.config_path"));
  OCTET_ASSIGN(const std::string method, text_of(given.feature_method, "options.feature_method"));
  OCTET_ASSIGN(const std::string weight_method, text_of(given.weight_method, "options.weight_method"));
  OCTET_ASSIGN(const int threads, thread_count(given.threads, usable_cpu_count()));
  OCTET_ASSIGN(QuantizeConfig config, config_of(file, hooks));
  if (!method.empty()) {
    OCTET_ASSIGN(config.activation_method, parse_activation_method(method));
    config.activation_method_given = true;
  }
  if (!weight_method.empty()) {
    OCTET_ASSIGN(config.weight_method, parse_weight_method(weight_method));
  }
  if (is_int8(*model->graph)) {
    return fail(Code::argument, "the model is int8 already; quantizing starts from the float model");
  }
  if (given.float_where_faster != 0 && given.float_where_faster != 1) {
    return fail(Code::argument,
                "options.float_where_faster is " + std::to_string(given.float_where_faster) + "; 0 and 1 are possible");
  }
  config.float_where_faster = given.float_where_faster == 1;
  std::shared_ptr<const SampleSource> source;
  if (given.calibration != nullptr) {
    OCTET_ASSIGN(source, caller_source(given.calibration));
    config.input_type = InputType::sequence;  // tensors as they are
  } else if (file.empty()) {
    return fail(Code::argument,
                "neither options.config_path nor options.calibration is given: nothing to calibrate on");
  } else {
    OCTET_ASSIGN(source, open_samples(*model->graph, config, file, ""));
  }
  OCTET_ASSIGN(
      Quantized quantized,
      quantize_graph(model->graph, config, divide_samples(std::move(source), config.used_samples), threads, hooks));
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

Status compare(const q_model* reference, const q_model* model, const q_compare_options& given, q_report** out) {
  const Hooks hooks = make_hooks(given.progress, given.progress_user, given.log, given.log_user);
  OCTET_ASSIGN(const std::string file, text_of(given.config_path, "options.config_path"));
  OCTET_ASSIGN(const std::string images, text_of(given.images, "options.images"));
  CompareRequest request;
  OCTET_ASSIGN(request.labels_file, text_of(given.labels, "options.labels"));
  OCTET_ASSIGN(request.threads, thread_count(given.threads, usable_cpu_count()));
  if (file.empty()) return fail(Code::argument, "options.config_path is empty: it says how images become inputs");
  OCTET_ASSIGN(const QuantizeConfig config, config_of(file, hooks));
  if (request.labels_file.empty()) request.labels_file = config.labels;
  request.reference = reference->graph;
  request.model = model->graph;
  request.label_offset = given.label_offset;
  OCTET_ASSIGN(request.source, open_samples(*reference->graph, config, file, images));
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
    return quantize(model, given, out, report);
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
    return compare(reference, model, given, out);
  });
}
