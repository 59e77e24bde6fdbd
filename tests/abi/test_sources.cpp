// Where samples and configuration may come from: each way gives the same model and the same report.
#include <cmath>

#include "abi/network.h"
#include "support/temporary.h"

namespace octet::test {
namespace {

const std::string kModels = std::string(OCTET_SOURCE_DIR) + "/examples/models/";
constexpr std::int64_t kCount = 6;

// A configuration with its keys; `path` where it names the images itself.
std::string config_json(const std::string& path) {
  return "{\"format\": \"RGB\", \"mean\": [127.5, 127.5, 127.5], \"normal\": [0.00784314, 0.00784314, 0.00784314], "
         "\"width\": 64, \"height\": 64, \"used_image_num\": " +
         std::to_string(kCount) + (path.empty() ? "" : ", \"path\": \"" + path + "\"") +
         ", \"feature_quantize_method\": \"MINMAX\"}";
}

std::string bytes_of(const q_model* model) {
  std::string bytes;
  Error e;
  const auto append = [](void* user, q_bytes part) -> std::int32_t {
    static_cast<std::string*>(user)->append(static_cast<const char*>(part.data), part.size);
    return 0;
  };
  expect_ok(q_model_write(model, q_text("octet"), append, &bytes, &e), e);
  return bytes;
}

std::string quantized(const q_model* model, const q_quantize_options& options) {
  q_model* out = nullptr;
  Error e;
  expect_ok(q_quantize(model, &options, &out, nullptr, &e), e);
  const Model int8(out);
  return bytes_of(out);
}

// Pictures 1 to kCount as tensors.
struct Pictures {
  const q_model* model;
  q_recipe recipe = sized<q_recipe>();
  std::vector<std::string> files;
  std::vector<q_str> names;

  explicit Pictures(const q_model* of) : model(of) {
    Error e;
    const std::string json = config_json("");
    expect_ok(q_recipe_from_config({}, str(json), &recipe, &e), e);
    for (std::int64_t i = 1; i <= kCount; ++i) {
      files.push_back(kModels + "calibration/000" + std::to_string(i) + ".png");
    }
    for (const std::string& file : files) names.push_back(str(file));
  }

  static std::int32_t load(void* user, std::int64_t index, const q_tensor* inputs, std::int32_t count) {
    const auto& pictures = *static_cast<const Pictures*>(user);
    q_image* image = nullptr;
    if (count != 1) return 1;
    const q_str file = pictures.names[static_cast<std::size_t>(index)];
    if (q_image_load(file, Q_PIXELS_BGR, &image, nullptr) != Q_OK) return 2;
    const Image owned(image);
    auto pixels = sized<q_pixels>();
    if (q_image_get_pixels(image, &pixels, nullptr) != Q_OK) return 3;
    return q_pixels_to_input(&pixels, pictures.model, 0, &pictures.recipe, static_cast<float*>(inputs[0].data),
                             inputs[0].size_bytes / 4, nullptr);
  }
  q_calibration calibration() {
    auto value = sized<q_calibration>();
    value.count = kCount;
    value.load = load;
    value.user = this;
    return value;
  }
};

void test_every_source_gives_the_same_model(void**) {
  const TemporaryFolder folder;
  const Model model = load_file(kModels + "shapes.onnx");
  Pictures pictures(model.get());
  const std::string whole = config_json(kModels + "calibration/");
  const std::string bare = config_json("");
  const std::string file = folder.write("whole.json", whole);
  const std::string images = kModels + "calibration";

  auto options = sized<q_quantize_options>();
  options.config_path = str(file);
  const std::string expected = quantized(model.get(), options);
  options.config_path = {};
  options.config_json = str(whole);
  assert_true(quantized(model.get(), options) == expected);
  options.config_json = str(bare);
  options.images = str(images);
  assert_true(quantized(model.get(), options) == expected);
  options.images = {};
  options.image_files = pictures.names.data();
  options.image_file_count = kCount;
  assert_true(quantized(model.get(), options) == expected);
  // The files come before the folder, the callback before both.
  const std::string none = folder.path("none");
  options.images = str(none);
  assert_true(quantized(model.get(), options) == expected);
  const q_calibration samples = pictures.calibration();
  const q_str missing[] = {str(none)};
  options.image_files = missing;
  options.image_file_count = 1;
  options.calibration = &samples;
  // The same tensors, and the recipe of the configuration.
  assert_true(quantized(model.get(), options) == expected);
  // Other files make another model.
  options.calibration = nullptr;
  options.image_files = pictures.names.data() + 2;
  options.image_file_count = 2;
  assert_true(quantized(model.get(), options) != expected);
  // Files that are not there are named, and what is left decides.
  options.image_files = missing;
  options.image_file_count = 1;
  q_model* out = nullptr;
  Error e;
  const q_status status = q_quantize(model.get(), &options, &out, nullptr, &e);
  assert_true((status == Q_E_DATA || status == Q_E_IO) && e.says("none"));
}

void test_errors_of_the_json_text(void**) {
  const Model model = load_file(kModels + "shapes.onnx");
  const auto refused = [&](const std::string& json, q_status wanted, const char* word) {
    auto options = sized<q_quantize_options>();
    const std::string images = kModels + "calibration";
    options.images = str(images);
    options.config_json = str(json);
    q_model* out = reinterpret_cast<q_model*>(std::uintptr_t{16});
    Error e;
    expect_failure(q_quantize(model.get(), &options, &out, nullptr, &e), wanted, e, word);
    assert_null(out);
    auto recipe = sized<q_recipe>();
    expect_failure(q_recipe_from_config({}, str(json), &recipe, &e), wanted, e, word);
  };
  refused("{", Q_E_CONFIG, "line 1");
  refused("{\"formt\": \"RGB\"}", Q_E_CONFIG, "format");
  refused("{\"format\": \"RGB\",\n \"mean\": 7}", Q_E_CONFIG, "line 2");
  refused(std::string(std::size_t{2} << 20, ' '), Q_E_CONFIG, "bytes");
  // 200 KB of text are no length that went wrong.
  auto recipe = sized<q_recipe>();
  Error e;
  const std::string wide = std::string(200000, ' ') + config_json("");
  expect_ok(q_recipe_from_config({}, str(wide), &recipe, &e), e);
  assert_int_equal(recipe.width, 64);
}

// A comparison over tensors finds what one over the pictures finds.
void test_comparing_samples(void**) {
  const Model model = load_file(kModels + "shapes.onnx");
  Pictures pictures(model.get());
  const q_calibration samples = pictures.calibration();
  auto quantizing = sized<q_quantize_options>();
  quantizing.calibration = &samples;
  quantizing.feature_method = q_text("MINMAX");
  q_model* out = nullptr;
  Error e;
  expect_ok(q_quantize(model.get(), &quantizing, &out, nullptr, &e), e);
  const Model int8(out);
  const TemporaryFolder folder;  // a comparison takes all pictures that there are
  for (const std::string& file : pictures.files) {
    folder.write(std::filesystem::path(file).filename().string(), content_of(file));
  }
  const std::string json = config_json(folder.path());
  Report reports[2];
  q_report_info infos[2] = {sized<q_report_info>(), sized<q_report_info>()};
  q_output_error outputs[2] = {sized<q_output_error>(), sized<q_output_error>()};
  for (const std::size_t i : {0, 1}) {
    auto options = sized<q_compare_options>();
    if (i == 0) options.config_json = str(json);
    if (i == 1) options.samples = &samples;
    q_report* made = nullptr;
    expect_ok(q_compare(model.get(), int8.get(), &options, &made, &e), e);
    reports[i].reset(made);
    expect_ok(q_report_get_info(made, &infos[i], &e), e);
    expect_ok(q_report_get_output(made, 0, &outputs[i], &e), e);
  }
  assert_int_equal(infos[1].measured_samples, kCount);
  assert_int_equal(infos[0].measured_samples, kCount);
  assert_true(infos[0].agreement == infos[1].agreement && infos[1].agreement > 0.8);
  assert_true(outputs[0].cosine == outputs[1].cosine && outputs[0].sqnr_db == outputs[1].sqnr_db);
  // A sample that fails ends it, and is told.
  q_calibration failing = samples;
  failing.load = [](void*, std::int64_t, const q_tensor*, std::int32_t) -> std::int32_t { return 9; };
  auto options = sized<q_compare_options>();
  options.samples = &failing;
  q_report* made = nullptr;
  expect_failure(q_compare(model.get(), int8.get(), &options, &made, &e), Q_E_DATA, e, "returned 9");
  assert_null(made);
}

// The parts of a written model are the bytes of its file; who stops in between gets Q_E_IO.
void test_writing(void**) {
  const TemporaryFolder folder;
  const Model real = load_bytes(small_network());
  const Model int8 = quantize(real.get());
  for (const q_model* model : {real.get(), int8.get()}) {
    const std::string path = folder.path("x.octet");
    Error e;
    expect_ok(q_model_save(model, str(path), &e), e);
    const std::string bytes = bytes_of(model);
    assert_true(bytes == content_of(path));
    const Model again = load_bytes(bytes, "again");
    assert_true(run(make_session(again.get()).get(), sample(1)) == run(make_session(model).get(), sample(1)));
    const auto stop = [](void* user, q_bytes) -> std::int32_t { return ++*static_cast<int*>(user); };
    int calls = 0;
    expect_failure(q_model_write(model, q_text("octet"), stop, &calls, &e), Q_E_IO, e, "1");
    assert_int_equal(calls, 1);
    const auto ignore = [](void*, q_bytes) -> std::int32_t { return 0; };
    for (const char* format : {"onnx", "mnn", "tflite"}) {
      const auto gather = [](void* user, q_bytes part) -> std::int32_t {
        static_cast<std::string*>(user)->append(static_cast<const char*>(part.data), part.size);
        return 0;
      };
      std::string file;
      expect_ok(q_model_write(model, q_text(format), gather, &file, &e), e);
      const Model read = load_bytes(file, format);
      const auto expected = run(make_session(model).get(), sample(1));
      const auto answer = run(make_session(read.get()).get(), sample(1));
      for (std::size_t i = 0; i < answer.size(); ++i) assert_true(std::fabs(answer[i] - expected[i]) < 1e-5F);
    }
    for (const char* format : {"onnx2", "", ".octet", "Octet2"}) {
      expect_failure(q_model_write(model, q_text(format), ignore, nullptr, &e), Q_E_UNSUPPORTED, e, "octet");
    }
  }
}

}  // namespace
}  // namespace octet::test

int main() {
  using namespace octet::test;
  const CMUnitTest tests[] = {
      cmocka_unit_test(test_every_source_gives_the_same_model),
      cmocka_unit_test(test_errors_of_the_json_text),
      cmocka_unit_test(test_comparing_samples),
      cmocka_unit_test(test_writing),
  };
  return cmocka_run_group_tests_name("samples and configurations from anywhere", tests, nullptr, nullptr);
}
