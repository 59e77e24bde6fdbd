// Inputs of other sizes than the file's: given when a model is loaded, or for one session of it.
#include "abi/network.h"

namespace octet::test {
namespace {

using Dims = std::vector<std::int64_t>;

q_shape shape_of(const Dims& dims) { return {dims.data(), static_cast<std::int32_t>(dims.size()), 0}; }

Session session_with(const q_model* model, const Dims& dims) {
  const q_shape shape = shape_of(dims);
  auto options = sized<q_session_options>();
  options.input_shapes = &shape;
  options.input_shape_count = 1;
  q_session* session = nullptr;
  Error error;
  expect_ok(q_session_create(model, &options, &session, &error), error);
  return Session(session);
}

Dims dims_of(const q_tensor_info& info) { return Dims(info.dims, info.dims + info.rank); }

Dims output_dims(const q_session* session) {
  auto info = sized<q_tensor_info>();
  Error error;
  expect_ok(q_session_get_output(session, 0, &info, &error), error);
  assert_int_equal(info.element_count % 5, 0);
  return dims_of(info);
}

std::vector<float> run_of(q_session* session, std::vector<float> input, std::size_t count) {
  std::vector<float> output(count, -1);
  const q_tensor in = {input.data(), input.size() * sizeof(float), nullptr, Q_FLOAT32, 0};
  const q_tensor out = {output.data(), output.size() * sizeof(float), nullptr, Q_FLOAT32, 0};
  Error error;
  expect_ok(q_session_run(session, &in, 1, &out, 1, &error), error);
  return output;
}

Model int8_of(const q_model* network) {
  const q_calibration samples = calibration(4);
  auto options = sized<q_quantize_options>();
  options.calibration = &samples;
  options.feature_method = q_text("MINMAX");
  q_model* model = nullptr;
  Error error;
  expect_ok(q_quantize(network, &options, &model, nullptr, &error), error);
  return Model(model);
}

// The names of the sizes of the first input, with commas between them.
std::string open_sizes(const q_model* model) {
  std::string names;
  auto info = sized<q_tensor_info>();
  Error error;
  expect_ok(q_model_get_input(model, 0, &info, &error), error);
  for (std::int32_t d = 0; d < info.rank; ++d) {
    q_str name{};
    expect_ok(q_model_get_open_size(model, 0, d, &name, &error), error);
    names += (d == 0 ? "" : ",") + text(name);
  }
  return names;
}

// Three samples at a time give what each gives alone; both sessions live beside each other.
void check_batch(const q_model* model) {
  const Session one = make_session(model);
  const Session three = session_with(model, {3, -1, -1, -1});
  assert_true((output_dims(one.get()) == Dims{1, 5}));
  assert_true((output_dims(three.get()) == Dims{3, 5}));
  auto info = sized<q_tensor_info>();
  Error error;
  expect_ok(q_session_get_input(three.get(), 0, &info, &error), error);
  assert_true((dims_of(info) == Dims{3, 3, 12, 12}));
  assert_true(text(info.name) == "image");
  std::vector<float> all, expected;
  for (std::int64_t i = 0; i < 3; ++i) {
    const auto values = sample(i);
    all.insert(all.end(), values.begin(), values.end());
    const auto answer = run(one.get(), values);
    expected.insert(expected.end(), answer.begin(), answer.end());
  }
  assert_true(run_of(three.get(), all, 15) == expected);
}

void test_a_batch_of_float_and_int8(void**) {
  const Model network = load_bytes(small_network());
  check_batch(network.get());
  check_batch(int8_of(network.get()).get());
}

void test_larger_images(void**) {
  const Model model = int8_of(load_bytes(small_network()).get());
  const Session large = session_with(model.get(), {1, 3, 31, 20});
  assert_true((output_dims(large.get()) == Dims{1, 5}));
  const auto answer = run_of(large.get(), std::vector<float>(3 * 31 * 20, 0.5F), 5);
  float sum = 0;
  for (const float p : answer) sum += p;
  assert_true(sum > 0.999F && sum < 1.001F);
}

void test_sizes_that_the_file_leaves_open(void**) {
  const std::string bytes = small_network({0, 3, 0, 0});
  q_model* model = nullptr;
  Error error;
  const auto load = [&](const q_load_options* options) {
    return q_model_load_bytes({bytes.data(), bytes.size()}, q_text("open.onnx"), options, &model, &error);
  };
  expect_failure(load(nullptr), Q_E_SHAPE, error, "'image'");
  assert_true(error.says("give its shape"));
  const Dims dims{-1, -1, 12, 12};
  const q_shape shape = shape_of(dims);
  auto options = sized<q_load_options>();
  options.input_shapes = &shape;
  options.input_shape_count = 1;
  expect_ok(load(&options), error);
  const Model open(model);
  const Model fixed = load_bytes(small_network());
  const Session a = make_session(open.get());
  const Session b = make_session(fixed.get());
  assert_true(run(a.get(), sample(1)) == run(b.get(), sample(1)));
  assert_true(open_sizes(open.get()) == "?,,?,?");
  assert_true(open_sizes(int8_of(open.get()).get()) == "?,,?,?");
  assert_true(open_sizes(fixed.get()) == ",,,");
  q_str name{"", 3};
  expect_failure(q_model_get_open_size(open.get(), 0, 4, &name, &error), Q_E_ARGUMENT, error, "dimension 4");
  assert_int_equal(name.size, 0);
  expect_failure(q_model_get_open_size(open.get(), 1, 0, &name, &error), Q_E_ARGUMENT, error, "input 1");
  expect_failure(q_model_get_open_size(open.get(), 0, -1, &name, &error), Q_E_ARGUMENT, error, "dimension -1");
  options.fix_sizes = 1;
  expect_ok(load(&options), error);
  assert_true(open_sizes(Model(model).get()) == ",,,");
}

int32_t append(void* user, q_bytes part) {
  static_cast<std::string*>(user)->append(static_cast<const char*>(part.data), part.size);
  return 0;
}

// Float and int8, in every format: the file leaves the same sizes open, and follows them.
void test_open_sizes_in_every_format(void**) {
  const std::string bytes = small_network({0, 3, 0, 0});
  const Dims dims{1, 3, 12, 12}, larger{2, 3, 15, 20};
  const q_shape shape = shape_of(dims);
  auto options = sized<q_load_options>();
  options.input_shapes = &shape;
  options.input_shape_count = 1;
  const auto loaded = [&](const std::string& file, const char* name) {
    q_model* model = nullptr;
    Error error;
    expect_ok(q_model_load_bytes({file.data(), file.size()}, q_text(name), &options, &model, &error), error);
    return Model(model);
  };
  const Model network = loaded(bytes, "open.onnx");
  const Model int8 = int8_of(network.get());
  for (const q_model* model : {network.get(), int8.get()}) {
    const Session here = session_with(model, larger);
    const std::vector<float> input(2 * 3 * 15 * 20, 0.25F);
    const auto expected = run_of(here.get(), input, 10);
    for (const char* format : {"octet", "onnx", "mnn", "tflite"}) {
      print_message("  %s as .%s\n", model == int8.get() ? "int8" : "float", format);
      std::string file;
      Error error;
      expect_ok(q_model_write(model, q_text(format), append, &file, &error), error);
      const Model again = loaded(file, format);
      assert_true(open_sizes(again.get()) == "?,,?,?");
      const Session there = session_with(again.get(), larger);
      const auto found = run_of(there.get(), input, 10);
      for (std::size_t i = 0; i < found.size(); ++i) assert_true(std::abs(found[i] - expected[i]) <= 1e-6F);
    }
  }
}

void test_wrong_shapes(void**) {
  const Model model = load_bytes(small_network());
  const auto refused = [&](const Dims& dims, std::int32_t count, q_status status, const char* word) {
    const q_shape shape = shape_of(dims);
    auto options = sized<q_session_options>();
    options.input_shapes = count == 0 ? nullptr : &shape;
    options.input_shape_count = count == 0 ? 1 : count;
    q_session* session = nullptr;
    Error error;
    expect_failure(q_session_create(model.get(), &options, &session, &error), status, error, word);
    assert_null(session);
  };
  refused({1, 3, 12, 12}, 0, Q_E_ARGUMENT, "input_shapes");
  refused({1, 3, 12, 12}, 2, Q_E_ARGUMENT, "input_shape_count is 2");
  refused({1, 3, 12, 12}, -1, Q_E_ARGUMENT, "input_shape_count");
  refused({1, 3, 12}, 1, Q_E_SHAPE, "4 dimensions");
  refused({1, 3, 0, 12}, 1, Q_E_SHAPE, "size 0");
  refused({1, 3, -2, 12}, 1, Q_E_SHAPE, "-2");
  refused({1, 4, 12, 12}, 1, Q_E_SHAPE, "Conv_a");
  refused({INT64_MAX, 3, INT64_MAX, 12}, 1, Q_E_SHAPE, "image");
}

}  // namespace
}  // namespace octet::test

int main() {
  using namespace octet::test;
  const CMUnitTest tests[] = {
      cmocka_unit_test(test_a_batch_of_float_and_int8),
      cmocka_unit_test(test_larger_images),
      cmocka_unit_test(test_sizes_that_the_file_leaves_open),
      cmocka_unit_test(test_open_sizes_in_every_format),
      cmocka_unit_test(test_wrong_shapes),
  };
  return cmocka_run_group_tests(tests, nullptr, nullptr);
}
