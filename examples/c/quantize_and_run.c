/* The main job: an int8 network from a float one and about a hundred pictures; it is saved, and run on one picture.
 *
 *   quantize_and_run [configuration] [network] [picture]
 *
 * Writes <name of the network>.octet into the current folder and prints the class with its probability. */
#include <octet/octet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MODELS "../models/" /* as seen from this folder */

static q_error error = {sizeof error, 0, ""};

/* Every failure says in error.message what was wrong, where, and what to do. */
static void check(q_status status) {
  if (status == Q_OK) return;
  fprintf(stderr, "%s: %s\n", q_status_name(status), error.message);
  exit(1);
}

/* Called a few times a second; anything but 0 would stop the work. */
static int32_t show_progress(void* user, const q_progress* progress) {
  FILE* out = user;
  fprintf(out, "%.*s %lld of %lld", (int)progress->stage.size, progress->stage.data, (long long)progress->done,
          (long long)progress->total);
  if (progress->done < progress->total && progress->seconds_left >= 0) {
    fprintf(out, ", %.0f s left", progress->seconds_left);
  }
  fputs(progress->done < progress->total ? "          \r" : "            \n", out);
  return 0;
}

/* What is worth knowing beside the result, such as pictures that could not be read. */
static void show_line(void* user, int32_t level, q_str message) {
  fprintf(user, "%s%.*s\n", level >= Q_LOG_WARNING ? "warning: " : "", (int)message.size, message.data);
}

/* "models/shapes.onnx" -> "shapes.octet" */
static void name_of_result(const char* network, char* out, size_t size) {
  const char* slash = strrchr(network, '/');
  const char* name = slash ? slash + 1 : network;
  const char* dot = strrchr(name, '.');
  snprintf(out, size, "%.*s.octet", (int)(dot ? dot - name : (long)strlen(name)), name);
}

static void quantize(const char* configuration, const char* network, const char* result) {
  q_quantize_options options = {.struct_size = sizeof options};
  q_report_info found = {.struct_size = sizeof found};
  q_model *model = NULL, *quantized = NULL;
  q_report* report = NULL;
  options.config_path = q_text(configuration);
  options.progress = show_progress;
  options.progress_user = stderr;
  options.log = show_line;
  options.log_user = stderr;
  check(q_model_load(q_text(network), NULL, &model, &error));
  check(q_quantize(model, &options, &quantized, &report, &error));
  check(q_model_save(quantized, q_text(result), &error));
  check(q_report_get_info(report, &found, &error));
  printf("%s: weights of %lld bytes instead of %lld", result, (long long)found.int8_weight_bytes,
         (long long)found.float_weight_bytes);
  if (found.agreement >= 0) printf("; agrees with the float network on %.1f %% of the pictures", 100 * found.agreement);
  putchar('\n');
  q_report_free(report);
  q_model_free(quantized);
  q_model_free(model);
}

static void classify(const char* file, const char* picture) {
  q_tensor_info scores = {.struct_size = sizeof scores};
  q_pixels pixels = {.struct_size = sizeof pixels};
  q_tensor output = {0};
  q_model* model = NULL;
  q_session* session = NULL;
  q_image* image = NULL;
  const float* values;
  int64_t i, best = 0;
  check(q_model_load(q_text(file), NULL, &model, &error));
  check(q_session_create(model, NULL, &session, &error));
  check(q_image_load(q_text(picture), Q_PIXELS_RGB, &image, &error));
  check(q_image_get_pixels(image, &pixels, &error));
  check(q_model_get_output(model, 0, &scores, &error));
  output.size_bytes = (size_t)scores.element_count * sizeof(float);
  output.data = malloc(output.size_bytes);
  if (!output.data) abort();
  /* How pictures are prepared is stored in the int8 network; the values are those of the float one's output. */
  check(q_session_run_image(session, &pixels, NULL, &output, 1, &error));
  values = output.data;
  for (i = 1; i < scores.element_count; ++i) {
    if (values[i] > values[best]) best = i;
  }
  printf("%s: class %lld, probability %.3f\n", picture, (long long)best, values[best]);
  free(output.data);
  q_image_free(image);
  q_session_free(session);
  q_model_free(model);
}

int main(int argc, char** argv) {
  const char* configuration = argc > 1 ? argv[1] : MODELS "quantize.json";
  const char* network = argc > 2 ? argv[2] : MODELS "shapes.onnx";
  const char* picture = argc > 3 ? argv[3] : MODELS "test/0005.png";
  char result[1024];
  name_of_result(network, result, sizeof result);
  quantize(configuration, network, result);
  classify(result, picture);
  return 0;
}
