// Package cloop runs a network from C alone, for the benchmark that shows what a run from Go costs beyond that.
package cloop

/*
#cgo pkg-config: octet
#cgo CFLAGS: -std=gnu11
#include <octet/octet.h>
#include <stdlib.h>
#include <time.h>

typedef struct loop {
  q_session *session;
  q_tensor input;
  q_tensor output;
  q_error error;
} loop;

static void loop_free(loop *l) {
  if (l == NULL) return;
  q_session_free(l->session);
  free(l->input.data);
  free(l->output.data);
  free(l);
}

static loop *loop_new(const void *data, size_t size, size_t input_count, size_t output_count) {
  const q_bytes bytes = {data, size};
  q_model *model = NULL;
  loop *l = calloc(1, sizeof *l);
  if (l == NULL) return NULL;
  l->error.struct_size = sizeof l->error;
  l->input.size_bytes = input_count * sizeof(float);
  l->input.data = calloc(input_count, sizeof(float));
  l->output.size_bytes = output_count * sizeof(float);
  l->output.data = calloc(output_count, sizeof(float));
  if (q_model_load_bytes(bytes, q_text("loop"), NULL, &model, &l->error) == Q_OK) {
    q_session_create(model, NULL, &l->session, &l->error);
  }
  q_model_free(model);
  return l;
}

// Nanoseconds of all runs together; negative after a failure.
static int64_t loop_run(loop *l, int64_t runs) {
  struct timespec begin, end;
  clock_gettime(CLOCK_MONOTONIC, &begin);
  for (int64_t i = 0; i < runs; ++i) {
    if (q_session_run(l->session, &l->input, 1, &l->output, 1, &l->error) != Q_OK) return -1;
  }
  clock_gettime(CLOCK_MONOTONIC, &end);
  return (int64_t)(end.tv_sec - begin.tv_sec) * 1000000000 + (end.tv_nsec - begin.tv_nsec);
}
*/
import "C"

import (
	"errors"
	"time"
	"unsafe"
)

// Loop is a session of a network with one input and one output.
type Loop struct {
	loop *C.loop
}

// New loads a network from the bytes of its file.
func New(data []byte, inputCount, outputCount int) (*Loop, error) {
	l := &Loop{C.loop_new(unsafe.Pointer(&data[0]), C.size_t(len(data)), C.size_t(inputCount), C.size_t(outputCount))}
	if l.loop == nil {
		return nil, errors.New("out of memory")
	}
	if l.loop.session == nil {
		err := errors.New(C.GoString(&l.loop.error.message[0]))
		l.Close()
		return nil, err
	}
	return l, nil
}

// Run runs the network that many times and returns how long all of them took.
func (l *Loop) Run(runs int) (time.Duration, error) {
	taken := C.loop_run(l.loop, C.int64_t(runs))
	if taken < 0 {
		return 0, errors.New(C.GoString(&l.loop.error.message[0]))
	}
	return time.Duration(taken), nil
}

// Close frees the loop.
func (l *Loop) Close() {
	C.loop_free(l.loop)
	l.loop = nil
}
