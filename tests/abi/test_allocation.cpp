// Memory: running takes none, and a library that gets none anywhere says Q_E_MEMORY.
#include "abi/network.h"
#include "support/allocations.h"
#include "support/temporary.h"

namespace octet::test {
namespace {

// As many kinds of values as a configuration has.
constexpr const char* kConfiguration =
    R"({"format": "RGB", "mean": [1, 2.5, 3e1], "normal": [0.5, 0.25, 0.125], "width": 12, "height": 12, "debug": false,
        "feature_quantize_method": "MINMAX", "skip_quant_op_names": ["Conv_d"],
        "resize": {"mode": "crop", "shorter_side": 14}, "used_image_num": 3})";

void test_run_allocates_nothing(void**) {
  if (!Allocations::kCounted) skip();
  const Model source = load_bytes(small_network());
  const Model int8 = quantize(source.get());
  for (const q_model* model : {source.get(), int8.get()}) {
    for (const int threads : {1, 3}) {
      const Session session = make_session(model, threads);
      auto input = sample(0);
      std::vector<float> output(kOutputCount);
      const q_tensor in = {input.data(), input.size() * 4, nullptr, Q_FLOAT32, 0};
      const q_tensor out = {output.data(), output.size() * 4, nullptr, Q_FLOAT32, 0};
      Error error;
      for (int i = 0; i < 3; ++i) {
        const long before = Allocations::count;
        const q_status status = q_session_run(session.get(), &in, 1, &out, 1, &error);
        const long after = Allocations::count;
        expect_ok(status, error);
        assert_int_equal(after - before, 0);
      }
    }
  }
}

// Calls `call` with 0, 1, 2, ... allocations that succeed, and then none, until it works. Every number is tried up to
// the limit; beyond it the step grows, so that calls with very many allocations end in time.
template <class Call>
void check_every_failure(const char* what, Call call, long limit = 3000) {
  int failures = 0;
  for (long allowed = 0;; allowed += allowed < limit ? 1 : allowed / 60) {
    assert_true(allowed < 10000000);
    Error error;
    Allocations::left = allowed;
    const q_status status = call(error);
    Allocations::left = -1;
    if (status == Q_OK) break;
    if (status != Q_E_MEMORY)
      fail_msg("%s, %ld allocations: %s: %s", what, allowed, q_status_name(status), error.message);
    assert_true(error.message[0] != 0);
    ++failures;
  }
  print_message("%s: %d numbers of allocations that do not do\n", what, failures);
  assert_true(failures >= 3);
}

void test_every_failing_allocation(void**) {
  if (!Allocations::kCounted) skip();
  const TemporaryFolder folder;
  const std::string bytes = small_network();
  const std::string path = folder.write("small.onnx", bytes);
  const std::string octet_path = folder.path("small.octet");
  const std::string picture = std::string(OCTET_SOURCE_DIR) + "/examples/models/test/0001.png";
  const std::string photograph = std::string(OCTET_SOURCE_DIR) + "/examples/models/calibration/0017.jpg";
  const Model model = load_bytes(bytes);
  Error error;
  expect_ok(q_model_save(model.get(), str(octet_path), &error), error);
  for (const std::string& file : {path, octet_path}) {
    check_every_failure("q_model_load", [&](Error& e) {
      q_model* out = nullptr;
      const q_status status = q_model_load(str(file), nullptr, &out, &e);
      assert_true((out != nullptr) == (status == Q_OK));
      q_model_free(out);
      return status;
    });
  }
  check_every_failure("q_model_load_bytes", [&](Error& e) {
    q_model* out = nullptr;
    const q_status status = q_model_load_bytes({bytes.data(), bytes.size()}, q_text("x"), nullptr, &out, &e);
    q_model_free(out);
    return status;
  });
  check_every_failure("q_model_save", [&](Error& e) { return q_model_save(model.get(), str(octet_path), &e); });
  check_every_failure("q_model_write", [&](Error& e) {
    const auto ignore = [](void*, q_bytes) -> std::int32_t { return 0; };
    return q_model_write(model.get(), q_text("octet"), ignore, nullptr, &e);
  });
  check_every_failure("q_session_create", [&](Error& e) {
    const Model fresh = [&] {
      const long left = Allocations::left.exchange(-1);
      Model loaded = load_bytes(bytes);
      Allocations::left = left;
      return loaded;
    }();
    auto options = sized<q_session_options>();
    options.threads = 3;
    q_session* out = nullptr;
    const q_status status = q_session_create(fresh.get(), &options, &out, &e);
    assert_true((out != nullptr) == (status == Q_OK));
    q_session_free(out);
    return status;
  });
  check_every_failure("q_session_measure", [&](Error& e) {
    const long left = Allocations::left.exchange(-1);
    const Model fresh = load_bytes(bytes);
    Allocations::left = left;
    auto info = sized<q_session_info>();
    return q_session_measure(fresh.get(), nullptr, &info, &e);
  });
  for (const std::string& file : {picture, photograph}) {
    check_every_failure("q_image_load", [&](Error& e) {
      q_image* out = nullptr;
      const q_status status = q_image_load(str(file), Q_PIXELS_RGB, &out, &e);
      q_image_free(out);
      return status;
    });
    const std::string content = content_of(file);
    check_every_failure("q_image_decode", [&](Error& e) {
      q_image* out = nullptr;
      const q_status status = q_image_decode({content.data(), content.size()}, q_text("x"), Q_PIXELS_GRAY, &out, &e);
      q_image_free(out);
      return status;
    });
  }
  check_every_failure("q_recipe_from_config", [&](Error& e) {
    auto recipe = sized<q_recipe>();
    return q_recipe_from_config({}, q_text(kConfiguration), &recipe, &e);
  });
}

// Without any allocation of its own, so that none of the test's is the one that fails.
std::int32_t load_plain_sample(void*, std::int64_t, const q_tensor* inputs, std::int32_t) {
  auto* values = static_cast<float*>(inputs[0].data);
  for (std::size_t i = 0; i < kInputCount; ++i) values[i] = static_cast<float>(i % 17) / 8 - 1;
  return 0;
}

// With all that goes with it: configuration, report, both of its files.
void test_quantizing_with_failing_allocations(void**) {
  if (!Allocations::kCounted) skip();
  const TemporaryFolder folder;
  const std::string configuration = folder.write("c.json", kConfiguration);
  const std::string page = folder.path("report.html");
  const std::string data = folder.path("report.json");
  const Model model = load_bytes(small_network());
  q_calibration samples = calibration(3);
  samples.load = load_plain_sample;
  // "AUTO" does all that there is: equalize, choose among ranges, round adaptively, correct biases.
  for (const char* method : {"MINMAX", "AUTO"}) {
    const bool from_text = method[0] == 'A';
    check_every_failure(
        "q_quantize",
        [&](Error& e) {
          auto options = sized<q_quantize_options>();
          options.calibration = &samples;
          if (from_text) options.config_json = q_text(kConfiguration);
          if (!from_text) options.config_path = str(configuration);
          options.threads = 2;
          options.feature_method = q_text(method);
          q_model* out = nullptr;
          q_report* report = nullptr;
          q_status status = q_quantize(model.get(), &options, &out, &report, &e);
          assert_true((out != nullptr) == (status == Q_OK));
          assert_true((report != nullptr) == (status == Q_OK));
          if (status == Q_OK) status = q_report_save(report, str(page), &e);
          if (status == Q_OK) status = q_report_save(report, str(data), &e);
          q_report_free(report);
          q_model_free(out);
          return status;
        },
        from_text ? 300 : 3000);
  }
}

// Over pictures with labels, and over tensors.
void test_comparing_with_failing_allocations(void**) {
  if (!Allocations::kCounted) skip();
  const TemporaryFolder folder;
  const std::string models = std::string(OCTET_SOURCE_DIR) + "/examples/models/";
  std::filesystem::create_directory(folder.path("images"));
  for (const char* name : {"0001.png", "0002.png"}) {
    folder.write(std::string("images/") + name, content_of(models + "calibration/" + name));
  }
  const std::string labels = folder.write("labels.tsv", "file\tclass_index\n0001.png\t1\n0002.png\t2\n");
  const std::string images = folder.path("images");
  const Model model = load_bytes(small_network());
  q_calibration samples = calibration(2);
  samples.load = load_plain_sample;
  for (const bool pictures : {false, true}) {
    check_every_failure(
        "q_compare",
        [&](Error& e) {
          auto options = sized<q_compare_options>();
          if (!pictures) options.samples = &samples;
          if (pictures) {
            options.images = str(images);
            options.labels = str(labels);
            options.config_json = q_text(kConfiguration);
          }
          options.threads = 2;
          q_report* report = nullptr;
          const q_status status = q_compare(model.get(), model.get(), &options, &report, &e);
          assert_true((report != nullptr) == (status == Q_OK));
          q_report_free(report);
          return status;
        },
        600);
  }
}

}  // namespace
}  // namespace octet::test

int main() {
  using namespace octet::test;
  const CMUnitTest tests[] = {cmocka_unit_test(test_run_allocates_nothing),
                              cmocka_unit_test(test_every_failing_allocation),
                              cmocka_unit_test(test_quantizing_with_failing_allocations),
                              cmocka_unit_test(test_comparing_with_failing_allocations)};
  return cmocka_run_group_tests_name("allocations of the ABI", tests, nullptr, nullptr);
}
