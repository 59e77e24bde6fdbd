/* Finds faces in a picture and draws a box around each.
 *
 *   detect_faces [model] [picture] [result.png]
 *
 * For networks with two outputs: scores (1 x N x 2: background, face) and boxes (1 x N x 4: corners x1 y1 x2 y2 in
 * shares of the input's width and height). Prints a line "x1 y1 x2 y2 score" for each face, in pixels of the picture.
 */
#include <octet/octet.h>
#include <png.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FACES "../models/faces/"
enum { MAX_FACES = 1000 };

struct face {
  float x1, y1, x2, y2, score;
};

static q_error error = {sizeof error, 0, ""};

static void stop(const char* message) {
  fprintf(stderr, "%s\n", message);
  exit(1);
}
static void check(q_status status) {
  if (status != Q_OK) stop(error.message);
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

static float smaller(float a, float b) { return a < b ? a : b; }
static float larger(float a, float b) { return a > b ? a : b; }

/* Intersection over union. */
static float overlap(const struct face* a, const struct face* b) {
  const float width = larger(0, smaller(a->x2, b->x2) - larger(a->x1, b->x1));
  const float height = larger(0, smaller(a->y2, b->y2) - larger(a->y1, b->y1));
  const float both = width * height;
  return both / ((a->x2 - a->x1) * (a->y2 - a->y1) + (b->x2 - b->x1) * (b->y2 - b->y1) - both);
}

static int by_score(const void* a, const void* b) {
  const float first = ((const struct face*)a)->score, second = ((const struct face*)b)->score;
  return (first < second) - (first > second);
}

/* Best first; of boxes that overlap much only the best one (non-maximum suppression). Returns how many. */
static int find_faces(const float* scores, const float* boxes, int64_t count, struct face* faces) {
  int found = 0, kept = 0, i, k;
  int64_t n;
  for (n = 0; n < count && found < MAX_FACES; ++n) {
    const struct face face = {boxes[4 * n], boxes[4 * n + 1], boxes[4 * n + 2], boxes[4 * n + 3], scores[2 * n + 1]};
    if (face.score <= 0.7f) continue;
    if (!(face.x1 < face.x2 && face.y1 < face.y2 && face.x1 > -1 && face.y1 > -1 && face.x2 < 2 && face.y2 < 2)) {
      stop("the boxes of this network are no corners: perhaps offsets to priors, which this program does not decode");
    }
    faces[found++] = face;
  }
  qsort(faces, (size_t)found, sizeof *faces, by_score);
  for (i = 0; i < found; ++i) {
    for (k = 0; k < kept && overlap(&faces[i], &faces[k]) <= 0.3f; ++k) continue;
    if (k == kept) faces[kept++] = faces[i];
  }
  return kept;
}

static int within(float value, int size) { return value < 0 ? 0 : value >= (float)size ? size - 1 : (int)value; }

/* A frame two pixels thick; `rgb` is the whole picture. */
static void draw(uint8_t* rgb, int width, int height, const struct face* face) {
  static const uint8_t colour[3] = {0, 230, 60};
  const int left = within(face->x1, width), right = within(face->x2, width);
  const int top = within(face->y1, height), bottom = within(face->y2, height);
  int x, y;
  for (y = top; y <= bottom; ++y) {
    for (x = left; x <= right; ++x) {
      if (x < left + 2 || x > right - 2 || y < top + 2 || y > bottom - 2) memcpy(rgb + (y * width + x) * 3, colour, 3);
    }
  }
}

int main(int argc, char** argv) {
  const char* file = argc > 1 ? argv[1] : FACES "faces.onnx";
  const char* picture = argc > 2 ? argv[2] : FACES "people.jpg";
  const char* result = argc > 3 ? argv[3] : "faces.png";
  static struct face faces[MAX_FACES];
  q_model_info info = {.struct_size = sizeof info};
  q_tensor_info input = {.struct_size = sizeof input},
                out[2] = {{.struct_size = sizeof out[0]}, {.struct_size = sizeof out[1]}};
  q_tensor outputs[2] = {{0}, {0}};
  q_pixels pixels = {.struct_size = sizeof pixels};
  q_mapping mapping = {.struct_size = sizeof mapping};
  q_model* model = NULL;
  q_session* session = NULL;
  q_image* image = NULL;
  png_image png = {0};
  q_recipe recipe;
  uint8_t* rgb;
  int i, count, scores;

  check(q_model_load(q_text(file), NULL, &model, &error));
  check(q_model_get_info(model, &info, &error));
  if (info.input_count != 1 || info.output_count != 2) stop("this network is no detector: it has not two outputs");
  check(q_model_get_input(model, 0, &input, &error));
  for (i = 0; i < 2; ++i) {
    check(q_model_get_output(model, i, &out[i], &error));
    outputs[i].size_bytes = (size_t)out[i].element_count * sizeof(float);
    if (!(outputs[i].data = malloc(outputs[i].size_bytes))) abort();
  }
  scores = out[0].rank == 3 && out[0].dims[2] == 2 ? 0 : 1; /* the other output has the boxes */
  if (out[scores].rank != 3 || out[scores].dims[2] != 2 || out[1 - scores].rank != 3 || out[1 - scores].dims[2] != 4 ||
      out[scores].element_count * 2 != out[1 - scores].element_count || input.rank != 4) {
    stop("this network is no detector: its outputs are not 1 x N x 2 and 1 x N x 4");
  }

  recipe = recipe_of(model, file);
  check(q_image_load(q_text(picture), Q_PIXELS_RGB, &image, &error));
  check(q_image_get_pixels(image, &pixels, &error));
  check(q_session_create(model, NULL, &session, &error));
  check(q_session_run_image(session, &pixels, &recipe, outputs, 2, &error));
  count = find_faces(outputs[scores].data, outputs[1 - scores].data, out[scores].dims[1], faces);

  if (!(rgb = malloc(pixels.size_bytes))) abort();
  memcpy(rgb, pixels.data, pixels.size_bytes); /* the image's own pixels are not to be written */
  check(q_pixels_get_mapping(&pixels, model, 0, &recipe, &mapping, &error));
  for (i = 0; i < count; ++i) {
    const float width = (float)input.dims[3], height = (float)input.dims[2];
    faces[i].x1 = mapping.scale_x * faces[i].x1 * width + mapping.offset_x;
    faces[i].x2 = mapping.scale_x * faces[i].x2 * width + mapping.offset_x;
    faces[i].y1 = mapping.scale_y * faces[i].y1 * height + mapping.offset_y;
    faces[i].y2 = mapping.scale_y * faces[i].y2 * height + mapping.offset_y;
    printf("%.1f %.1f %.1f %.1f %.3f\n", faces[i].x1, faces[i].y1, faces[i].x2, faces[i].y2, faces[i].score);
    draw(rgb, pixels.width, pixels.height, &faces[i]);
  }
  png.version = PNG_IMAGE_VERSION;
  png.width = (png_uint_32)pixels.width;
  png.height = (png_uint_32)pixels.height;
  png.format = PNG_FORMAT_RGB;
  if (!png_image_write_to_file(&png, result, 0, rgb, 0, NULL)) stop(png.message);
  fprintf(stderr, "%d faces; boxes drawn in %s\n", count, result);

  free(rgb);
  free(outputs[0].data);
  free(outputs[1].data);
  q_session_free(session);
  q_image_free(image);
  q_model_free(model);
  return 0;
}
