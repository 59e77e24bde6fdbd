/* Calibration without files: the program has tensors, and gives them to the library one at a time.
 *
 *   calibrate_from_memory [folder]
 *
 * The folder holds shapes.onnx, quantize.json and labels.tsv, which lists pictures. Here the tensors come from pictures
 * that are decoded once; in a program of yours they may come from anywhere. */
#include <octet/octet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static q_error error = {sizeof error, 0, ""};

static void check(q_status status) {
  if (status == Q_OK) return;
  fprintf(stderr, "%s: %s\n", q_status_name(status), error.message);
  exit(1);
}

/* Tensors of one shape, one after the other. */
struct samples {
  float* values;
  size_t size; /* elements of one */
  int64_t count;
};

/* Called by the library, on this thread, as often as it wants to see a sample: the same values each time. */
static int32_t give_sample(void* user, int64_t index, const q_tensor* inputs, int32_t input_count) {
  const struct samples* samples = user;
  if (input_count != 1 || inputs[0].size_bytes != samples->size * sizeof(float)) return 1;
  memcpy(inputs[0].data, samples->values + (size_t)index * samples->size, inputs[0].size_bytes);
  return 0;
}

static q_calibration source_of(struct samples* samples) {
  q_calibration source = {.struct_size = sizeof source};
  source.count = samples->count;
  source.load = give_sample;
  source.user = samples;
  return source;
}

static void add_picture(struct samples* samples, const char* file, const q_model* model, const q_recipe* recipe) {
  q_image* image = NULL;
  q_pixels pixels = {.struct_size = sizeof pixels};
  float* grown = realloc(samples->values, ((size_t)samples->count + 1) * samples->size * sizeof(float));
  if (!grown) abort();
  samples->values = grown;
  check(q_image_load(q_text(file), recipe->format, &image, &error));
  check(q_image_get_pixels(image, &pixels, &error));
  check(q_pixels_to_input(&pixels, model, 0, recipe, grown + (size_t)samples->count * samples->size, samples->size,
                          &error));
  q_image_free(image);
  ++samples->count;
}

/* The pictures of labels.tsv (lines of "file, tab, class, ...") whose names begin with `start`, `most` of them at most.
 */
static struct samples read_pictures(const char* folder, const char* start, int64_t most, const q_model* model) {
  struct samples samples = {0};
  q_recipe recipe = {.struct_size = sizeof recipe};
  q_tensor_info input = {.struct_size = sizeof input};
  char path[1024], line[1024];
  FILE* list;
  snprintf(path, sizeof path, "%s/quantize.json", folder);
  check(q_recipe_from_config(q_text(path), q_text(NULL), &recipe, &error));
  check(q_model_get_input(model, 0, &input, &error));
  samples.size = (size_t)input.element_count;
  snprintf(path, sizeof path, "%s/labels.tsv", folder);
  list = fopen(path, "r");
  if (!list) {
    perror(path);
    exit(1);
  }
  while (samples.count < most && fgets(line, sizeof line, list)) {
    if (strncmp(line, start, strlen(start)) != 0) continue;
    snprintf(path, sizeof path, "%s/%.*s", folder, (int)strcspn(line, "\t\n"), line);
    add_picture(&samples, path, model, &recipe);
  }
  fclose(list);
  return samples;
}

int main(int argc, char** argv) {
  const char* folder = argc > 1 ? argv[1] : "../models";
  q_quantize_options quantizing = {.struct_size = sizeof quantizing};
  q_compare_options comparing = {.struct_size = sizeof comparing};
  q_report_info found = {.struct_size = sizeof found};
  q_output_error output = {.struct_size = sizeof output};
  q_calibration source;
  q_model *network = NULL, *quantized = NULL;
  q_report* report = NULL;
  struct samples calibration, test;
  char path[1024];

  snprintf(path, sizeof path, "%s/shapes.onnx", folder);
  check(q_model_load(q_text(path), NULL, &network, &error));
  calibration = read_pictures(folder, "calibration/", 64, network);
  test = read_pictures(folder, "test/", 200, network);

  source = source_of(&calibration);
  quantizing.calibration = &source;
  check(q_quantize(network, &quantizing, &quantized, NULL, &error));

  /* The same kind of source serves to compare the two networks, over other pictures. */
  source = source_of(&test);
  comparing.samples = &source;
  check(q_compare(network, quantized, &comparing, &report, &error));
  check(q_report_get_info(report, &found, &error));
  check(q_report_get_output(report, 0, &output, &error));
  printf("calibrated with %lld tensors from memory\n", (long long)calibration.count);
  printf("float and int8 agree on %.1f %% of %lld test pictures; least cosine of the outputs %.4f\n",
         100 * found.agreement, (long long)found.measured_samples, output.cosine);

  q_report_free(report);
  q_model_free(quantized);
  q_model_free(network);
  free(calibration.values);
  free(test.values);
  return 0;
}
