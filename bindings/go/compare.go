package octet

// #include "shim.h"
import "C"

import "context"

// CompareOptions are the options of [Compare].
type CompareOptions struct {
	ConfigPath  string  // how images become inputs and, where Images is empty, which
	ConfigJSON  string  // the JSON itself instead; relative paths in it start at the current folder
	Samples     Samples // samples from the caller instead of images
	Images      string  // folder; overrides the configuration's path
	Labels      string  // tab-separated file: file, class_index; empty: no accuracy
	LabelOffset int     // added to class_index
	Threads     int     // 0: all that this process may use

	// ReportDetails makes the report hold what its page shows beside the numbers: why layers differ, how their values
	// lie, pictures of the worst samples, and the time of each layer on this CPU, which takes about a second.
	ReportDetails bool
	Boxes         BoxKind // of a detector

	Progress func(Progress) // a few times a second at most and at the end of each stage
	Log      func(level LogLevel, message string)
}

// Compare runs two models, usually a float one and its int8 twin, over the same samples and measures how far they
// differ. When the context is done, the call ends with ErrCancelled within a moment.
func Compare(ctx context.Context, reference, model *Model, options *CompareOptions) (*Report, error) {
	if options == nil {
		options = &CompareOptions{}
	}
	if err := ctx.Err(); err != nil {
		return nil, cancelledBefore("comparison", err)
	}
	referencePointer, err := reference.handle.acquire()
	if err != nil {
		return nil, err
	}
	defer reference.handle.release()
	modelPointer, err := model.handle.acquire()
	if err != nil {
		return nil, err
	}
	defer model.handle.release()
	var t texts
	defer t.free()
	given := C.q_compare_options{
		struct_size:  C.sizeof_q_compare_options,
		threads:      C.int32_t(options.Threads),
		config_path:  t.add(options.ConfigPath),
		config_json:  t.add(options.ConfigJSON),
		images:       t.add(options.Images),
		labels:       t.add(options.Labels),
		label_offset: C.int32_t(options.LabelOffset),

		report_details: cBool(options.ReportDetails),
		boxes:          C.int32_t(options.Boxes),
	}
	h := hooks{ctx: ctx, progress: options.Progress, log: options.Log, samples: options.Samples}
	samples := h.sampleCount()
	var report *C.q_report
	e := newError()
	status := h.during(func(user C.uintptr_t) C.q_status {
		return C.octet_go_compare(referencePointer, modelPointer, &given, samples, user, &report, &e)
	}, func() {
		C.q_report_free(report)
	})
	if err := failure(status, &e, h.cause(status)); err != nil {
		return nil, err
	}
	return newReport(report), nil
}
