/* What cgo cannot do from Go. Pointers into Go's memory may reach C only as arguments, never inside a struct, and C may
 * keep them no longer than the call: these functions put them into the structs of octet.h for the length of one call.
 * They also set the callbacks, whose `user` is the number of a cgo.Handle; 0 means that there are none. */
#ifndef OCTET_GO_SHIM_H_
#define OCTET_GO_SHIM_H_

#include <octet/octet.h>

#define OCTET_GO_FEW 16                   /* tensors of a run: what nearly every network has */
#define OCTET_GO_SIDE 64                  /* inputs, or outputs, that the library takes at most */
#define OCTET_GO_MANY (2 * OCTET_GO_SIDE) /* tensors of a run at most */

/* One run of a session, in C's memory: all but the data pointers, which are arguments. */
typedef struct octet_go_call {
  q_session* session;              /* here and no argument: cgo's check of a pointer to an incomplete type allocates */
  q_tensor tensors[OCTET_GO_MANY]; /* inputs, then outputs */
  int64_t strides[OCTET_GO_MANY][Q_MAX_RANK];
  int32_t input_count; /* -1: `pixels` are the input */
  int32_t output_count;
  int32_t has_recipe;
  q_pixels pixels;
  q_recipe recipe;
  q_error error;
} octet_go_call;

#define OCTET_GO_8(n)                                                                                             \
  float *p##n##0, float *p##n##1, float *p##n##2, float *p##n##3, float *p##n##4, float *p##n##5, float *p##n##6, \
      float *p##n##7

/* The data of the tensors, in their order. Typed float* also for int8: cgo looks for Go pointers behind a void*, at a
 * cost. */
q_status octet_go_run(octet_go_call* call, const uint8_t* pixels, OCTET_GO_8(0), OCTET_GO_8(1));
q_status octet_go_run_many(octet_go_call* call, const uint8_t* pixels, OCTET_GO_8(0), OCTET_GO_8(1), OCTET_GO_8(2),
                           OCTET_GO_8(3), OCTET_GO_8(4), OCTET_GO_8(5), OCTET_GO_8(6), OCTET_GO_8(7), OCTET_GO_8(8),
                           OCTET_GO_8(9), OCTET_GO_8(a), OCTET_GO_8(b), OCTET_GO_8(c), OCTET_GO_8(d), OCTET_GO_8(e),
                           OCTET_GO_8(f));

q_status octet_go_load(q_str path, uintptr_t user, const q_shape* shapes, int32_t shape_count, int32_t fix_sizes,
                       q_model** out, q_error* error);
q_status octet_go_load_bytes(const void* data, size_t size, q_str name, uintptr_t user, const q_shape* shapes,
                             int32_t shape_count, int32_t fix_sizes, q_model** out, q_error* error);
q_status octet_go_write(const q_model* model, q_str format, uintptr_t user, q_error* error);

q_status octet_go_decode(const void* data, size_t size, q_str name, int32_t format, q_image** out, q_error* error);
/* `pixels` without its data. */
q_status octet_go_pixels_to_input(const q_pixels* pixels, const uint8_t* data, const q_model* model,
                                  int32_t input_index, const q_recipe* recipe, float* out, size_t count,
                                  q_error* error);

/* `samples`: how many the callback gives; negative: no callback. */
q_status octet_go_quantize(const q_model* model, const q_quantize_options* options, int64_t samples, uintptr_t user,
                           q_model** out, q_report** report, q_error* error);
q_status octet_go_observe(const q_model* model, const q_quantize_options* options, int64_t samples, int32_t shard,
                          int32_t shard_count, q_str path, uintptr_t user, q_error* error);
q_status octet_go_compare(const q_model* reference, const q_model* model, const q_compare_options* options,
                          int64_t samples, uintptr_t user, q_report** out, q_error* error);

#endif /* OCTET_GO_SHIM_H_ */
