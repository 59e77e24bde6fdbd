// Quantizing and comparing: callbacks, cancelling, reports.
#include <cmath>
#include <thread>

#include "abi/network.h"
#include "support/temporary.h"

namespace octet::test {
namespace {

// What the callbacks of one call saw.
struct Record {
  std::thread::id thread = std::this_thread::get_id();
  int loads = 0, progresses = 0, logs = 0;
  bool other_thread = false, sound = true;
  int fail_load_at = -1, cancel_at = -1;
  std::string stages;
  std::vector<std::int64_t> indices;
};

q_calibration recording_samples(Record& record, std::int64_t count) {
  q_calibration samples = calibration(count);
  samples.user = &record;
  samples.load = [](void* user, std::int64_t index, const q_tensor* inputs, std::int32_t input_count) {
    auto& r = *static_cast<Record*>(user);
    r.other_thread = r.other_thread || std::this_thread::get_id() != r.thread;
    r.sound = r.sound && input_count == 1 && inputs[0].dtype == Q_FLOAT32 && inputs[0].strides == nullptr;
    r.indices.push_back(index);
    if (r.loads++ == r.fail_load_at) return 5;
    return load_sample(user, index, inputs, input_count);
  };
  return samples;
}

q_quantize_options recording_options(Record& record, const q_calibration& samples) {
  auto options = sized<q_quantize_options>();
  options.calibration = &samples;
  options.feature_method = q_text("MINMAX");
  options.threads = 3;
  options.progress = [](void* user, const q_progress* progress) -> std::int32_t {
    auto& r = *static_cast<Record*>(user);
    r.other_thread = r.other_thread || std::this_thread::get_id() != r.thread;
    r.sound = r.sound && progress->struct_size >= sizeof(q_progress) && progress->done >= 0 &&
              progress->done <= progress->total && !std::isnan(progress->seconds_left);
    const std::string stage = text(progress->stage);
    if (r.stages.find(stage) == std::string::npos) r.stages += stage + ";";
    return r.progresses++ == r.cancel_at ? 1 : 0;
  };
  options.progress_user = &record;
  options.log = [](void* user, std::int32_t, q_str) {
    auto& r = *static_cast<Record*>(user);
    r.other_thread = r.other_thread || std::this_thread::get_id() != r.thread;
    ++r.logs;
  };
  options.log_user = &record;
  return options;
}

struct Result {
  q_status status;
  Model model;
  Report report;
};

Result quantize_with(const q_model* model, const q_quantize_options& options, Error& error) {
  q_model* out = reinterpret_cast<q_model*>(std::uintptr_t{16});
  q_report* report = reinterpret_cast<q_report*>(std::uintptr_t{16});
  const q_status status = q_quantize(model, &options, &out, &report, &error);
  assert_true((out != nullptr) == (status == Q_OK));
  assert_true((report != nullptr) == (status == Q_OK));
  return {status, Model(out), Report(report)};
}

void test_callbacks_run_on_the_caller(void**) {
  const Model model = load_bytes(small_network());
  Record record;
  const q_calibration samples = recording_samples(record, 9);
  Error e;
  const Result result = quantize_with(model.get(), recording_options(record, samples), e);
  expect_ok(result.status, e);
  assert_false(record.other_thread);
  assert_true(record.sound);
  assert_true(record.progresses > 0);
  assert_true(record.stages.find("observe") != std::string::npos);
  for (std::int64_t i = 0; i < 9; ++i) {
    assert_true(std::count(record.indices.begin(), record.indices.end(), i) >= 1);
  }
  assert_true(*std::max_element(record.indices.begin(), record.indices.end()) == 8);
}

void test_cancelling(void**) {
  const Model model = load_bytes(small_network());
  Record whole;
  const q_calibration all = recording_samples(whole, 9);
  Error e;
  expect_ok(quantize_with(model.get(), recording_options(whole, all), e).status, e);
  for (int at = 0; at < whole.progresses; ++at) {
    Record record;
    record.cancel_at = at;
    const q_calibration samples = recording_samples(record, 9);
    const Result result = quantize_with(model.get(), recording_options(record, samples), e);
    if (result.status == Q_OK && record.progresses <= at) continue;  // a quick machine reports less often
    expect_failure(result.status, Q_E_CANCELLED, e, "");
    assert_int_equal(record.progresses, at + 1);  // and is not asked again
  }
}

void test_samples_that_fail(void**) {
  const Model model = load_bytes(small_network());
  for (const int at : {0, 4}) {
    Record record;
    record.fail_load_at = at;
    const q_calibration samples = recording_samples(record, 9);
    Error e;
    const Result result = quantize_with(model.get(), recording_options(record, samples), e);
    expect_failure(result.status, Q_E_DATA, e, "returned 5");
  }
  Record record;
  q_calibration samples = recording_samples(record, 0);
  Error e;
  expect_failure(quantize_with(model.get(), recording_options(record, samples), e).status, Q_E_ARGUMENT, e,
                 "count is 0");
  samples.count = -4;
  expect_failure(quantize_with(model.get(), recording_options(record, samples), e).status, Q_E_ARGUMENT, e, "-4");
  samples.count = INT64_MAX;
  expect_failure(quantize_with(model.get(), recording_options(record, samples), e).status, Q_E_ARGUMENT, e, "count");
  samples.count = 3;
  samples.load = nullptr;
  expect_failure(quantize_with(model.get(), recording_options(record, samples), e).status, Q_E_ARGUMENT, e,
                 "load is NULL");
  // A sample that is not a number is found, and named.
  samples.load = [](void*, std::int64_t, const q_tensor* inputs, std::int32_t) -> std::int32_t {
    static_cast<float*>(inputs[0].data)[7] = NAN;
    return 0;
  };
  assert_int_equal(quantize_with(model.get(), recording_options(record, samples), e).status, Q_E_DATA);
}

void test_arguments_of_quantize(void**) {
  const Model model = load_bytes(small_network());
  Record record;
  const q_calibration samples = recording_samples(record, 4);
  const auto refused = [&](const q_model* source, auto change, q_status status, const char* word) {
    auto options = recording_options(record, samples);
    change(options);
    Error e;
    expect_failure(quantize_with(source, options, e).status, status, e, word);
  };
  using Options = q_quantize_options;
  refused(
      model.get(), [](Options& o) { o.threads = -1; }, Q_E_ARGUMENT, "threads");
  refused(
      model.get(), [](Options& o) { o.threads = 1000; }, Q_E_ARGUMENT, "threads");
  refused(
      model.get(), [](Options& o) { o.feature_method = q_text("BEST"); }, Q_E_CONFIG, "BEST");
  refused(
      model.get(), [](Options& o) { o.weight_method = q_text("BEST"); }, Q_E_CONFIG, "BEST");
  refused(
      model.get(), [](Options& o) { o.config_path = q_text("/does/not/exist.json"); }, Q_E_IO, "exist.json");
  refused(
      model.get(), [](Options& o) { o.calibration = nullptr; }, Q_E_ARGUMENT, "calibrat");
  refused(
      model.get(), [](Options& o) { o.report_details = 2; }, Q_E_ARGUMENT, "report_details");
  for (const std::int32_t boxes : {-1, 3}) {
    refused(
        model.get(), [=](Options& o) { o.boxes = boxes; }, Q_E_ARGUMENT, "boxes");
  }
  refused(
      model.get(), [](Options& o) { o.boxes = 2; }, Q_E_ARGUMENT, "no detector");
  const Model int8 = quantize(model.get());
  refused(
      int8.get(), [](Options&) {}, Q_E_ARGUMENT, "int8 already");
}

// The same bytes for any number of threads, and twice in a row.
void test_result_does_not_depend_on_threads(void**) {
  const TemporaryFolder folder;
  const Model model = load_bytes(small_network());
  std::string first;
  for (const int threads : {1, 2, 5, 1}) {
    const Model int8 = quantize(model.get(), "KL", threads);
    Error e;
    const std::string path = folder.path("x.octet");
    expect_ok(q_model_save(int8.get(), str(path), &e), e);
    if (first.empty()) first = content_of(path);
    assert_true(content_of(path) == first);
  }
}

void test_report(void**) {
  const TemporaryFolder folder;
  const Model model = load_bytes(small_network());
  Record record;
  const q_calibration samples = recording_samples(record, 6);
  Error e;
  const Result result = quantize_with(model.get(), recording_options(record, samples), e);
  expect_ok(result.status, e);
  auto info = sized<q_report_info>();
  expect_ok(q_report_get_info(result.report.get(), &info, &e), e);
  assert_int_equal(info.calibration_samples, 6);
  assert_int_equal(info.output_count, 1);
  assert_true(info.layer_count > 0 && info.measured_samples > 0);
  assert_true(info.int8_weight_bytes < info.float_weight_bytes);
  for (std::int32_t i = 0; i < info.layer_count; ++i) {
    auto layer = sized<q_layer_error>();
    expect_ok(q_report_get_layer(result.report.get(), i, &layer, &e), e);
    assert_true(layer.name.size > 0 && layer.op.size > 0 && layer.cosine > 0.9 && layer.cosine <= 1.000001);
  }
  auto output = sized<q_output_error>();
  expect_ok(q_report_get_output(result.report.get(), 0, &output, &e), e);
  assert_true(text(output.name) == "probabilities");
  expect_failure(q_report_get_output(result.report.get(), 1, &output, &e), Q_E_ARGUMENT, e, "there are 1");
  q_str warning = {};
  expect_failure(q_report_get_warning(result.report.get(), info.warning_count, &warning, &e), Q_E_ARGUMENT, e,
                 "warning");
  expect_failure(q_report_get_json(result.report.get(), nullptr, &e), Q_E_ARGUMENT, e, "NULL");
  q_str json = {};
  expect_ok(q_report_get_json(result.report.get(), &json, &e), e);
  assert_true(json.size > 100 && json.data[0] == '{');
  const std::string json_file = folder.path("report.json");
  expect_ok(q_report_save(result.report.get(), str(json_file), &e), e);
  assert_true(content_of(json_file).rfind(text(json), 0) == 0);
  const std::string html_file = folder.path("report.html");
  expect_ok(q_report_save(result.report.get(), str(html_file), &e), e);
  assert_true(content_of(html_file).find("<html") != std::string::npos);
  expect_failure(q_report_save(result.report.get(), str(folder.path("report.pdf")), &e), Q_E_UNSUPPORTED, e, ".html");
  // Without a report, the same model.
  q_model* plain = nullptr;
  const auto options = recording_options(record, samples);
  expect_ok(q_quantize(model.get(), &options, &plain, nullptr, &e), e);
  const Model owned(plain);
  assert_true(run(make_session(plain).get(), sample(0)) == run(make_session(result.model.get()).get(), sample(0)));
}

void test_equalized_layers_are_told(void**) {
  const Model model = load_bytes(small_network());
  Record record;
  const q_calibration samples = recording_samples(record, 6);
  for (const bool equalize : {false, true}) {
    auto options = recording_options(record, samples);
    options.config_json = equalize ? q_text(R"({"equalize": true})") : q_text("{}");
    Error e;
    const Result result = quantize_with(model.get(), options, e);
    expect_ok(result.status, e);
    auto info = sized<q_report_info>();
    expect_ok(q_report_get_info(result.report.get(), &info, &e), e);
    bool any = false;
    for (std::int32_t i = 0; i < info.layer_count; ++i) {
      auto layer = sized<q_layer_error>();
      expect_ok(q_report_get_layer(result.report.get(), i, &layer, &e), e);
      any = any || layer.is_equalized == 1;
    }
    assert_true(any == equalize);
  }
}

// What report_details adds; without it nothing is timed, and no cause is looked for.
void test_report_details(void**) {
  const Model model = load_bytes(small_network());
  Record record;
  const q_calibration samples = recording_samples(record, 6);
  for (const std::int32_t details : {0, 1}) {
    auto options = recording_options(record, samples);
    options.report_details = details;
    options.config_json = q_text(R"({"mixed": {"min_sqnr": 90, "max_float_macs": 0.9}})");
    Error e;
    const Result result = quantize_with(model.get(), options, e);
    expect_ok(result.status, e);
    const q_report* report = result.report.get();
    auto info = sized<q_report_info>();
    expect_ok(q_report_get_info(report, &info, &e), e);
    assert_int_equal(info.float_run_ms > 0, details);
    assert_int_equal(info.int8_run_ms > 0, details);
    assert_true(info.is_poor == 1 && info.has_mixed == 1 && info.mixed_reached == 0);  // 90 dB are out of reach
    bool timed = false;
    for (std::int32_t i = 0; i < info.layer_count; ++i) {
      auto layer = sized<q_layer_error>();
      expect_ok(q_report_get_layer(report, i, &layer, &e), e);
      timed = timed || (layer.float_ms > 0 && layer.int8_ms > 0);
      assert_true((layer.cause.size > 0) == (layer.cause_text.size > 0) &&
                  (layer.cause.size > 0) == (layer.advice.size > 0));
      assert_true(details == 1 || (layer.cause.size == 0 && layer.own_sqnr_db == 200));
    }
    assert_int_equal(timed, details);
    assert_true(info.mixed_layer_count > 0 && info.mixed_float_mac_share > 0 &&
                info.mixed_sqnr_db >= info.all_int8_sqnr_db);
    auto mixed = sized<q_mixed_layer>();
    expect_ok(q_report_get_mixed_layer(report, 0, &mixed, &e), e);
    assert_true(mixed.name.size > 0 && mixed.op.size > 0 && mixed.macs > 0);
    expect_failure(q_report_get_mixed_layer(report, info.mixed_layer_count, &mixed, &e), Q_E_ARGUMENT, e,
                   "mixed layer");
    assert_true(info.sample_count > 0);
    auto worst = sized<q_sample_error>();
    expect_ok(q_report_get_sample(report, 0, &worst, &e), e);
    assert_true(worst.name.size > 0 && worst.float_class >= 0 && worst.int8_class >= 0 && worst.cosine > 0.5);
    assert_int_equal(worst.same_answer, worst.float_class == worst.int8_class);
    expect_failure(q_report_get_sample(report, -1, &worst, &e), Q_E_ARGUMENT, e, "sample");
    expect_failure(q_report_get_sample(report, info.sample_count, &worst, &e), Q_E_ARGUMENT, e, "sample");
    auto boxes = sized<q_detection_error>();
    assert_int_equal(info.has_detections, 0);
    expect_failure(q_report_get_detections(report, &boxes, &e), Q_E_ARGUMENT, e, "no detectors");
  }
}

// The project's own detector against itself.
void test_detections(void**) {
  const std::string faces = std::string(OCTET_SOURCE_DIR) + "/examples/models/faces/";
  Error e;
  q_model* loaded = nullptr;
  const std::string file = faces + "faces.onnx";
  expect_ok(q_model_load(str(file), nullptr, &loaded, &e), e);
  const Model model(loaded);
  auto options = sized<q_compare_options>();
  const std::string config = faces + "quantize.json";
  const std::string images = faces + "test";
  options.config_path = str(config);
  options.images = str(images);
  q_report* made = nullptr;
  expect_ok(q_compare(loaded, loaded, &options, &made, &e), e);
  const Report report(made);
  auto boxes = sized<q_detection_error>();
  expect_ok(q_report_get_detections(made, &boxes, &e), e);
  assert_true(boxes.boxes == 2 && boxes.float_boxes > 0 && boxes.matched == boxes.float_boxes &&
              boxes.int8_boxes == boxes.float_boxes && boxes.same_samples > 0);
  assert_true(boxes.mean_iou == 1 && boxes.least_iou == 1 && boxes.max_score_error == 0 && boxes.mean_score_error == 0);
  assert_true(boxes.score_threshold > 0.69 && boxes.score_threshold < 0.71);
  options.boxes = 1;  // possible too: it has as many boxes as there are priors
  expect_ok(q_compare(loaded, loaded, &options, &made, &e), e);
  const Report raw(made);
  expect_ok(q_report_get_detections(made, &boxes, &e), e);
  assert_int_equal(boxes.boxes, 1);
}

// The project's own network with its images, as a program would do it: configuration, quantize, compare.
void test_images_and_compare(void**) {
  const TemporaryFolder folder;
  const std::string models = std::string(OCTET_SOURCE_DIR) + "/examples/models/";
  const std::string config =
      folder.write("config.json",
                   "{\"format\": \"RGB\", \"mean\": [127.5, 127.5, 127.5], \"normal\": [0.00784314, 0.00784314, "
                   "0.00784314], \"width\": 64, \"height\": 64, \"path\": \"" +
                       models + "calibration/\", \"used_image_num\": 8, \"feature_quantize_method\": \"MINMAX\"}");
  const Model model = load_file(models + "shapes.onnx");
  auto options = sized<q_quantize_options>();
  options.config_path = str(config);
  q_model* out = nullptr;
  Error e;
  expect_ok(q_quantize(model.get(), &options, &out, nullptr, &e), e);
  const Model int8(out);
  auto recipe = sized<q_recipe>();
  expect_ok(q_model_get_recipe(int8.get(), &recipe, &e), e);
  assert_int_equal(recipe.width, 64);
  assert_true(recipe.mean[2] == 127.5F);
  auto compare = sized<q_compare_options>();
  const std::string images = models + "calibration";
  compare.config_path = str(config);
  compare.images = str(images);
  q_report* made = nullptr;
  expect_ok(q_compare(model.get(), int8.get(), &compare, &made, &e), e);
  const Report report(made);
  auto info = sized<q_report_info>();
  expect_ok(q_report_get_info(report.get(), &info, &e), e);
  assert_int_equal(info.measured_samples, 100);
  assert_true(info.agreement > 0.9);
  const Model other = load_bytes(small_network());
  expect_failure(q_compare(model.get(), other.get(), &compare, &made, &e), Q_E_SHAPE, e, "different");
  assert_null(made);
  compare.config_path = {};
  expect_failure(q_compare(model.get(), int8.get(), &compare, &made, &e), Q_E_ARGUMENT, e, "configuration");
  // The first progress call cancels.
  compare.config_path = str(config);
  compare.progress = [](void*, const q_progress*) -> std::int32_t { return 1; };
  expect_failure(q_compare(model.get(), int8.get(), &compare, &made, &e), Q_E_CANCELLED, e, "");
  assert_null(made);
}

}  // namespace
}  // namespace octet::test

int main() {
  using namespace octet::test;
  const CMUnitTest tests[] = {
      cmocka_unit_test(test_callbacks_run_on_the_caller),
      cmocka_unit_test(test_cancelling),
      cmocka_unit_test(test_samples_that_fail),
      cmocka_unit_test(test_arguments_of_quantize),
      cmocka_unit_test(test_result_does_not_depend_on_threads),
      cmocka_unit_test(test_report),
      cmocka_unit_test(test_equalized_layers_are_told),
      cmocka_unit_test(test_report_details),
      cmocka_unit_test(test_detections),
      cmocka_unit_test(test_images_and_compare),
  };
  return cmocka_run_group_tests_name("quantizing through the ABI", tests, nullptr, nullptr);
}
