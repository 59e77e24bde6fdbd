// Every function with what it must refuse: NULL, indices and lengths out of range. Nothing crashes, nothing is printed,
// and no handle comes out of a failure.
#include <fcntl.h>
#include <unistd.h>

#include "abi/network.h"
#include "support/temporary.h"

namespace octet::test {
namespace {

template <class T>
T* poison() {
  return reinterpret_cast<T*>(std::uintptr_t{0x10});  // a failure has to replace it
}

void test_null_handles(void**) {
  Error e;
  auto info = sized<q_model_info>();
  auto tensor = sized<q_tensor_info>();
  auto layer = sized<q_layer_info>();
  auto recipe = sized<q_recipe>();
  auto image = sized<q_image_info>();
  auto mapping = sized<q_mapping>();
  auto session = sized<q_session_info>();
  auto step = sized<q_step_info>();
  auto report = sized<q_report_info>();
  auto output = sized<q_output_error>();
  auto layer_error = sized<q_layer_error>();
  q_str out = {};
  float value = 0;
  const q_status statuses[] = {
      q_model_save(nullptr, q_text("x.octet"), &e),
      q_model_get_info(nullptr, &info, &e),
      q_model_get_input(nullptr, 0, &tensor, &e),
      q_model_get_output(nullptr, 0, &tensor, &e),
      q_model_get_layer(nullptr, 0, &layer, &e),
      q_model_get_recipe(nullptr, &recipe, &e),
      q_image_get_info(nullptr, &image, &e),
      q_image_to_input(nullptr, nullptr, 0, nullptr, &value, 1, &e),
      q_image_get_mapping(nullptr, nullptr, 0, nullptr, &mapping, &e),
      q_session_run(nullptr, nullptr, 0, nullptr, 0, &e),
      q_session_get_info(nullptr, &session, &e),
      q_session_get_step(nullptr, 0, &step, &e),
      q_report_get_info(nullptr, &report, &e),
      q_report_get_output(nullptr, 0, &output, &e),
      q_report_get_layer(nullptr, 0, &layer_error, &e),
      q_report_get_warning(nullptr, 0, &out, &e),
      q_report_get_json(nullptr, &out, &e),
      q_report_save(nullptr, q_text("x.json"), &e),
      // And without anybody to tell.
      q_model_get_info(nullptr, nullptr, nullptr),
      q_session_run(nullptr, nullptr, -1, nullptr, 1 << 30, nullptr),
  };
  for (const q_status status : statuses) assert_int_equal(status, Q_E_ARGUMENT);
  q_model_free(nullptr);
  q_session_free(nullptr);
  q_image_free(nullptr);
  q_report_free(nullptr);
}

void test_nothing_comes_out_of_a_failure(void**) {
  Error e;
  auto* model = poison<q_model>();
  assert_int_equal(q_model_load(q_text("/does/not/exist"), nullptr, &model, &e), Q_E_IO);
  assert_null(model);
  model = poison<q_model>();
  assert_int_equal(q_model_load_bytes({nullptr, 0}, q_text("x"), nullptr, &model, &e), Q_E_FORMAT);
  assert_null(model);
  model = poison<q_model>();
  assert_int_equal(q_model_load_bytes({nullptr, 5}, q_text("x"), nullptr, &model, &e), Q_E_ARGUMENT);
  assert_null(model);
  auto* session = poison<q_session>();
  assert_int_equal(q_session_create(nullptr, nullptr, &session, &e), Q_E_ARGUMENT);
  assert_null(session);
  auto* image = poison<q_image>();
  assert_int_equal(q_image_load(q_text("/does/not/exist"), Q_PIXELS_RGB, &image, &e), Q_E_IO);
  assert_null(image);
  auto* report = poison<q_report>();
  model = poison<q_model>();
  assert_int_equal(q_quantize(nullptr, nullptr, &model, &report, &e), Q_E_ARGUMENT);
  assert_null(model);
  assert_null(report);
  report = poison<q_report>();
  assert_int_equal(q_compare(nullptr, nullptr, nullptr, &report, &e), Q_E_ARGUMENT);
  assert_null(report);
  // Nowhere to put the result.
  const std::string bytes = small_network();
  assert_int_equal(q_model_load(q_text("x"), nullptr, nullptr, &e), Q_E_ARGUMENT);
  assert_int_equal(q_model_load_bytes({bytes.data(), bytes.size()}, q_text("x"), nullptr, nullptr, &e), Q_E_ARGUMENT);
  const Model good = load_bytes(bytes);
  assert_int_equal(q_session_create(good.get(), nullptr, nullptr, &e), Q_E_ARGUMENT);
  assert_int_equal(q_image_load(q_text("x"), 0, nullptr, &e), Q_E_ARGUMENT);
  assert_int_equal(q_quantize(good.get(), nullptr, nullptr, nullptr, &e), Q_E_ARGUMENT);
  assert_int_equal(q_compare(good.get(), good.get(), nullptr, nullptr, &e), Q_E_ARGUMENT);
}

void test_indices(void**) {
  const Model model = load_bytes(small_network());
  const Session session = make_session(model.get());
  auto info = sized<q_model_info>();
  auto run_info = sized<q_session_info>();
  Error e;
  expect_ok(q_model_get_info(model.get(), &info, &e), e);
  expect_ok(q_session_get_info(session.get(), &run_info, &e), e);
  auto tensor = sized<q_tensor_info>();
  auto layer = sized<q_layer_info>();
  auto step = sized<q_step_info>();
  for (const std::int32_t index : {-1, INT32_MIN, INT32_MAX}) {
    expect_failure(q_model_get_input(model.get(), index, &tensor, &e), Q_E_ARGUMENT, e, "input");
    expect_failure(q_model_get_output(model.get(), index, &tensor, &e), Q_E_ARGUMENT, e, "output");
    expect_failure(q_model_get_layer(model.get(), index, &layer, &e), Q_E_ARGUMENT, e, "layer");
    expect_failure(q_session_get_step(session.get(), index, &step, &e), Q_E_ARGUMENT, e, "step");
  }
  expect_failure(q_model_get_input(model.get(), info.input_count, &tensor, &e), Q_E_ARGUMENT, e, "there are 1");
  expect_failure(q_model_get_layer(model.get(), info.layer_count, &layer, &e), Q_E_ARGUMENT, e, "does not exist");
  expect_failure(q_session_get_step(session.get(), run_info.step_count, &step, &e), Q_E_ARGUMENT, e, "does not exist");
  expect_ok(q_model_get_layer(model.get(), info.layer_count - 1, &layer, &e), e);
  expect_ok(q_session_get_step(session.get(), run_info.step_count - 1, &step, &e), e);
}

void test_lengths_that_went_wrong(void**) {
  const Model model = load_bytes(small_network());
  Error e;
  q_model* out = nullptr;
  for (const std::size_t size : {SIZE_MAX, SIZE_MAX / 2, std::size_t{1} << 40}) {
    expect_failure(q_model_load({"x", size}, nullptr, &out, &e), Q_E_ARGUMENT, e, "path");
    expect_failure(q_model_load({nullptr, size}, nullptr, &out, &e), Q_E_ARGUMENT, e, "path");
    expect_failure(q_model_load_bytes({"x", 1}, {"x", size}, nullptr, &out, &e), Q_E_ARGUMENT, e, "name");
    expect_failure(q_model_save(model.get(), {"x", size}, &e), Q_E_ARGUMENT, e, "path");
    q_image* image = nullptr;
    expect_failure(q_image_load({"x", size}, 0, &image, &e), Q_E_ARGUMENT, e, "path");
    q_session* session = nullptr;
    auto options = sized<q_session_options>();
    options.isa = {"ref", size};
    expect_failure(q_session_create(model.get(), &options, &session, &e), Q_E_ARGUMENT, e, "isa");
  }
  expect_failure(q_model_load_bytes({"x", SIZE_MAX}, q_text("x"), nullptr, &out, &e), Q_E_ARGUMENT, e, "bytes.size");
  expect_failure(q_model_load({nullptr, 3}, nullptr, &out, &e), Q_E_ARGUMENT, e, "NULL");
  expect_failure(q_model_load({"a\0b", 3}, nullptr, &out, &e), Q_E_ARGUMENT, e, "zero byte");
}

void test_session_options(void**) {
  const Model model = load_bytes(small_network());
  Error e;
  for (const std::int32_t threads : {-1, 257, INT32_MAX}) {
    auto options = sized<q_session_options>();
    options.threads = threads;
    q_session* session = nullptr;
    expect_failure(q_session_create(model.get(), &options, &session, &e), Q_E_ARGUMENT, e, "threads");
  }
  auto options = sized<q_session_options>();
  options.isa = q_text("mmx");
  q_session* session = nullptr;
  expect_failure(q_session_create(model.get(), &options, &session, &e), Q_E_ARGUMENT, e, "'mmx'");
  assert_true(e.says("ref"));
}

void test_run_arguments(void**) {
  const Model model = load_bytes(small_network());
  const Session session = make_session(model.get());
  auto input = sample(0);
  std::vector<float> output(kOutputCount, 7);
  const q_tensor in = {input.data(), input.size() * 4, nullptr, Q_FLOAT32, 0};
  const q_tensor out = {output.data(), output.size() * 4, nullptr, Q_FLOAT32, 0};
  const auto refused = [&](const q_tensor* inputs, std::int32_t in_count, const q_tensor* outputs,
                           std::int32_t out_count, const char* word) {
    Error e;
    expect_failure(q_session_run(session.get(), inputs, in_count, outputs, out_count, &e), Q_E_ARGUMENT, e, word);
  };
  refused(nullptr, 1, &out, 1, "NULL");
  refused(&in, 1, nullptr, 1, "NULL");
  refused(&in, 0, &out, 1, "1 input");
  refused(&in, -1, &out, 1, "-1");
  refused(&in, INT32_MAX, &out, 1, "inputs");
  refused(&in, 1, &out, 65, "outputs");
  q_tensor bad = in;
  bad.dtype = 17;
  refused(&bad, 1, &out, 1, "dtype 17");
  bad = in;
  bad.dtype = Q_INT8;
  refused(&bad, 1, &out, 1, "float32");
  bad = in;
  bad.size_bytes -= 1;
  refused(&bad, 1, &out, 1, "1x3x12x12");
  bad = in;
  bad.data = nullptr;
  refused(&bad, 1, &out, 1, "data is NULL");
  const std::int64_t strides[] = {0, INT64_MAX, 1, 1};
  bad = in;
  bad.strides = strides;
  refused(&bad, 1, &out, 1, "stride");
  for (const float value : output) assert_true(value == 7);
}

// What a failing call says goes into its error and nowhere else.
void test_failures_print_nothing(void**) {
  const TemporaryFolder folder;
  const std::string log = folder.path("log");
  const std::string bad_png = folder.write("bad.png", std::string("\x89PNG\r\n\x1a\n") + std::string(100, 'x'));
  const std::string bad_jpeg = folder.write("bad.jpg", "\xFF\xD8\xFF\xE0" + std::string(100, 'x'));
  const std::string bad_model = folder.write("bad.onnx", small_network().substr(0, 300));
  const std::string bad_json = folder.write("bad.json", "{\"format\": 7");
  const Model model = load_bytes(small_network());
  std::fflush(nullptr);
  const int saved_out = dup(1);
  const int saved_err = dup(2);
  const int file = open(log.c_str(), O_WRONLY | O_CREAT, 0600);
  dup2(file, 1);
  dup2(file, 2);
  close(file);
  q_image* image = nullptr;
  q_model* out = nullptr;
  q_session* session = nullptr;
  auto recipe = sized<q_recipe>();
  auto options = sized<q_quantize_options>();
  options.config_path = str(bad_json);
  int failures = 0;
  failures += q_image_load(str(bad_png), Q_PIXELS_RGB, &image, nullptr) != Q_OK;
  failures += q_image_load(str(bad_jpeg), Q_PIXELS_RGB, &image, nullptr) != Q_OK;
  failures += q_model_load(str(bad_model), nullptr, &out, nullptr) != Q_OK;
  failures += q_model_load(str(bad_png), nullptr, &out, nullptr) != Q_OK;
  failures += q_recipe_from_config(str(bad_json), &recipe, nullptr) != Q_OK;
  failures += q_quantize(model.get(), &options, &out, nullptr, nullptr) != Q_OK;
  failures += q_model_save(model.get(), q_text("/does/not/exist.octet"), nullptr) != Q_OK;
  failures += q_session_create(nullptr, nullptr, &session, nullptr) != Q_OK;
  std::fflush(nullptr);
  dup2(saved_out, 1);
  dup2(saved_err, 2);
  close(saved_out);
  close(saved_err);
  assert_int_equal(failures, 8);
  assert_string_equal(content_of(log).c_str(), "");
}

void test_names_and_versions(void**) {
  assert_string_equal(q_status_name(Q_OK), "Q_OK");
  assert_string_equal(q_status_name(Q_E_CANCELLED), "Q_E_CANCELLED");
  assert_string_equal(q_status_name(-12345), "unknown status");
  assert_string_equal(q_status_name(1), "unknown status");
  assert_int_equal(q_abi_version(), Q_ABI_VERSION);
  assert_true(std::strchr(q_version(), '.') != nullptr);
  assert_int_equal(q_text(nullptr).size, 0);
  assert_int_equal(q_text("four").size, 4);
}

}  // namespace
}  // namespace octet::test

int main() {
  using namespace octet::test;
  const CMUnitTest tests[] = {
      cmocka_unit_test(test_null_handles),
      cmocka_unit_test(test_nothing_comes_out_of_a_failure),
      cmocka_unit_test(test_indices),
      cmocka_unit_test(test_lengths_that_went_wrong),
      cmocka_unit_test(test_session_options),
      cmocka_unit_test(test_run_arguments),
      cmocka_unit_test(test_failures_print_nothing),
      cmocka_unit_test(test_names_and_versions),
  };
  return cmocka_run_group_tests_name("arguments of the ABI", tests, nullptr, nullptr);
}
