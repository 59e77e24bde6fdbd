package octet

// #include "shim.h"
import "C"

import (
	"context"
	"fmt"
	"io"
	"runtime/cgo"
	"time"
	"unsafe"
)

// LogLevel says how bad a message is.
type LogLevel int32

const (
	LogInfo    LogLevel = C.Q_LOG_INFO
	LogWarning LogLevel = C.Q_LOG_WARNING
	LogError   LogLevel = C.Q_LOG_ERROR // the whole message of a failure that does not fit an Error
)

// Progress says how far a call has come.
type Progress struct {
	Stage     string // "observe", "measure", ...
	Done      int64
	Total     int64
	Remaining time.Duration // negative: not known yet
}

// Samples give calibration samples, or samples to compare with, from the caller's memory.
type Samples interface {
	// Count is the number of samples.
	Count() int
	// Load fills the inputs (contiguous, the model's shapes) with sample index,
	// counted from 0. It is called once or more for each index and gives the same values each time. The slices are
	// the library's: they must not be used after Load has returned.
	Load(index int, inputs [][]float32) error
}

// SamplesFunc makes Samples of a count and a function.
func SamplesFunc(count int, load func(index int, inputs [][]float32) error) Samples {
	return samplesFunc{count, load}
}

type samplesFunc struct {
	count int
	load  func(int, [][]float32) error
}

func (s samplesFunc) Count() int                               { return s.count }
func (s samplesFunc) Load(index int, inputs [][]float32) error { return s.load(index, inputs) }

// hooks is what one call of the library calls back.
type hooks struct {
	ctx      context.Context // nil: not cancelled
	progress func(Progress)
	log      func(LogLevel, string)
	samples  Samples
	writer   io.Writer

	written  int64
	err      error // of samples or writer
	panicked bool
	value    any // of the panic
}

// during runs a call of the library that may call back. Where a callback has panicked, it discards the call's results
// and panics again with the same value.
func (h *hooks) during(call func(user C.uintptr_t) C.q_status, discard func()) C.q_status {
	user := cgo.NewHandle(h)
	defer user.Delete()
	status := call(C.uintptr_t(user))
	if h.panicked {
		if discard != nil {
			discard()
		}
		panic(h.value)
	}
	return status
}

// guard runs a callback, keeps its panic from unwinding C and reports whether it ended normally. After a panic
// nothing is called any more.
func (h *hooks) guard(callback func()) (normal bool) {
	if h.panicked {
		return false
	}
	defer func() {
		if !normal {
			h.panicked = true
			h.value = recover()
		}
	}()
	callback()
	return true
}

// sampleCount is what the shim takes: negative without samples.
func (h *hooks) sampleCount() C.int64_t {
	if h.samples == nil {
		return -1
	}
	return C.int64_t(h.samples.Count())
}

// cause is the error behind a call's failure: the context's or a callback's.
func (h *hooks) cause(status C.q_status) error {
	if status == C.Q_E_CANCELLED && h.ctx != nil {
		return h.ctx.Err()
	}
	return h.err
}

func hooksOf(user C.uintptr_t) *hooks {
	return cgo.Handle(user).Value().(*hooks)
}

//export octetGoProgress
func octetGoProgress(user C.uintptr_t, progress *C.q_progress) C.int32_t {
	h := hooksOf(user)
	goOn := h.guard(func() {
		if h.progress == nil {
			return
		}
		remaining := time.Duration(-1)
		if progress.seconds_left >= 0 {
			remaining = time.Duration(float64(progress.seconds_left) * float64(time.Second))
		}
		h.progress(Progress{goString(progress.stage), int64(progress.done), int64(progress.total), remaining})
	})
	return cBool(!goOn || h.ctx != nil && h.ctx.Err() != nil)
}

//export octetGoLog
func octetGoLog(user C.uintptr_t, level C.int32_t, message C.q_str) {
	h := hooksOf(user)
	h.guard(func() {
		if h.log != nil {
			h.log(LogLevel(level), goString(message))
		}
	})
}

//export octetGoWrite
func octetGoWrite(user C.uintptr_t, part C.q_bytes) C.int32_t {
	h := hooksOf(user)
	goOn := h.guard(func() {
		data := unsafe.Slice((*byte)(part.data), int(part.size))
		n, err := h.writer.Write(data)
		h.written += int64(n)
		if err == nil && n < len(data) {
			err = io.ErrShortWrite
		}
		h.err = err
	})
	return cBool(!goOn || h.err != nil)
}

//export octetGoSample
func octetGoSample(user C.uintptr_t, index C.int64_t, inputs *C.q_tensor, count C.int32_t) C.int32_t {
	h := hooksOf(user)
	goOn := h.guard(func() {
		tensors := make([][]float32, count)
		for i, tensor := range unsafe.Slice(inputs, int(count)) {
			tensors[i] = unsafe.Slice((*float32)(tensor.data), int(tensor.size_bytes)/4)
		}
		if err := h.samples.Load(int(index), tensors); err != nil {
			h.err = fmt.Errorf("sample %d: %w", index, err)
		}
	})
	return cBool(!goOn || h.err != nil)
}
