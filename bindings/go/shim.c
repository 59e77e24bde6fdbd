// go:build cgo

#include "shim.h"

#include "_cgo_export.h"

static int32_t on_progress(void* user, const q_progress* progress) {
  return octetGoProgress((uintptr_t)user, (q_progress*)progress);
}

static void on_log(void* user, int32_t level, q_str message) { octetGoLog((uintptr_t)user, level, message); }

static int32_t on_write(void* user, q_bytes part) { return octetGoWrite((uintptr_t)user, part); }

static int32_t on_sample(void* user, int64_t index, const q_tensor* inputs, int32_t input_count) {
  return octetGoSample((uintptr_t)user, index, (q_tensor*)inputs, input_count);
}

static q_status run(octet_go_call* call, const uint8_t* pixels, float* const* data) {
  const int32_t inputs = call->input_count < 0 ? 0 : call->input_count;
  const int32_t count = inputs + call->output_count;
  q_status status;
  for (int32_t i = 0; i < count; ++i) call->tensors[i].data = data[i];
  if (call->input_count < 0) {
    call->pixels.data = pixels;
    status = q_session_run_image(call->session, &call->pixels, call->has_recipe ? &call->recipe : NULL, call->tensors,
                                 call->output_count, &call->error);
    call->pixels.data = NULL;
  } else {
    status =
        q_session_run(call->session, call->tensors, inputs, call->tensors + inputs, call->output_count, &call->error);
  }
  for (int32_t i = 0; i < count; ++i) call->tensors[i].data = NULL;
  return status;
}

#define USE_8(n) p##n##0, p##n##1, p##n##2, p##n##3, p##n##4, p##n##5, p##n##6, p##n##7

q_status octet_go_run(octet_go_call* call, const uint8_t* pixels, OCTET_GO_8(0), OCTET_GO_8(1)) {
  float* const data[OCTET_GO_FEW] = {USE_8(0), USE_8(1)};
  return run(call, pixels, data);
}

q_status octet_go_run_many(octet_go_call* call, const uint8_t* pixels, OCTET_GO_8(0), OCTET_GO_8(1), OCTET_GO_8(2),
                           OCTET_GO_8(3), OCTET_GO_8(4), OCTET_GO_8(5), OCTET_GO_8(6), OCTET_GO_8(7), OCTET_GO_8(8),
                           OCTET_GO_8(9), OCTET_GO_8(a), OCTET_GO_8(b), OCTET_GO_8(c), OCTET_GO_8(d), OCTET_GO_8(e),
                           OCTET_GO_8(f)) {
  float* const data[OCTET_GO_MANY] = {USE_8(0), USE_8(1), USE_8(2), USE_8(3), USE_8(4), USE_8(5), USE_8(6), USE_8(7),
                                      USE_8(8), USE_8(9), USE_8(a), USE_8(b), USE_8(c), USE_8(d), USE_8(e), USE_8(f)};
  return run(call, pixels, data);
}

static q_load_options load_options(uintptr_t user, const q_shape* shapes, int32_t shape_count, int32_t fix_sizes) {
  q_load_options options = {0};
  options.struct_size = sizeof options;
  if (user != 0) {
    options.log = on_log;
    options.log_user = (void*)user;
  }
  options.input_shapes = shapes;
  options.input_shape_count = shape_count;
  options.fix_sizes = fix_sizes;
  return options;
}

q_status octet_go_load(q_str path, uintptr_t user, const q_shape* shapes, int32_t shape_count, int32_t fix_sizes,
                       q_model** out, q_error* error) {
  const q_load_options options = load_options(user, shapes, shape_count, fix_sizes);
  return q_model_load(path, &options, out, error);
}

q_status octet_go_load_bytes(const void* data, size_t size, q_str name, uintptr_t user, const q_shape* shapes,
                             int32_t shape_count, int32_t fix_sizes, q_model** out, q_error* error) {
  const q_load_options options = load_options(user, shapes, shape_count, fix_sizes);
  const q_bytes bytes = {data, size};
  return q_model_load_bytes(bytes, name, &options, out, error);
}

q_status octet_go_write(const q_model* model, q_str format, uintptr_t user, q_error* error) {
  return q_model_write(model, format, on_write, (void*)user, error);
}

q_status octet_go_decode(const void* data, size_t size, q_str name, int32_t format, q_image** out, q_error* error) {
  const q_bytes bytes = {data, size};
  return q_image_decode(bytes, name, format, out, error);
}

q_status octet_go_pixels_to_input(const q_pixels* pixels, const uint8_t* data, const q_model* model,
                                  int32_t input_index, const q_recipe* recipe, float* out, size_t count,
                                  q_error* error) {
  q_pixels view = *pixels;
  view.data = data;
  return q_pixels_to_input(&view, model, input_index, recipe, out, count, error);
}

static q_calibration samples_of(int64_t count, uintptr_t user) {
  q_calibration samples = {0};
  samples.struct_size = sizeof samples;
  samples.count = count;
  samples.load = on_sample;
  samples.user = (void*)user;
  return samples;
}

// The options of one call. `calibration` lives as long as they do.
static q_quantize_options with_callbacks(const q_quantize_options* options, const q_calibration* calibration,
                                         int64_t samples, uintptr_t user) {
  q_quantize_options all = *options;
  if (samples >= 0) all.calibration = calibration;
  all.progress = on_progress;
  all.progress_user = (void*)user;
  all.log = on_log;
  all.log_user = (void*)user;
  return all;
}

q_status octet_go_quantize(const q_model* model, const q_quantize_options* options, int64_t samples, uintptr_t user,
                           q_model** out, q_report** report, q_error* error) {
  const q_calibration calibration = samples_of(samples, user);
  const q_quantize_options all = with_callbacks(options, &calibration, samples, user);
  return q_quantize(model, &all, out, report, error);
}

q_status octet_go_observe(const q_model* model, const q_quantize_options* options, int64_t samples, int32_t shard,
                          int32_t shard_count, q_str path, uintptr_t user, q_error* error) {
  const q_calibration calibration = samples_of(samples, user);
  const q_quantize_options all = with_callbacks(options, &calibration, samples, user);
  return q_observe(model, &all, shard, shard_count, path, error);
}

q_status octet_go_compare(const q_model* reference, const q_model* model, const q_compare_options* options,
                          int64_t samples, uintptr_t user, q_report** out, q_error* error) {
  const q_calibration calibration = samples_of(samples, user);
  q_compare_options all = *options;
  if (samples >= 0) all.samples = &calibration;
  all.progress = on_progress;
  all.progress_user = (void*)user;
  all.log = on_log;
  all.log_user = (void*)user;
  return q_compare(reference, model, &all, out, error);
}
