package octet

// #include <stdlib.h>
// #include "shim.h"
import "C"

import (
	"runtime"
	"sync"
	"time"
	"unsafe"
)

// Session runs a model: it holds the memory and the threads for that. It runs one call at a time.
type Session struct {
	handle  handle[*C.q_session]
	running sync.Mutex       // held by what uses the fields below
	call    *C.octet_go_call // freed with the handle
	data    [C.OCTET_GO_MANY]*C.float
	inputs  []TensorInfo
	outputs []TensorInfo
}

// SessionOptions are the options of [Model.NewSession]; nil stands for the zero value.
type SessionOptions struct {
	Threads int    // 0: 1; at most as many are used as there are CPUs that this process may use
	ISA     string // cap on the instruction set: "ref", ...; empty: the environment's OCTET_ISA, else the best here
	Profile bool   // measure the time of every layer

	// InputShapes are other sizes of the inputs than the model's, for this session, one for each input: more samples at a
	// time, larger images. A size of -1 is the model's, nil all of an input's. Sessions of other sizes share the model.
	InputShapes [][]int64
}

// SessionInfo describes a session.
type SessionInfo struct {
	Threads     int
	StepCount   int
	ArenaBytes  int64 // activations and scratch of this session
	PackedBytes int64 // packed weights, shared by the sessions of a model that use the same instruction set
	ISA         string
}

// StepInfo describes a step of a run.
type StepInfo struct {
	Name   string // of the layer
	Op     string
	Kernel string
	IsInt8 bool
	MACs   int64
	Last   time.Duration // in the last run; 0 without SessionOptions.Profile
	Total  time.Duration // since the session was made
}

// NewSession prepares the model for running: chooses kernels, packs weights, plans memory. The session keeps what it
// needs of the model, which may be closed.
func (m *Model) NewSession(options *SessionOptions) (*Session, error) {
	pointer, err := m.handle.acquire()
	if err != nil {
		return nil, err
	}
	defer m.handle.release()
	var t texts
	defer t.free()
	call := (*C.octet_go_call)(C.calloc(1, C.sizeof_octet_go_call))
	call.error.struct_size = C.sizeof_q_error
	created := options.c(&t)
	var session *C.q_session
	status := C.q_session_create(pointer, &created, &session, &call.error)
	if err := failure(status, &call.error, nil); err != nil {
		C.free(unsafe.Pointer(call))
		return nil, err
	}
	call.session = session
	s := &Session{call: call, inputs: m.inputs, outputs: m.outputs}
	s.handle = newHandle("session", session, func(p *C.q_session) {
		C.q_session_free(p)
		C.free(unsafe.Pointer(call))
	})
	runtime.SetFinalizer(s, (*Session).Close)
	if options != nil && options.InputShapes != nil {
		if err := s.describe(session); err != nil {
			s.Close()
			return nil, err
		}
	}
	return s, nil
}

// describe reads the sizes that the session has instead of the model's.
func (s *Session) describe(session *C.q_session) error {
	e := newError()
	tensor := C.q_tensor_info{struct_size: C.sizeof_q_tensor_info}
	inputs := make([]TensorInfo, len(s.inputs))
	for i := range inputs {
		if err := failure(C.q_session_get_input(session, C.int32_t(i), &tensor, &e), &e, nil); err != nil {
			return err
		}
		inputs[i] = tensorInfo(&tensor)
	}
	outputs := make([]TensorInfo, len(s.outputs))
	for i := range outputs {
		if err := failure(C.q_session_get_output(session, C.int32_t(i), &tensor, &e), &e, nil); err != nil {
			return err
		}
		outputs[i] = tensorInfo(&tensor)
	}
	s.inputs, s.outputs = inputs, outputs
	return nil
}

// Inputs describes the inputs with the sizes that the session has. The slice belongs to the session: do not change it.
func (s *Session) Inputs() []TensorInfo {
	return s.inputs
}

// Outputs describes the outputs likewise.
func (s *Session) Outputs() []TensorInfo {
	return s.outputs
}

// Measure is the Info of a session that [Model.NewSession] would make. It does the work of preparing the model for the
// instruction set, which the model keeps for its sessions.
func (m *Model) Measure(options *SessionOptions) (SessionInfo, error) {
	pointer, err := m.handle.acquire()
	if err != nil {
		return SessionInfo{}, err
	}
	defer m.handle.release()
	var t texts
	defer t.free()
	e := newError()
	measured := options.c(&t)
	info := C.q_session_info{struct_size: C.sizeof_q_session_info}
	if err := failure(C.q_session_measure(pointer, &measured, &info, &e), &e, nil); err != nil {
		return SessionInfo{}, err
	}
	return sessionInfo(&info), nil
}

func (o *SessionOptions) c(t *texts) C.q_session_options {
	options := C.q_session_options{struct_size: C.sizeof_q_session_options}
	if o != nil {
		options.threads = C.int32_t(o.Threads)
		options.isa = t.add(o.ISA)
		options.profile = cBool(o.Profile)
		options.input_shapes = t.addShapes(o.InputShapes)
		options.input_shape_count = C.int32_t(len(o.InputShapes))
	}
	return options
}

// Close frees the session, or lets the run that is in progress do so when it ends. It returns nil.
func (s *Session) Close() error {
	s.handle.close()
	return nil
}

// Info describes the session.
func (s *Session) Info() (SessionInfo, error) {
	pointer, err := s.handle.acquire()
	if err != nil {
		return SessionInfo{}, err
	}
	defer s.handle.release()
	s.running.Lock()
	defer s.running.Unlock()
	e := newError()
	info := C.q_session_info{struct_size: C.sizeof_q_session_info}
	if err := failure(C.q_session_get_info(pointer, &info, &e), &e, nil); err != nil {
		return SessionInfo{}, err
	}
	return sessionInfo(&info), nil
}

func sessionInfo(info *C.q_session_info) SessionInfo {
	return SessionInfo{
		Threads:     int(info.threads),
		StepCount:   int(info.step_count),
		ArenaBytes:  int64(info.arena_bytes),
		PackedBytes: int64(info.packed_bytes),
		ISA:         goString(info.isa),
	}
}

// Steps describes the steps of a run in the order of execution, with their times where the session measures them.
func (s *Session) Steps() ([]StepInfo, error) {
	info, err := s.Info()
	if err != nil {
		return nil, err
	}
	pointer, err := s.handle.acquire()
	if err != nil {
		return nil, err
	}
	defer s.handle.release()
	s.running.Lock()
	defer s.running.Unlock()
	e := newError()
	step := C.q_step_info{struct_size: C.sizeof_q_step_info}
	steps := make([]StepInfo, info.StepCount)
	for i := range steps {
		if err := failure(C.q_session_get_step(pointer, C.int32_t(i), &step, &e), &e, nil); err != nil {
			return nil, err
		}
		steps[i] = StepInfo{
			Name:   goString(step.name),
			Op:     goString(step.op),
			Kernel: goString(step.kernel),
			IsInt8: step.is_int8 != 0,
			MACs:   int64(step.macs),
			Last:   milliseconds(step.last_ms),
			Total:  milliseconds(step.total_ms),
		}
	}
	return steps, nil
}

func milliseconds(value C.double) time.Duration {
	return time.Duration(float64(value) * float64(time.Millisecond))
}

// MeasurePeak measures what the multipliers of this machine can do at most: billions of multiply-accumulates a second
// of the instruction that kernels of this instruction set use for this type, on threads threads at once (0: 1). isa
// is as in [SessionOptions]. It takes about a twentieth of a second. 0 for "ref", which has no such instruction.
func MeasurePeak(isa string, dtype DType, threads int) (gmacsPerSecond float64, err error) {
	if err := checkABI(); err != nil {
		return 0, err
	}
	var t texts
	defer t.free()
	e := newError()
	var peak C.double
	status := C.q_measure_peak(t.add(isa), C.q_dtype(dtype), C.int32_t(threads), &peak, &e)
	return float64(peak), failure(status, &e, nil)
}
