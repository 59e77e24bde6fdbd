/* octet.h - the C interface of Octet: quantize convolutional networks to int8 and run them.
 *
 * OVERVIEW
 *   q_model    a network, float or int8, immutable; may be shared between threads
 *   q_session  what runs a model: its memory, its threads; used by one thread at a time
 *   q_report   what a quantization or a comparison found
 *   q_image    a decoded picture
 *
 * The main job and a run, complete (cc main.c $(pkg-config --cflags --libs octet)):
 *
 *   #include <octet/octet.h>
 *   #include <stdio.h>
 *   static float pixels[1 * 3 * 64 * 64], scores[16];
 *   int main(void) {
 *     q_error error = {sizeof error, 0, ""};
 *     q_quantize_options options = {.struct_size = sizeof options};
 *     q_model *network = NULL, *model = NULL;
 *     q_session *session = NULL;
 *     q_tensor input = {pixels, sizeof pixels, NULL, Q_FLOAT32, 0};
 *     q_tensor output = {scores, sizeof scores, NULL, Q_FLOAT32, 0};
 *     options.config_path = q_text("quantize.json");
 *     int failed = q_model_load(q_text("shapes.onnx"), NULL, &network, &error) != Q_OK ||
 *                  q_quantize(network, &options, &model, NULL, &error) != Q_OK ||
 *                  q_model_save(model, q_text("shapes.octet"), &error) != Q_OK ||
 *                  q_session_create(model, NULL, &session, &error) != Q_OK ||
 *                  q_session_run(session, &input, 1, &output, 1, &error) != Q_OK;
 *     puts(failed ? error.message : "done");
 *     q_session_free(session);
 *     q_model_free(model);
 *     q_model_free(network);
 *     return failed;
 *   }
 *
 * CHAPTERS  basics - models - images - sessions - quantizing - comparing - reports. Within each, what is needed first
 *           comes first.
 *
 * RULES that hold for every function
 *   Errors     A function that can fail returns q_status and, where `error` is not NULL, fills it with the code and a
 *              message that says what was wrong, where, and what to do. An out-handle is NULL after a failure. Where a
 *              function's list of errors does not name them, Q_E_ARGUMENT (a NULL, an index, a struct_size),
 *              Q_E_MEMORY and Q_E_INTERNAL are possible all the same.
 *   Ownership  Every handle has one _free function, which accepts NULL. What is passed in is borrowed until the call
 *              returns; what a getter returns is borrowed until its handle is freed; other cases are written at the function.
 *   Structs    begin with struct_size, which the caller sets to sizeof the struct; members that are zero mean the default.
 *              They grow at the end only. Bytes that a library does not know must be zero, else Q_E_ARGUMENT. q_str, q_bytes
 *              and q_tensor have no such member and never change.
 *   Threads    A q_model, q_report or q_image may be read by many threads at once. A q_session belongs to one thread at a
 *              time. Only q_session_cancel may be called from any thread at any time, until the session is freed.
 *   Quiet      Nothing is printed, nothing aborts or exits; a callback must return normally (no longjmp, no exception).
 *   Tensors    are in the dimension order of the source file (ONNX: N, C, H, W), contiguous unless strides are given,
 *              float32 unless said otherwise; int8 means real = scale * (q - zero_point).
 *   Small      A library built with OCTET_RUNTIME_ONLY has every function of this header, but reads .octet files alone and
 *              answers Q_E_UNSUPPORTED to q_quantize, q_observe, q_compare, q_image_load, q_image_decode and
 *              q_recipe_from_config.
 */
#ifndef OCTET_OCTET_H_
#define OCTET_OCTET_H_

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* ------------------------------------------------------------------------------------------------ basics */

/* ABI of this header: major << 16 | minor. A library of the same major and an equal or larger minor serves it. "Since"
 * below names the first ABI version that has the function or the member. */
#define Q_ABI_VERSION 0x00010001u
/* The ABI of the library that is loaded. Since 1.0. */
uint32_t q_abi_version(void);
/* The library's release, such as "0.1.0"; static storage. Since 1.0. */
const char *q_version(void);

/* UTF-8 text that need not end in a zero byte. */
typedef struct q_str {
  const char *data;
  size_t size; /* bytes */
} q_str;

/* A q_str of a zero-terminated C string; NULL gives an empty one. */
static inline q_str q_text(const char *text) {
  q_str str;
  str.data = text;
  str.size = 0;
  if (text) {
    while (text[str.size]) ++str.size;
  }
  return str;
}

typedef struct q_bytes {
  const void *data;
  size_t size;
} q_bytes;

/* Frozen values; an unknown negative value means failure. */
typedef int32_t q_status;
#define Q_OK 0
#define Q_E_ARGUMENT (-1)    /* an argument of the call is wrong */
#define Q_E_MEMORY (-2)      /* out of memory */
#define Q_E_IO (-3)          /* a file cannot be opened, read or written */
#define Q_E_FORMAT (-4)      /* a file is truncated, damaged or of another kind */
#define Q_E_VERSION (-5)     /* a file is newer than this library */
#define Q_E_UNSUPPORTED (-6) /* understood but not available: an operator, an option, a back end */
#define Q_E_SHAPE (-7)       /* shapes do not fit */
#define Q_E_CONFIG (-8)      /* the JSON configuration is wrong */
#define Q_E_DATA (-9)        /* calibration or evaluation data is missing or unusable */
#define Q_E_CANCELLED (-10)  /* a callback asked to stop */
#define Q_E_INTERNAL (-11)   /* a defect of the library; please report it */

/* "Q_E_FORMAT"; "unknown status" for other values. Static storage. Since 1.0. */
const char *q_status_name(q_status status);

/* Filled by a failing call; no memory belongs to it. A message that does not fit ends in "and N more" (lines) or "..."; the
 * log callback of the call, where it has one, gets all of it. */
typedef struct q_error {
  uint32_t struct_size;
  q_status code;
  char message[1016]; /* UTF-8, zero-terminated */
} q_error;

#define Q_LOG_INFO 1
#define Q_LOG_WARNING 2
#define Q_LOG_ERROR 3 /* the whole message of a failure that does not fit q_error */
/* Called on the thread that made the call which takes it. `message` is borrowed until it returns. */
typedef void (*q_log_fn)(void *user, int32_t level, q_str message);

typedef struct q_progress {
  uint32_t struct_size;
  int32_t reserved;
  q_str stage; /* "observe", "measure", ...: static storage */
  int64_t done;
  int64_t total;
  double seconds_left; /* negative: not known yet */
} q_progress;
/* Called on the thread that made the call which takes it, a few times a second at most and at the end of each stage.
 * Returns 0 to go on; anything else ends the call with Q_E_CANCELLED. */
typedef int32_t (*q_progress_fn)(void *user, const q_progress *progress);

/* ------------------------------------------------------------------------------------------------ models */

typedef struct q_model q_model;

/* Sizes of one input, in the model's order of dimensions. A size of -1 is the one that the model has, dims NULL all of
 * them. Frozen. */
typedef struct q_shape {
  const int64_t *dims;
  int32_t rank;
  int32_t reserved;
} q_shape;

typedef struct q_load_options {
  uint32_t struct_size;
  int32_t reserved;
  q_log_fn log;
  void *log_user;
  /* Sizes of the inputs, one for each in the model's order, needed where the file leaves others open than the first (an
   * open first one, the batch, is 1). NULL: as the file has them. Since 1.1. */
  const q_shape *input_shapes;
  int32_t input_shape_count;
  int32_t fix_sizes; /* 1: the model has no open sizes, files that are written of it have those of now. Since 1.1. */
} q_load_options;

/* Loads a .octet, .onnx, .mnn or .tflite file; the content decides, not the name. A .octet file stays mapped until the model and
 * its last session are freed: do not change it in place. Activations keep the file's order of dimensions: N, H, W, C of
 * .tflite files. `options` may be NULL. Errors: Q_E_IO, Q_E_FORMAT, Q_E_VERSION,
 * Q_E_UNSUPPORTED (names every unsupported operator), Q_E_SHAPE, Q_E_MEMORY. Since 1.0. */
q_status q_model_load(q_str path, const q_load_options *options, q_model **out, q_error *error);

/* The same from bytes, which are copied; `name` stands for the file's name in messages. Models with external data files
 * need q_model_load. Since 1.0. */
q_status q_model_load_bytes(q_bytes bytes, q_str name, const q_load_options *options, q_model **out, q_error *error);

/* Writes a model to a file; the ending names the format: .octet, and since 1.1 .onnx (int8 as QDQ), .mnn and .tflite for
 * the runtimes of these names; there inputs and outputs are float32, and how images become inputs is not stored. Written
 * beside the target and renamed: after a failure the target is as it was. The same model gives the same bytes. Errors:
 * Q_E_IO, Q_E_UNSUPPORTED (another ending; layers that the format cannot carry, all of them named). Since 1.0. */
q_status q_model_save(const q_model *model, q_str path, q_error *error);

/* Called with consecutive parts of a file, on the thread that made the call. Returns 0 to go on; anything else ends the
 * call with Q_E_IO. */
typedef int32_t (*q_write_fn)(void *user, q_bytes part);
/* The same bytes as q_model_save writes, given to `write`. `format`: "octet", "onnx", "mnn", "tflite". Errors: those of
 * q_model_save. Since 1.0. */
q_status q_model_write(const q_model *model, q_str format, q_write_fn write, void *user, q_error *error);

/* Sessions of the model keep what they need of it. Since 1.0. */
void q_model_free(q_model *model);

typedef struct q_model_info {
  uint32_t struct_size;
  int32_t input_count;
  int32_t output_count;
  int32_t layer_count;
  int32_t int8_layer_count; /* 0: a float model */
  int32_t reserved;
  int64_t macs;         /* multiply-accumulates of one run */
  int64_t int8_macs;    /* of these, in int8 */
  int64_t weight_bytes; /* constants as stored */
  int64_t file_bytes;   /* of the file or bytes that it was loaded from; 0 for a model made by q_quantize */
  q_str name;           /* as the source file has it; may be empty */
  q_str source_format;  /* "onnx", "mnn", "tflite", "octet": what it was loaded from */
} q_model_info;

/* Errors: Q_E_ARGUMENT. Since 1.0. */
q_status q_model_get_info(const q_model *model, q_model_info *out, q_error *error);

typedef int32_t q_dtype;
#define Q_FLOAT32 0
#define Q_INT8 1

#define Q_MAX_RANK 8
/* Never grows: q_layer_info holds one. */
typedef struct q_tensor_info {
  uint32_t struct_size;
  q_dtype dtype; /* type inside the network; every input and output can be given and taken as float32 */
  int32_t rank;
  int32_t zero_point; /* real = scale * (q - zero_point) */
  float scale;        /* 0: not quantized */
  int32_t reserved;
  int64_t dims[Q_MAX_RANK];
  int64_t element_count;
  q_str name;
} q_tensor_info;

/* index from 0. Errors: Q_E_ARGUMENT. Since 1.0. */
q_status q_model_get_input(const q_model *model, int32_t index, q_tensor_info *out, q_error *error);
q_status q_model_get_output(const q_model *model, int32_t index, q_tensor_info *out, q_error *error);

/* Whether the file leaves a size of an input open, as a batch or the sides of an image may be. `out` gets its name, "?"
 * where it has none, and the empty text where the size is fixed; it lives as long as the model. Open sizes are what
 * q_load_options.input_shapes says, and stay open in every file that is written of the model; one that the network does
 * not follow, for something in it was computed from the size, is fixed. Sessions may have other sizes in any case. Errors:
 * Q_E_ARGUMENT. Since 1.1. */
q_status q_model_get_open_size(const q_model *model, int32_t input, int32_t dimension, q_str *out, q_error *error);

typedef struct q_layer_info {
  uint32_t struct_size;
  int32_t is_int8;
  q_str name;
  q_str op; /* "conv", "depthwise conv", "add", ... */
  int64_t macs;
  int64_t weight_bytes;
  q_tensor_info output; /* the first output; its struct_size is set by the library */
} q_layer_info;

/* Layers in the order of execution, index from 0. Errors: Q_E_ARGUMENT. Since 1.0. */
q_status q_model_get_layer(const q_model *model, int32_t index, q_layer_info *out, q_error *error);

/* ------------------------------------------------------------------------------------------------ images */

#define Q_PIXELS_RGB 0
#define Q_PIXELS_BGR 1
#define Q_PIXELS_RGBA 2
#define Q_PIXELS_BGRA 3
#define Q_PIXELS_GRAY 4

#define Q_FIT_STRETCH 0   /* the whole image to width x height */
#define Q_FIT_CROP 1      /* the shorter side to `shorter_side`, then the centre width x height */
#define Q_FIT_LETTERBOX 2 /* scaled to fit, borders filled with the mean */

/* How an image becomes a network's input: value = (pixel - mean) * normal per channel, after a bilinear resize (half-pixel
 * centres, no antialias). Stored in a quantized model. */
typedef struct q_recipe {
  uint32_t struct_size;
  int32_t format; /* Q_PIXELS_... */
  int32_t fit;    /* Q_FIT_... */
  int32_t width;  /* pixels; 0: the network input's */
  int32_t height;
  int32_t shorter_side;
  float center_crop_h; /* (0, 1]; 0 means 1 */
  float center_crop_w;
  float mean[4];
  float normal[4];
} q_recipe;

/* The stored recipe. Errors: Q_E_DATA where the model has none. Since 1.0. */
q_status q_model_get_recipe(const q_model *model, q_recipe *out, q_error *error);

/* The recipe that a JSON configuration describes: of the file `path`, or where that is empty the JSON text `json`.
 * Errors: Q_E_IO, Q_E_CONFIG. Since 1.0. */
q_status q_recipe_from_config(q_str path, q_str json, q_recipe *out, q_error *error);

/* A view of pixels, decoded here (q_image_get_pixels) or the caller's own, as of a camera. */
typedef struct q_pixels {
  uint32_t struct_size;
  int32_t format; /* Q_PIXELS_... */
  int32_t width;  /* pixels; 1 to 65535 */
  int32_t height;
  const uint8_t *data; /* rows from the top, channels interleaved */
  size_t size_bytes;   /* of the memory behind data */
  int64_t row_stride;  /* bytes from a row to the next; 0: rows follow each other without a gap */
} q_pixels;

typedef struct q_image q_image;

/* Decodes a JPEG or PNG file to `format` (Q_PIXELS_...), EXIF orientation applied. Errors: Q_E_IO, Q_E_FORMAT,
 * Q_E_UNSUPPORTED (another kind of image; too large), Q_E_MEMORY. Since 1.0. */
q_status q_image_load(q_str path, int32_t format, q_image **out, q_error *error);
/* The same from the bytes of a file; `name` stands for the file's name in messages. Since 1.0. */
q_status q_image_decode(q_bytes bytes, q_str name, int32_t format, q_image **out, q_error *error);
/* The pixels, borrowed until the image is freed. Since 1.0. */
q_status q_image_get_pixels(const q_image *image, q_pixels *out, q_error *error);
/* Since 1.0. */
void q_image_free(q_image *image);

/* Writes the picture as the model's input `input_index`, float32, `count` elements. `recipe` NULL: the stored one. Pixels
 * in another format than the recipe's are converted (grey is (299 R + 587 G + 114 B + 500) / 1000; an alpha that is
 * missing is 255). Errors: Q_E_DATA (no recipe), Q_E_SHAPE (the input is no such image). Since 1.0. */
q_status q_pixels_to_input(const q_pixels *pixels, const q_model *model, int32_t input_index, const q_recipe *recipe,
                           float *out, size_t count, q_error *error);

/* Where a point of the network's input lies in the picture: picture x = scale_x * x + offset_x, both in pixels from the
 * left edge; likewise y. */
typedef struct q_mapping {
  uint32_t struct_size;
  float scale_x;
  float scale_y;
  float offset_x;
  float offset_y;
} q_mapping;
/* Of `pixels` only width and height are looked at. Errors: as q_pixels_to_input. Since 1.0. */
q_status q_pixels_get_mapping(const q_pixels *pixels, const q_model *model, int32_t input_index, const q_recipe *recipe,
                              q_mapping *out, q_error *error);

/* ------------------------------------------------------------------------------------------------ sessions */

typedef struct q_session q_session;

/* Threads of the caller's own. Calls piece(arg, i) once for each i from 0 to count - 1, in any order, on any threads and
 * several at the same time, and returns when all of these calls have. Called on the thread of q_session_run, a few times
 * in a run; count is at most the session's threads, and more than 1. May not unwind. */
typedef void (*q_piece_fn)(void *arg, int64_t piece);
typedef void (*q_runner_fn)(void *user, q_piece_fn piece, void *arg, int64_t count);

/* Memory from the caller. Both are called on the thread of the function that takes or frees the memory. */
typedef struct q_allocator {
  uint32_t struct_size;
  int32_t reserved;
  /* At least `size` bytes (more than 0) at a multiple of `alignment` (a power of two, at most 64), or NULL: Q_E_MEMORY. */
  void *(*allocate)(void *user, size_t size, size_t alignment);
  void (*release)(void *user, void *memory, size_t size);
  void *user;
} q_allocator;

typedef struct q_session_options {
  uint32_t struct_size;
  int32_t threads; /* 0: 1; at most 256, of which as many are used as there are CPUs that this process may use */
  q_str isa;       /* cap on the instruction set: "ref", ...; empty: the environment's OCTET_ISA, else the best here */
  int32_t profile; /* 1: measure the time of every layer */
  int32_t reserved;
  q_runner_fn runner; /* NULL: threads of the library's own. Else no thread is started, and `threads` says into how many
                         pieces a run is divided at most (0: as many as CPUs that this process may use) */
  void *runner_user;
  void *arena; /* NULL: the library takes the memory. Else memory for activations and scratch, aligned to 64 bytes,
                         in use until the session is freed */
  size_t arena_bytes;           /* at least q_session_info.arena_bytes of q_session_measure */
  const q_allocator *allocator; /* NULL: the system's. Else the arena comes from it, and the packed weights where this
                                   session is the model's first on its instruction set. The struct is copied; what it
                                   points to must stay usable until the model and all of its sessions are freed */
  /* Other sizes of the inputs than the model's, for this session, one for each input: more samples at a time, larger
   * images. Sessions of other sizes share the model. What the network fixes itself, as a fully connected layer does, must
   * fit: Q_E_SHAPE names the layer. NULL: the model's. Since 1.1. */
  const q_shape *input_shapes;
  int32_t input_shape_count;
  int32_t reserved2;
} q_session_options;

/* Prepares a model for running: chooses kernels, packs weights, plans memory. The session keeps its own reference to the
 * model. `options` may be NULL. Errors: Q_E_ARGUMENT (the arena is too small or not aligned; an instruction set that is
 * unknown or not of this CPU), Q_E_SHAPE, Q_E_UNSUPPORTED, Q_E_MEMORY. Since 1.0. */
q_status q_session_create(const q_model *model, const q_session_options *options, q_session **out, q_error *error);
/* Not while it runs. Since 1.0. */
void q_session_free(q_session *session);

/* A view of the caller's memory. Frozen. {data, size_bytes} alone is a contiguous float32 tensor of the model's shape. */
typedef struct q_tensor {
  void *data;
  size_t size_bytes;      /* of the memory behind data */
  const int64_t *strides; /* elements to the next index of each dimension; NULL: contiguous */
  q_dtype dtype;          /* Q_FLOAT32, or Q_INT8 where the model's own input or output is int8 */
  int32_t reserved;
} q_tensor;

/* Runs the network once: all inputs, all outputs, in the model's order. An output with data NULL is not wanted. Contiguous
 * tensors must have exactly the size of their shape, strided ones at least what they reach. No memory is allocated. Not
 * for one session from two threads at once. After a failure the outputs are as they were. Errors: Q_E_ARGUMENT (counts,
 * sizes, types: nothing is run), Q_E_CANCELLED. Since 1.0. */
q_status q_session_run(q_session *session, const q_tensor *inputs, int32_t input_count, const q_tensor *outputs,
                       int32_t output_count, q_error *error);

/* The same for a network whose only input is an image: the picture goes through `recipe` (NULL: the stored one) straight
 * into the network, with the values that q_pixels_to_input gives. No memory is allocated. Errors: those of q_session_run
 * and q_pixels_to_input. Since 1.0. */
q_status q_session_run_image(q_session *session, const q_pixels *pixels, const q_recipe *recipe,
                             const q_tensor *outputs, int32_t output_count, q_error *error);

/* While `cancelled` is not 0, runs of the session end with Q_E_CANCELLED, also the one that is in progress on another
 * thread: between two steps, within a small part of its time. 0 lets it run again. The one function that may be called from any thread. Since 1.0. */
void q_session_cancel(q_session *session, int32_t cancelled);

typedef struct q_session_info {
  uint32_t struct_size;
  int32_t threads;
  int32_t step_count;
  int32_t reserved;
  int64_t arena_bytes;  /* activations and scratch of this session */
  int64_t packed_bytes; /* packed weights, shared by the sessions of a model that use the same instruction set */
  q_str isa;            /* static storage */
} q_session_info;
/* Since 1.0. */
q_status q_session_get_info(const q_session *session, q_session_info *out, q_error *error);
/* What q_session_create with the same options would give; `arena` is not looked at. Does the work of preparing the
 * model for the instruction set, which the model keeps for its sessions. Errors: as q_session_create. Since 1.0. */
q_status q_session_measure(const q_model *model, const q_session_options *options, q_session_info *out, q_error *error);

typedef struct q_step_info {
  uint32_t struct_size;
  int32_t is_int8;
  q_str name; /* of the layer */
  q_str op;
  q_str kernel; /* name of the kernel row */
  int64_t macs;
  double last_ms;  /* time in the last run; 0 without `profile` */
  double total_ms; /* since the session was created */
} q_step_info;
/* Steps in the order of execution, index from 0. Since 1.0. */
q_status q_session_get_step(const q_session *session, int32_t index, q_step_info *out, q_error *error);

/* The session's inputs and outputs, index from 0: the model's, with the sizes that the session has. The name lives as long
 * as the session. Since 1.1. */
q_status q_session_get_input(const q_session *session, int32_t index, q_tensor_info *out, q_error *error);
q_status q_session_get_output(const q_session *session, int32_t index, q_tensor_info *out, q_error *error);

/* Measures what the multipliers of this machine can do at most: billions of multiply-accumulates a second of the
 * instruction that kernels of this instruction set use for this type, over registers alone, on `threads` threads at the
 * same time (0: 1; at most as many are used as there are CPUs that this process may use). Takes about a twentieth of a
 * second. 0 for "ref", which has no such instruction. `isa` as in q_session_options. Errors: Q_E_ARGUMENT,
 * Q_E_UNSUPPORTED, Q_E_MEMORY. Since 1.0. */
q_status q_measure_peak(q_str isa, q_dtype dtype, int32_t threads, double *gmacs_per_second, q_error *error);

/* ------------------------------------------------------------------------------------------------ quantizing */

typedef struct q_report q_report;

/* Samples from the caller. */
typedef struct q_calibration {
  uint32_t struct_size;
  int32_t reserved;
  int64_t count; /* samples */
  /* Fills float32 tensors (data and size_bytes are set; contiguous, the model's shapes) with sample `index`. Called once or
   * more for each index, always on the thread that made the call, with the same values each time. Returns 0; anything
   * else ends the call with Q_E_DATA. */
  int32_t (*load)(void *user, int64_t index, const q_tensor *inputs, int32_t input_count);
  void *user;
} q_calibration;

typedef struct q_quantize_options {
  uint32_t struct_size;
  int32_t threads;                  /* 0: all that this process may use */
  q_str config_path;                /* JSON file with MNN's keys and Octet's; empty: config_json or defaults */
  const q_calibration *calibration; /* samples from the caller; NULL: image_files, else images, else what the
                                       configuration names. One of them must be given. With samples of the caller the
                                       configuration's recipe is stored where it names a `format` that fits the only input */
  q_str feature_method;             /* overrides the configuration: "AUTO", "KL", "ADMM", "EMA", "MINMAX", ... */
  q_str weight_method;              /* likewise: "MAX_ABS", "ADMM", ... */
  q_progress_fn progress;
  void *progress_user;
  q_log_fn log;
  void *log_user;
  /* 1: measure the layers on this CPU, on one thread, and keep in float those that make the whole network faster so; the
   * result then depends on the machine, and on chance where it is close. */
  int32_t float_where_faster;
  int32_t reserved;
  q_str config_json; /* the JSON itself instead of config_path; relative paths in it start at the current folder */
  q_str images;      /* folder of calibration images; overrides the configuration's path */
  const q_str *image_files; /* files instead of a folder, in this order */
  int64_t image_file_count;
  /* 1: the report also holds what its page shows beside the numbers: why layers differ, how their values lie, pictures of
   * the worst samples, and the time of each layer on this CPU, which takes about a second and enters no choice.
   * Since 1.1. */
  int32_t report_details;
  /* What the boxes of a detector are: 0: told from the graph; 1: raw, offsets to priors; 2: decoded, corners in shares of
   * the input. Anything but 0 is an error for a network that is no detector. Since 1.1. */
  int32_t boxes;
  /* A folder that keeps what was observed, made where it is missing: a call that was ended in the middle goes on there, and
   * another one with the same network, samples and settings is spared the work. It never changes the result. What lies in
   * it may be removed at any time. Empty: nothing is kept. Since 1.1. */
  q_str cache;
  /* Files of q_observe, of every shard once, in place of observing samples. Where samples are here too, they must be those
   * that were observed, and the result is measured on them; a configuration's path that is not here is no error then. Since
   * 1.1. */
  const q_str *statistics;
  size_t statistics_count;
} q_quantize_options;

/* Makes an int8 model of a float one. `report` may be NULL; else it is a new handle. The result does not depend on the
 * number of threads nor, without float_where_faster, on the machine's speed. Errors: Q_E_ARGUMENT (already quantized; no
 * samples given), Q_E_IO, Q_E_CONFIG, Q_E_DATA (samples that are missing, unreadable or not finite), Q_E_CANCELLED,
 * Q_E_MEMORY. Since 1.0. */
q_status q_quantize(const q_model *model, const q_quantize_options *options, q_model **out, q_report **report,
                    q_error *error);

/* Observes one shard of the calibration samples and writes what was seen to the file `path`, beside it and then renamed:
 * many machines observe, and q_quantize with all the files (`statistics`) gives the bytes that one machine with the same
 * instruction set would have given. Shard k of n, from 1, has the samples k, k + n, k + 2 n, ... in their order; 1 of 1 has
 * all. The method must be KL, ADMM, MINMAX, PERCENTILE or MSE, without equalization, bias correction, adaptive rounding and
 * mixed precision; of `options` weight_method changes nothing here, and float_where_faster and statistics may not be given.
 * Errors: as q_quantize, Q_E_CONFIG also for a method that needs the samples themselves. Since 1.1. */
q_status q_observe(const q_model *model, const q_quantize_options *options, int32_t shard, int32_t shard_count,
                   q_str path, q_error *error);

/* ------------------------------------------------------------------------------------------------ comparing */

typedef struct q_compare_options {
  uint32_t struct_size;
  int32_t threads;      /* 0: all that this process may use */
  q_str config_path;    /* how images become inputs and, where `images` is empty, which */
  q_str images;         /* folder; overrides the configuration's path */
  q_str labels;         /* tab-separated file: file, class_index; empty: no accuracy */
  int32_t label_offset; /* added to class_index */
  int32_t reserved;
  q_progress_fn progress;
  void *progress_user;
  q_log_fn log;
  void *log_user;
  q_str config_json;            /* as in q_quantize_options */
  const q_calibration *samples; /* samples from the caller instead of images */
  int32_t report_details;       /* as in q_quantize_options. Since 1.1. */
  int32_t boxes;                /* likewise. Since 1.1. */
} q_compare_options;

/* Runs two models (usually a float one and its int8 twin) over the same images and measures how far they differ.
 * Errors: as q_quantize; Q_E_SHAPE where inputs or outputs of the two differ. Since 1.0. */
q_status q_compare(const q_model *reference, const q_model *model, const q_compare_options *options, q_report **out,
                   q_error *error);

/* ------------------------------------------------------------------------------------------------ reports */

/* Since 1.0. */
void q_report_free(q_report *report);

typedef struct q_report_info {
  uint32_t struct_size;
  int32_t output_count;
  int32_t layer_count;
  int32_t warning_count;
  int64_t calibration_samples; /* used for calibration; 0 in a comparison */
  int64_t measured_samples;    /* on which the errors were measured */
  int32_t held_out;            /* 1: the measured samples were not used for calibration */
  int32_t has_labels;
  int64_t skipped_files; /* unreadable ones, each named in a warning */
  int64_t labelled_samples;
  double agreement;  /* share of samples with the same largest output; negative: not a classifier */
  double float_top1; /* shares of the labelled samples */
  double int8_top1;
  double float_top5;
  double int8_top5;
  int64_t float_weight_bytes;
  int64_t int8_weight_bytes;
  double seconds;
  int32_t kept_float_count; /* layers that float_where_faster kept in float */
  int32_t reserved;
  double int8_ms;  /* one run of the network without such layers; 0: none was kept */
  double mixed_ms; /* one run with them */
  /* The members below since 1.1. */
  int32_t is_poor;      /* 1: the quality is below a limit, and a warning says which: an output with an SQNR below 10 dB
                                or a cosine below 0.9, agreement below 90 %, more than 3 points of top-1 lost, a detector of
                                which less than 90 % of the boxes match, or a budget of "mixed" that is not reached */
  int32_t sample_count; /* samples that the two networks see most differently */
  int32_t has_detections;    /* 1: q_report_get_detections has something to tell */
  int32_t has_mixed;         /* 1: the configuration asked for mixed precision; the members below hold */
  int32_t mixed_layer_count; /* layers that stay float for accuracy */
  int32_t mixed_reached;     /* 1: the budget holds */
  double mixed_float_mac_share;
  double
      all_int8_sqnr_db; /* at the outputs or before a final softmax, on calibration samples, with no layer in float */
  double mixed_sqnr_db; /* with those layers in float */
  double all_int8_drop; /* of a classifier: share of the answers that are expected to change */
  double mixed_drop;
  double float_run_ms; /* the fastest run of the float network on one thread; 0: measured with report_details alone */
  double int8_run_ms;
} q_report_info;
/* Since 1.0. */
q_status q_report_get_info(const q_report *report, q_report_info *out, q_error *error);

typedef struct q_output_error {
  uint32_t struct_size;
  int32_t reserved;
  q_str name;
  double cosine; /* least over the samples */
  double mean_cosine;
  double sqnr_db; /* signal-to-quantization-noise ratio over all samples */
  double max_abs_error;
} q_output_error;
/* index from 0. Since 1.0. */
q_status q_report_get_output(const q_report *report, int32_t index, q_output_error *out, q_error *error);

typedef struct q_layer_error {
  uint32_t struct_size;
  int32_t is_int8;
  q_str name;
  q_str op;
  q_str method;  /* how the output's range was chosen */
  double cosine; /* of the layer's output, over all measured samples */
  double sqnr_db;
  double max_abs_error;
  double clipped_share; /* of the output's values that lie outside the range */
  float low;            /* the chosen range; 0, 0 for a float layer */
  float high;
  /* The members below since 1.1, filled with report_details alone. */
  q_str cause;        /* why the layer differs: "clipping", "rounding", "weights", "bias_saturation", "uneven_channels",
                  "dead_channels", "far_inputs", "wide_range", "rare_large_values", "softmax_ties", "inherited", later
                  versions may know more; empty: there is nothing to say */
  q_str cause_text;   /* with the numbers that show it */
  q_str advice;       /* what to change in the configuration */
  double own_sqnr_db; /* signal beside the error that the layer itself adds, as far as known; 200: none */
  double float_ms;    /* of one run on one thread; 0: not measured, or part of another layer's step */
  double int8_ms;
  /* 1: equalization scaled the channels of the layer's output. Errors and the range are then in the scale of the int8
   * network; where two files are compared, float values are multiplied with the factor that fits each channel best.
   * Since 1.1, filled without report_details too. */
  int32_t is_equalized;
  int32_t reserved;
} q_layer_error;
/* Layers in the order of execution, index from 0. Since 1.0. */
q_status q_report_get_layer(const q_report *report, int32_t index, q_layer_error *out, q_error *error);

typedef struct q_kept_float {
  uint32_t struct_size;
  int32_t reserved;
  q_str name;
  q_str op;
  double float_ms; /* of the layer alone, without the change of types at its borders */
  double int8_ms;
} q_kept_float;
/* Layers that float_where_faster kept in float, in the order of execution, index from 0. The same names under
 * "skip_quant_op_names" give the same model on every machine. Since 1.0. */
q_status q_report_get_kept_float(const q_report *report, int32_t index, q_kept_float *out, q_error *error);

typedef struct q_mixed_layer {
  uint32_t struct_size;
  int32_t reserved;
  q_str name; /* of its output */
  q_str op;
  int64_t macs;     /* multiply-accumulates of one run */
  double gained_db; /* at the outputs, where this layer alone is kept in float */
} q_mixed_layer;
/* Layers that "mixed" kept in float for accuracy, what saves the most error for its work first, index from 0.
 * Since 1.1. */
q_status q_report_get_mixed_layer(const q_report *report, int32_t index, q_mixed_layer *out, q_error *error);

typedef struct q_sample_error {
  uint32_t struct_size;
  int32_t same_answer; /* 1: the same class from both or, of a detector, all boxes match */
  q_str name;
  double cosine;       /* the least of the outputs */
  int64_t float_class; /* of a classifier; -1: it is none */
  int64_t int8_class;
  double float_score; /* values of these classes */
  double int8_score;
  int32_t float_box_count; /* of a detector */
  int32_t int8_box_count;
} q_sample_error;
/* The samples that the two networks see most differently: another answer before all others, then the least cosine. Index
 * from 0. Since 1.1. */
q_status q_report_get_sample(const q_report *report, int32_t index, q_sample_error *out, q_error *error);

/* How the boxes of two detectors fit, over all measured samples. A box is matched with the one of the other network that
 * overlaps it most, by an intersection over union (IoU) of at least 0.5; each once, those with the best score first. */
typedef struct q_detection_error {
  uint32_t struct_size;
  int32_t boxes;          /* 1: raw, 2: decoded */
  double score_threshold; /* what is below is no detection */
  int64_t float_boxes;    /* found by each network */
  int64_t int8_boxes;
  int64_t matched;      /* found by both */
  int64_t same_samples; /* in which all boxes match */
  double mean_iou;      /* of the matched boxes; 0: there are none */
  double least_iou;
  double mean_score_error; /* magnitude of the difference, of the matched boxes */
  double max_score_error;
} q_detection_error;
/* Errors: Q_E_ARGUMENT where has_detections is 0. Since 1.1. */
q_status q_report_get_detections(const q_report *report, q_detection_error *out, q_error *error);

/* Since 1.0. */
q_status q_report_get_warning(const q_report *report, int32_t index, q_str *out, q_error *error);

/* The whole report as one JSON object. Borrowed until the report is freed. Since 1.0. */
q_status q_report_get_json(const q_report *report, q_str *out, q_error *error);
/* Writes the report; the ending names the format: .html (one file, works offline) or .json. Errors: Q_E_UNSUPPORTED
 * (another ending), Q_E_IO. Since 1.0. */
q_status q_report_save(const q_report *report, q_str path, q_error *error);

#ifdef __cplusplus
}
#endif
#endif /* OCTET_OCTET_H_ */
