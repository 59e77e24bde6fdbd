/* Classifies a stream of frames, as of a camera, with several sessions at once: one model, a session for each thread.
 *
 *   classify_stream [model] [sessions] [frames]
 *
 * The camera pans over pictures that hang side by side: each frame is a part of one wide picture, shifted by a few
 * pixels against the one before, and goes into the network from where it lies, without a copy. */
#include <octet/octet.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define MODELS "../models/"
enum { SIDE = 64, PICTURES = 48, STEP = 4, MAX_SESSIONS = 64, MAX_CLASSES = 1024 };

static q_error error = {sizeof error, 0, ""};

static void check(q_status status, const q_error* what) {
  if (status == Q_OK) return;
  fprintf(stderr, "%s: %s\n", q_status_name(status), what->message);
  exit(1);
}

/* What all threads share. */
static struct {
  q_model* model;
  q_recipe recipe;
  int64_t class_count;
  uint8_t wall[SIDE][PICTURES * SIDE][3]; /* the pictures, side by side */
  long frame_count;
  atomic_long next; /* the frame that nobody has taken yet */
} stream;

static q_pixels frame_at(long number) {
  const size_t left = (size_t)(number * STEP) % ((PICTURES - 1) * SIDE + 1);
  q_pixels pixels = {.struct_size = sizeof pixels};
  pixels.format = Q_PIXELS_RGB;
  pixels.width = SIDE;
  pixels.height = SIDE;
  pixels.data = stream.wall[0][left];
  pixels.row_stride = sizeof stream.wall[0];
  pixels.size_bytes = sizeof stream.wall - left * 3;
  return pixels;
}

/* One thread: its own session, its own output, its own error. Returns how often each class was the largest. */
static void* classify(void* unused) {
  static _Thread_local float scores[MAX_CLASSES];
  q_error failure = {sizeof failure, 0, ""};
  q_session* session = NULL;
  q_tensor output = {scores, (size_t)stream.class_count * sizeof(float), NULL, Q_FLOAT32, 0};
  long* seen = calloc(MAX_CLASSES, sizeof *seen);
  long number;
  (void)unused;
  if (!seen) abort();
  check(q_session_create(stream.model, NULL, &session, &failure), &failure);
  while ((number = atomic_fetch_add(&stream.next, 1)) < stream.frame_count) {
    const q_pixels frame = frame_at(number);
    int64_t i, best = 0;
    check(q_session_run_image(session, &frame, &stream.recipe, &output, 1, &failure), &failure);
    for (i = 1; i < stream.class_count; ++i) {
      if (scores[i] > scores[best]) best = i;
    }
    ++seen[best];
  }
  q_session_free(session);
  return seen;
}

/* Pictures 1, 2, ... of the test pictures, which are PNG or JPEG files of 64 x 64 pixels. */
static void hang_pictures(void) {
  int i, y;
  for (i = 0; i < PICTURES; ++i) {
    q_image* image = NULL;
    q_pixels pixels = {.struct_size = sizeof pixels};
    char path[64];
    snprintf(path, sizeof path, MODELS "test/%04d.png", i + 1);
    if (q_image_load(q_text(path), Q_PIXELS_RGB, &image, &error) != Q_OK) {
      snprintf(path, sizeof path, MODELS "test/%04d.jpg", i + 1);
      check(q_image_load(q_text(path), Q_PIXELS_RGB, &image, &error), &error);
    }
    check(q_image_get_pixels(image, &pixels, &error), &error);
    for (y = 0; y < SIDE && pixels.width == SIDE && pixels.height == SIDE; ++y) {
      memcpy(stream.wall[y][i * SIDE], pixels.data + y * SIDE * 3, SIDE * 3);
    }
    q_image_free(image);
  }
}

static double seconds(void) {
  struct timespec now;
  timespec_get(&now, TIME_UTC);
  return (double)now.tv_sec + (double)now.tv_nsec * 1e-9;
}

int main(int argc, char** argv) {
  const char* file = argc > 1 ? argv[1] : MODELS "shapes.onnx";
  const int sessions = argc > 2 ? atoi(argv[2]) : 2;
  q_tensor_info output = {.struct_size = sizeof output};
  pthread_t threads[MAX_SESSIONS];
  static long seen[MAX_CLASSES];
  double start;
  int t, shown;
  stream.frame_count = argc > 3 ? atol(argv[3]) : 2000;
  if (sessions < 1 || sessions > MAX_SESSIONS || stream.frame_count < 1) {
    fprintf(stderr, "usage: classify_stream [model] [sessions, 1 to %d] [frames]\n", MAX_SESSIONS);
    return 2;
  }
  check(q_model_load(q_text(file), NULL, &stream.model, &error), &error);
  check(q_model_get_output(stream.model, 0, &output, &error), &error);
  stream.class_count = output.element_count < MAX_CLASSES ? output.element_count : MAX_CLASSES;
  /* An int8 model knows how pictures are prepared; for the float one it stands in the configuration. */
  stream.recipe.struct_size = sizeof stream.recipe;
  if (q_model_get_recipe(stream.model, &stream.recipe, &error) != Q_OK) {
    check(q_recipe_from_config(q_text(MODELS "quantize.json"), q_text(NULL), &stream.recipe, &error), &error);
  }
  hang_pictures();

  start = seconds();
  for (t = 0; t < sessions; ++t) {
    if (pthread_create(&threads[t], NULL, classify, NULL) != 0) abort();
  }
  for (t = 0; t < sessions; ++t) {
    void* result;
    int i;
    pthread_join(threads[t], &result);
    for (i = 0; i < MAX_CLASSES; ++i) seen[i] += ((long*)result)[i];
    free(result);
  }
  printf("%ld frames, %d sessions: %.0f frames per second\n", stream.frame_count, sessions,
         (double)stream.frame_count / (seconds() - start));
  for (shown = 0; shown < 3; ++shown) {
    int i, best = 0;
    for (i = 1; i < MAX_CLASSES; ++i) {
      if (seen[i] > seen[best]) best = i;
    }
    printf("class %d: %ld frames\n", best, seen[best]);
    seen[best] = 0;
  }
  q_model_free(stream.model);
  return 0;
}
