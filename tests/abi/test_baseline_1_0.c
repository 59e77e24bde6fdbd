/* A program of ABI 1.0: compiled with the header of that day (tests/golden/abi/1.0), run on today's library. It uses
 * every function and every struct that there were (tests/checks/abi.sh sees to it). Do not adapt it to a newer header.
 */
#include <octet.h>
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

#if Q_ABI_VERSION != 0x00010000u
#error "this is not the header of ABI 1.0"
#endif

#define MODELS OCTET_SOURCE_DIR "/examples/models/"
#define CONFIG                                                                                                \
  "{\"format\": \"RGB\", \"mean\": [127.5, 127.5, 127.5], \"normal\": [0.00784314, 0.00784314, 0.00784314], " \
  "\"width\": 64, \"height\": 64, \"feature_quantize_method\": \"MINMAX\"}"
enum { INPUT_COUNT = 3 * 64 * 64, CLASS_COUNT = 16, SAMPLE_COUNT = 4 };

/* Calls of each callback. */
static int logged, progressed, loaded, written, pieces, taken, given_back;

static void log_line(void* user, int32_t level, q_str message) {
  assert_ptr_equal(user, &logged);
  assert_true(level >= Q_LOG_INFO && level <= Q_LOG_ERROR && message.size > 0);
  ++logged;
}
static int32_t show_progress(void* user, const q_progress* progress) {
  assert_ptr_equal(user, &progressed);
  assert_true(progress->struct_size >= sizeof *progress && progress->stage.size > 0);
  assert_true(progress->done >= 0 && progress->done <= progress->total && progress->seconds_left >= -1);
  ++progressed;
  return 0;
}
static int32_t load_sample(void* user, int64_t index, const q_tensor* inputs, int32_t input_count) {
  float* values = inputs[0].data;
  size_t i;
  assert_ptr_equal(user, &loaded);
  assert_int_equal(input_count, 1);
  assert_int_equal(inputs[0].size_bytes, INPUT_COUNT * sizeof(float));
  assert_true(index >= 0 && index < SAMPLE_COUNT);
  for (i = 0; i < INPUT_COUNT; ++i) values[i] = (float)((i * 31 + (size_t)index * 17) % 255) / 127.5f - 1;
  ++loaded;
  return 0;
}
static int32_t write_part(void* user, q_bytes part) {
  *(size_t*)user += part.size;
  ++written;
  return 0;
}
static void run_pieces(void* user, q_piece_fn piece, void* arg, int64_t count) {
  assert_ptr_equal(user, &pieces);
  while (count-- > 0) piece(arg, count);
  ++pieces;
}
static void* take(void* user, size_t size, size_t alignment) {
  assert_ptr_equal(user, &taken);
  ++taken;
  return aligned_alloc(alignment, (size + alignment - 1) / alignment * alignment);
}
static void give_back(void* user, void* memory, size_t size) {
  assert_ptr_equal(user, &taken);
  assert_true(size > 0);
  ++given_back;
  free(memory);
}

static void expect(q_status wanted, q_status status, const q_error* error) {
  if (status != wanted) print_error("%s: %s\n", q_status_name(status), error->message);
  assert_int_equal(status, wanted);
  assert_int_equal(error->code, wanted);
}
#define OK(call) expect(Q_OK, call, &error)

static q_model* load_network(void) {
  q_error error = {sizeof error, 0, ""};
  q_load_options options = {sizeof options, 0, log_line, &logged};
  q_model* model = NULL;
  OK(q_model_load(q_text(MODELS "shapes.onnx"), &options, &model, &error));
  assert_non_null(model);
  return model;
}

/* From pictures where there is no report to make, from tensors otherwise. */
static q_model* quantize(const q_model* network, q_report** report) {
  q_error error = {sizeof error, 0, ""};
  q_calibration samples = {sizeof samples, 0, SAMPLE_COUNT, load_sample, &loaded};
  q_quantize_options options = {sizeof options};
  const q_str files[2] = {q_text(MODELS "calibration/0001.png"), q_text(MODELS "calibration/0002.png")};
  q_model* model = NULL;
  options.threads = 2;
  options.calibration = report ? &samples : NULL;
  options.image_files = files;
  options.image_file_count = 2;
  options.config_json = q_text(CONFIG);
  options.weight_method = q_text("MAX_ABS");
  options.progress = show_progress;
  options.progress_user = &progressed;
  options.log = log_line;
  options.log_user = &logged;
  OK(q_quantize(network, &options, &model, report, &error));
  assert_non_null(model);
  return model;
}

static void test_basics(void** state) {
  (void)state;
  assert_int_equal(q_abi_version() >> 16, Q_ABI_VERSION >> 16);
  assert_true(q_abi_version() >= Q_ABI_VERSION);
  assert_non_null(strchr(q_version(), '.'));
  assert_string_equal(q_status_name(Q_E_FORMAT), "Q_E_FORMAT");
  assert_int_equal(q_text("four").size, 4);
}

static void test_models(void** state) {
  q_error error = {sizeof error, 0, ""};
  q_model *network = load_network(), *model = quantize(network, NULL), *again = NULL;
  q_model_info info = {sizeof info};
  q_tensor_info input = {sizeof input}, output = {sizeof output};
  q_layer_info layer = {sizeof layer};
  q_recipe recipe = {sizeof recipe};
  size_t bytes = 0;
  char path[] = "/tmp/octet-baseline-XXXXXX.octet";
  const int file = mkstemps(path, 6);
  FILE* stream;
  char* content;
  (void)state;
  assert_true(file >= 0);
  OK(q_model_get_info(network, &info, &error));
  assert_int_equal(info.input_count + info.output_count, 2);
  assert_int_equal(info.int8_layer_count, 0);
  assert_true(info.macs > 11000000 && info.macs < 12000000 && info.file_bytes == 798931);
  assert_memory_equal(info.source_format.data, "onnx", 4);
  OK(q_model_get_input(network, 0, &input, &error));
  OK(q_model_get_output(network, 0, &output, &error));
  assert_int_equal(input.element_count, INPUT_COUNT);
  assert_int_equal(output.element_count, CLASS_COUNT);
  assert_int_equal(input.rank, 4);
  assert_int_equal(input.dims[1], 3);
  assert_int_equal(input.dims[3], 64);
  assert_memory_equal(input.name.data, "image", 5);
  OK(q_model_get_layer(network, 0, &layer, &error));
  assert_true(layer.macs > 0 && layer.weight_bytes > 0 && layer.output.rank == 4 && layer.op.size > 0);
  expect(Q_E_DATA, q_model_get_recipe(network, &recipe, &error), &error);
  OK(q_model_get_recipe(model, &recipe, &error));
  assert_int_equal(recipe.width, 64);
  assert_int_equal(recipe.format, Q_PIXELS_RGB);
  assert_true(recipe.mean[0] == 127.5f && recipe.center_crop_h == 1);
  OK(q_model_get_info(model, &info, &error));
  assert_true(info.int8_layer_count > 0 && info.int8_macs > 0 && info.weight_bytes < 400000);
  OK(q_model_save(model, q_text(path), &error));
  OK(q_model_write(model, q_text("octet"), write_part, &bytes, &error));
  assert_true(written > 0);
  stream = fdopen(file, "rb");
  content = malloc(bytes + 1);
  rewind(stream);
  stream = freopen(path, "rb", stream);
  assert_int_equal(fread(content, 1, bytes + 1, stream), bytes);
  fclose(stream);
  {
    const q_bytes whole = {content, bytes};
    OK(q_model_load_bytes(whole, q_text("from bytes"), NULL, &again, &error));
  }
  free(content);
  unlink(path);
  q_model_free(again);
  q_model_free(model);
  q_model_free(network);
}

static void test_images_and_sessions(void** state) {
  static float values[INPUT_COUNT], scores[CLASS_COUNT], others[CLASS_COUNT];
  q_error error = {sizeof error, 0, ""};
  q_model* network = load_network();
  q_recipe recipe = {sizeof recipe};
  q_image *image = NULL, *same = NULL;
  q_pixels pixels = {sizeof pixels}, same_pixels = {sizeof same_pixels};
  q_mapping mapping = {sizeof mapping};
  q_session* session = NULL;
  q_allocator allocator = {sizeof allocator, 0, take, give_back, &taken};
  q_session_options options = {sizeof options};
  q_session_info info = {sizeof info}, measured = {sizeof measured};
  q_step_info step = {sizeof step};
  q_tensor input = {values, sizeof values, NULL, Q_FLOAT32, 0};
  q_tensor output = {scores, sizeof scores, NULL, Q_FLOAT32, 0};
  q_tensor other = {others, sizeof others, NULL, Q_FLOAT32, 0};
  static char png[65536];
  q_bytes content = {png, 0};
  double peak = -1;
  void* arena;
  FILE* file = fopen(MODELS "test/0005.png", "rb");
  (void)state;
  assert_non_null(file);
  content.size = fread(png, 1, sizeof png, file);
  fclose(file);
  OK(q_recipe_from_config(q_text(NULL), q_text(CONFIG), &recipe, &error));
  OK(q_image_load(q_text(MODELS "test/0005.png"), Q_PIXELS_RGB, &image, &error));
  OK(q_image_decode(content, q_text("0005"), Q_PIXELS_BGRA, &same, &error));
  OK(q_image_get_pixels(image, &pixels, &error));
  OK(q_image_get_pixels(same, &same_pixels, &error));
  assert_int_equal(pixels.width, 64);
  assert_int_equal(same_pixels.data[2], pixels.data[0]);
  OK(q_pixels_to_input(&pixels, network, 0, &recipe, values, INPUT_COUNT, &error));
  OK(q_pixels_get_mapping(&pixels, network, 0, &recipe, &mapping, &error));
  assert_true(mapping.scale_x == 1 && mapping.scale_y == 1 && mapping.offset_x == 0 && mapping.offset_y == 0);

  options.threads = 2;
  options.isa = q_text("ref");
  options.profile = 1;
  options.runner = run_pieces;
  options.runner_user = &pieces;
  OK(q_session_measure(network, &options, &measured, &error));
  arena = aligned_alloc(64, ((size_t)measured.arena_bytes + 63) / 64 * 64);
  options.arena = arena;
  options.arena_bytes = (size_t)measured.arena_bytes;
  options.allocator = &allocator;
  OK(q_session_create(network, &options, &session, &error));
  OK(q_session_get_info(session, &info, &error));
  assert_int_equal(info.arena_bytes, measured.arena_bytes);
  assert_int_equal(info.step_count, measured.step_count);
  assert_int_equal(info.threads, 2);
  assert_memory_equal(info.isa.data, "ref", 3);
  OK(q_session_run(session, &input, 1, &output, 1, &error));
  OK(q_session_run_image(session, &same_pixels, &recipe, &other, 1, &error));
  assert_memory_equal(scores, others, sizeof scores);
  assert_true(scores[4] > 0.5f); /* the picture shows a 4 */
  assert_true(pieces > 0);
  q_session_cancel(session, 1);
  expect(Q_E_CANCELLED, q_session_run(session, &input, 1, &output, 1, &error), &error);
  q_session_cancel(session, 0);
  OK(q_session_run(session, &input, 1, &output, 1, &error));
  OK(q_session_get_step(session, 0, &step, &error));
  assert_true(step.kernel.size > 0 && step.total_ms >= step.last_ms && step.last_ms >= 0);
  OK(q_measure_peak(q_text("ref"), Q_INT8, 1, &peak, &error));
  assert_true(peak == 0);
  q_session_free(session);
  q_image_free(same);
  q_image_free(image);
  q_model_free(network);
  free(arena);
  assert_int_equal(taken, given_back);
}

static void test_jobs_and_reports(void** state) {
  q_error error = {sizeof error, 0, ""};
  q_model *network = load_network(), *model;
  q_calibration samples = {sizeof samples, 0, SAMPLE_COUNT, load_sample, &loaded};
  q_compare_options options = {sizeof options};
  q_report* reports[2] = {NULL, NULL};
  int i;
  char path[] = "/tmp/octet-baseline-XXXXXX.html";
  const int file = mkstemps(path, 5);
  (void)state;
  assert_true(file >= 0);
  close(file);
  model = quantize(network, &reports[0]);
  assert_true(progressed > 0 && loaded >= SAMPLE_COUNT);
  options.samples = &samples;
  options.progress = show_progress;
  options.progress_user = &progressed;
  options.log = log_line;
  options.log_user = &logged;
  OK(q_compare(network, model, &options, &reports[1], &error));
  for (i = 0; i < 2; ++i) {
    q_report_info info = {sizeof info};
    q_output_error output = {sizeof output};
    q_layer_error layer = {sizeof layer};
    q_kept_float kept = {sizeof kept};
    q_str text = {NULL, 0};
    OK(q_report_get_info(reports[i], &info, &error));
    assert_int_equal(info.calibration_samples, i == 0 ? SAMPLE_COUNT : 0);
    assert_true(info.measured_samples > 0 && info.layer_count > 10 && info.output_count == 1);
    assert_true(info.int8_weight_bytes < info.float_weight_bytes && info.seconds >= 0);
    OK(q_report_get_output(reports[i], 0, &output, &error));
    assert_true(output.cosine > 0.5 && output.mean_cosine >= output.cosine && output.max_abs_error >= 0);
    OK(q_report_get_layer(reports[i], 0, &layer, &error));
    assert_true(layer.name.size > 0 && layer.op.size > 0 && layer.cosine > 0.5);
    expect(Q_E_ARGUMENT, q_report_get_kept_float(reports[i], 0, &kept, &error), &error);
    expect(Q_E_ARGUMENT, q_report_get_warning(reports[i], info.warning_count, &text, &error), &error);
    OK(q_report_get_json(reports[i], &text, &error));
    assert_true(text.size > 100 && text.data[0] == '{' && text.data[text.size - 1] == '}');
    OK(q_report_save(reports[i], q_text(path), &error));
    q_report_free(reports[i]);
  }
  unlink(path);
  q_model_free(model);
  q_model_free(network);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_basics),
      cmocka_unit_test(test_models),
      cmocka_unit_test(test_images_and_sessions),
      cmocka_unit_test(test_jobs_and_reports),
  };
  return cmocka_run_group_tests_name("a program of ABI 1.0", tests, NULL, NULL);
}
