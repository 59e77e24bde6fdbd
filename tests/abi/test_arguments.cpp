// What functions must refuse beside NULL (test_nulls.cpp): indices, lengths and numbers out of range. Nothing crashes,
// and no handle comes out of a failure.
#include "abi/network.h"
#include "support/temporary.h"

namespace octet::test {
namespace {

template <class T>
T* poison() {
  return reinterpret_cast<T*>(std::uintptr_t{0x10});  // a failure has to replace it
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
  image = poison<q_image>();
  assert_int_equal(q_image_decode({"no picture", 10}, q_text("x"), Q_PIXELS_RGB, &image, &e), Q_E_FORMAT);
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

std::int32_t ignore_part(void*, q_bytes) { return 0; }

void test_lengths_in_options(const q_model* model, std::size_t size) {
  const q_calibration samples = calibration(2);
  const q_str text = {"MINMAX", size};
  const auto quantizing_refuses = [&](q_str q_quantize_options::*member, bool has_samples) {
    auto options = sized<q_quantize_options>();
    if (has_samples) options.calibration = &samples;
    options.*member = text;
    q_model* out = poison<q_model>();
    Error e;
    assert_true(q_quantize(model, &options, &out, nullptr, &e) != Q_OK);
    assert_true(e.code == Q_E_ARGUMENT || e.code == Q_E_CONFIG);
    assert_null(out);
  };
  quantizing_refuses(&q_quantize_options::config_path, true);
  quantizing_refuses(&q_quantize_options::config_json, true);
  quantizing_refuses(&q_quantize_options::feature_method, true);
  quantizing_refuses(&q_quantize_options::weight_method, true);
  quantizing_refuses(&q_quantize_options::images, false);
  const auto comparing_refuses = [&](q_str q_compare_options::*member, bool has_samples) {
    auto options = sized<q_compare_options>();
    if (has_samples) options.samples = &samples;
    options.*member = text;
    q_report* out = poison<q_report>();
    Error e;
    assert_true(q_compare(model, model, &options, &out, &e) != Q_OK);
    assert_true(e.code == Q_E_ARGUMENT || e.code == Q_E_CONFIG);
    assert_null(out);
  };
  comparing_refuses(&q_compare_options::config_path, false);
  comparing_refuses(&q_compare_options::config_json, false);
  comparing_refuses(&q_compare_options::images, false);
  comparing_refuses(&q_compare_options::labels, true);
}

void test_counts_of_files(void**) {
  const Model model = load_bytes(small_network());
  const q_str files[] = {q_text("none.png"), {"x", SIZE_MAX}};
  for (const std::int64_t count : {INT64_MAX, INT64_MIN, std::int64_t{-1}, std::int64_t{2}}) {
    auto options = sized<q_quantize_options>();
    options.image_files = files;
    options.image_file_count = count;
    options.config_json = q_text("{\"format\": \"RGB\"}");
    q_model* out = poison<q_model>();
    Error e;
    expect_failure(q_quantize(model.get(), &options, &out, nullptr, &e), Q_E_ARGUMENT, e, "image_file");
    assert_null(out);
  }
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
    expect_failure(q_model_write(model.get(), {"octet", size}, ignore_part, nullptr, &e), Q_E_ARGUMENT, e, "format");
    q_image* image = nullptr;
    expect_failure(q_image_load({"x", size}, 0, &image, &e), Q_E_ARGUMENT, e, "path");
    expect_failure(q_image_decode({"x", 1}, {"x", size}, 0, &image, &e), Q_E_ARGUMENT, e, "name");
    auto recipe = sized<q_recipe>();
    expect_failure(q_recipe_from_config({"x", size}, {}, &recipe, &e), Q_E_ARGUMENT, e, "path");
    assert_true(q_recipe_from_config({}, {"{}", size}, &recipe, &e) != Q_OK);
    auto info = sized<q_session_info>();
    double peak = 0;
    expect_failure(q_measure_peak({"ref", size}, Q_INT8, 1, &peak, &e), Q_E_ARGUMENT, e, "isa");
    test_lengths_in_options(model.get(), size);
    q_session* session = nullptr;
    auto options = sized<q_session_options>();
    options.isa = {"ref", size};
    expect_failure(q_session_create(model.get(), &options, &session, &e), Q_E_ARGUMENT, e, "isa");
    expect_failure(q_session_measure(model.get(), &options, &info, &e), Q_E_ARGUMENT, e, "isa");
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
      cmocka_unit_test(test_nothing_comes_out_of_a_failure),
      cmocka_unit_test(test_indices),
      cmocka_unit_test(test_lengths_that_went_wrong),
      cmocka_unit_test(test_counts_of_files),
      cmocka_unit_test(test_session_options),
      cmocka_unit_test(test_run_arguments),
      cmocka_unit_test(test_names_and_versions),
  };
  return cmocka_run_group_tests_name("arguments of the ABI", tests, nullptr, nullptr);
}
