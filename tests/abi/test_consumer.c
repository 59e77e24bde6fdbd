/* A program in C that does the whole job: load, quantize on its own samples, save, load again, run, compare. */
#include <octet/octet.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
/* cmocka wants the above before it */
#include <cmocka.h>

#define MODELS OCTET_SOURCE_DIR "/examples/models/"

static void expect_ok(q_status status, const q_error* error) {
  if (status != Q_OK) print_error("%s: %s\n", q_status_name(status), error->message);
  assert_int_equal(status, Q_OK);
}

struct samples {
  const q_model* model;
  q_recipe recipe;
  q_error error;
};

/* Calibration pictures 1 to 8, decoded and prepared by the library. */
static int32_t load_sample(void* user, int64_t index, const q_tensor* inputs, int32_t input_count) {
  struct samples* samples = user;
  q_image* image = NULL;
  q_pixels pixels = {sizeof pixels};
  q_status status;
  char path[1024];
  if (input_count != 1) return 1;
  snprintf(path, sizeof path, MODELS "calibration/%04d.png", (int)index + 1);
  status = q_image_load(q_text(path), samples->recipe.format, &image, &samples->error);
  if (status != Q_OK) return 2;
  status = q_image_get_pixels(image, &pixels, &samples->error);
  if (status == Q_OK) {
    status = q_pixels_to_input(&pixels, samples->model, 0, &samples->recipe, inputs[0].data,
                               inputs[0].size_bytes / sizeof(float), &samples->error);
  }
  q_image_free(image);
  return status == Q_OK ? 0 : 3;
}

static int largest(const float* values, int64_t count) {
  int best = 0;
  int i;
  for (i = 1; i < count; ++i) {
    if (values[i] > values[best]) best = i;
  }
  return best;
}

static int classify(const q_model* model, const struct samples* samples, const char* picture) {
  q_error error = {sizeof error, 0, {0}};
  q_tensor_info in = {sizeof in}, out = {sizeof out};
  q_session* session = NULL;
  q_image* image = NULL;
  q_pixels pixels = {sizeof pixels};
  q_tensor input = {0}, output = {0};
  int result;
  expect_ok(q_model_get_input(model, 0, &in, &error), &error);
  expect_ok(q_model_get_output(model, 0, &out, &error), &error);
  input.size_bytes = (size_t)in.element_count * sizeof(float);
  output.size_bytes = (size_t)out.element_count * sizeof(float);
  input.data = malloc(input.size_bytes);
  output.data = malloc(output.size_bytes);
  expect_ok(q_image_load(q_text(picture), samples->recipe.format, &image, &error), &error);
  expect_ok(q_image_get_pixels(image, &pixels, &error), &error);
  expect_ok(q_pixels_to_input(&pixels, model, 0, &samples->recipe, input.data, (size_t)in.element_count, &error),
            &error);
  expect_ok(q_session_create(model, NULL, &session, &error), &error);
  expect_ok(q_session_run(session, &input, 1, &output, 1, &error), &error);
  result = largest(output.data, out.element_count);
  q_session_free(session);
  q_image_free(image);
  free(input.data);
  free(output.data);
  return result;
}

static void test_whole_job(void** state) {
  char path[] = "/tmp/octet-consumer-XXXXXX.octet";
  q_error error = {sizeof error, 0, {0}};
  q_model *model = NULL, *quantized = NULL, *loaded = NULL;
  q_calibration calibration = {sizeof calibration};
  q_quantize_options options = {sizeof options};
  q_model_info info = {sizeof info}, small_info = {sizeof small_info};
  struct samples samples = {0};
  int same = 0;
  int i;
  const int file = mkstemps(path, 6);
  (void)state;
  assert_true(file >= 0);
  close(file);
  samples.recipe.struct_size = sizeof samples.recipe;
  samples.error.struct_size = sizeof samples.error;
  expect_ok(q_recipe_from_config(q_text(MODELS "quantize.json"), q_text(NULL), &samples.recipe, &error), &error);
  expect_ok(q_model_load(q_text(MODELS "shapes.onnx"), NULL, &model, &error), &error);
  samples.model = model;
  calibration.count = 8;
  calibration.load = load_sample;
  calibration.user = &samples;
  options.calibration = &calibration;
  options.feature_method = q_text("MINMAX");
  expect_ok(q_quantize(model, &options, &quantized, NULL, &error), &error);
  expect_ok(q_model_save(quantized, q_text(path), &error), &error);
  q_model_free(quantized);
  expect_ok(q_model_load(q_text(path), NULL, &loaded, &error), &error);
  expect_ok(q_model_get_info(model, &info, &error), &error);
  expect_ok(q_model_get_info(loaded, &small_info, &error), &error);
  assert_true(small_info.file_bytes * 2 < info.file_bytes);
  assert_true(small_info.int8_layer_count > 0);
  for (i = 1; i <= 10; ++i) {
    char picture[1024];
    snprintf(picture, sizeof picture, MODELS "test/%04d.png", i);
    same += classify(model, &samples, picture) == classify(loaded, &samples, picture);
  }
  assert_true(same >= 9);
  q_model_free(model);
  q_model_free(loaded);
  unlink(path);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(test_whole_job)};
  return cmocka_run_group_tests_name("a program in C", tests, NULL, NULL);
}
