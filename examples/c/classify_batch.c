/* Several pictures in one run: a session whose input has another size than the model's, here of as many samples as
 * there are pictures. Larger or smaller images are asked for in the same way, where a network does not fix their size.
 *
 *   classify_batch [model] [picture...]
 *
 * For classifiers of one picture. Prints the class of each with its probability. */
#include <octet/octet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MODELS "../models/" /* as seen from this folder */

static q_error error = {sizeof error, 0, ""};

static void check(q_status status) {
  if (status == Q_OK) return;
  fprintf(stderr, "%s: %s\n", q_status_name(status), error.message);
  exit(1);
}

/* An int8 model knows how pictures are prepared. For a float one it stands in quantize.json beside the file. */
static q_recipe recipe_of(const q_model* model, const char* file) {
  q_recipe recipe = {.struct_size = sizeof recipe};
  if (q_model_get_recipe(model, &recipe, &error) != Q_OK) {
    const char* slash = strrchr(file, '/');
    char path[1024];
    snprintf(path, sizeof path, "%.*squantize.json", (int)(slash ? slash - file + 1 : 0), file);
    check(q_recipe_from_config(q_text(path), q_text(NULL), &recipe, &error));
  }
  return recipe;
}

int main(int argc, char** argv) {
  static const char* const usual[] = {MODELS "test/0001.png", MODELS "test/0002.png", MODELS "test/0005.png"};
  const char* file = argc > 1 ? argv[1] : MODELS "shapes.onnx";
  const char* const* pictures = argc > 2 ? (const char* const*)argv + 2 : usual;
  const int count = argc > 2 ? argc - 2 : (int)(sizeof usual / sizeof *usual);
  const int64_t batch[4] = {count, -1, -1, -1}; /* -1: the model's own size */
  const q_shape shape = {batch, 4, 0};
  q_session_options options = {.struct_size = sizeof options};
  q_tensor_info one = {.struct_size = sizeof one}, all = {.struct_size = sizeof all},
                classes = {.struct_size = sizeof classes};
  q_tensor input = {0}, output = {0};
  q_model* model = NULL;
  q_session* session = NULL;
  q_recipe recipe;
  int i;

  check(q_model_load(q_text(file), NULL, &model, &error));
  recipe = recipe_of(model, file);
  options.input_shapes = &shape;
  options.input_shape_count = 1;
  check(q_session_create(model, &options, &session, &error));
  check(q_model_get_input(model, 0, &one, &error));          /* 1 x 3 x 64 x 64 */
  check(q_session_get_input(session, 0, &all, &error));      /* 3 x 3 x 64 x 64 */
  check(q_session_get_output(session, 0, &classes, &error)); /* 3 x 16 */
  input.size_bytes = (size_t)all.element_count * sizeof(float);
  output.size_bytes = (size_t)classes.element_count * sizeof(float);
  if (!(input.data = malloc(input.size_bytes)) || !(output.data = malloc(output.size_bytes))) abort();

  for (i = 0; i < count; ++i) {
    q_pixels pixels = {.struct_size = sizeof pixels};
    q_image* image = NULL;
    float* place = (float*)input.data + i * one.element_count;
    check(q_image_load(q_text(pictures[i]), Q_PIXELS_RGB, &image, &error));
    check(q_image_get_pixels(image, &pixels, &error));
    check(q_pixels_to_input(&pixels, model, 0, &recipe, place, (size_t)one.element_count, &error));
    q_image_free(image);
  }
  check(q_session_run(session, &input, 1, &output, 1, &error));
  for (i = 0; i < count; ++i) {
    const int64_t size = classes.element_count / count;
    const float* values = (const float*)output.data + i * size;
    int64_t k, best = 0;
    for (k = 1; k < size; ++k) {
      if (values[k] > values[best]) best = k;
    }
    printf("%s: class %lld, probability %.3f\n", pictures[i], (long long)best, values[best]);
  }
  free(input.data);
  free(output.data);
  q_session_free(session);
  q_model_free(model);
  return 0;
}
