package octet

// #include "shim.h"
import "C"

import "context"

// QuantizeOptions are the options of [Quantize]. One of Samples, ImageFiles, Images, or a path in the configuration
// has to say where the calibration samples come from; the first of these that is given counts.
type QuantizeOptions struct {
	ConfigPath string   // JSON file with MNN's keys and Octet's
	ConfigJSON string   // the JSON itself instead; relative paths in it start at the current folder
	Samples    Samples  // samples from the caller
	ImageFiles []string // calibration images, in this order
	Images     string   // folder of calibration images
	Threads    int      // 0: all that this process may use

	FeatureMethod string // overrides the configuration: "AUTO", "KL", "ADMM", "EMA", "MINMAX", ...
	WeightMethod  string // likewise: "MAX_ABS", "ADMM", ...

	// FloatWhereFaster measures the layers on this CPU, on one thread, and keeps in float those that make the whole
	// network faster so; the result then depends on the machine, and on chance where it is close.
	FloatWhereFaster bool

	// ReportDetails makes the report hold what its page shows beside the numbers: why layers differ, how their values
	// lie, pictures of the worst samples, and the time of each layer on this CPU, which takes about a second.
	ReportDetails bool
	Boxes         BoxKind // of a detector

	// Cache is a folder that keeps what was observed, made where it is missing: a call that was ended in the middle goes
	// on there, and another one with the same network, samples and settings is spared the work. It never changes the
	// result.
	Cache string

	// Statistics are files of [Observe], of every shard once, in place of observing samples. Where samples are here too,
	// they must be those that were observed, and the result is measured on them.
	Statistics []string

	Progress func(Progress) // a few times a second at most and at the end of each stage
	Log      func(level LogLevel, message string)
}

// inC is the options without samples and callbacks, which the shim adds.
func (options *QuantizeOptions) inC(t *texts) C.q_quantize_options {
	return C.q_quantize_options{
		struct_size:        C.sizeof_q_quantize_options,
		threads:            C.int32_t(options.Threads),
		config_path:        t.add(options.ConfigPath),
		config_json:        t.add(options.ConfigJSON),
		images:             t.add(options.Images),
		image_files:        t.addAll(options.ImageFiles),
		image_file_count:   C.int64_t(len(options.ImageFiles)),
		feature_method:     t.add(options.FeatureMethod),
		weight_method:      t.add(options.WeightMethod),
		float_where_faster: cBool(options.FloatWhereFaster),
		report_details:     cBool(options.ReportDetails),
		boxes:              C.int32_t(options.Boxes),
		cache:              t.add(options.Cache),
		statistics:         t.addAll(options.Statistics),
		statistics_count:   C.size_t(len(options.Statistics)),
	}
}

// Quantize makes an int8 model of a float one. The result does not depend on the number of threads nor, without
// FloatWhereFaster, on the machine's speed. When the context is done, the call ends with ErrCancelled within a moment.
func Quantize(ctx context.Context, network *Model, options *QuantizeOptions) (*Model, *Report, error) {
	if options == nil {
		options = &QuantizeOptions{}
	}
	if err := ctx.Err(); err != nil {
		return nil, nil, cancelledBefore("quantization", err)
	}
	pointer, err := network.handle.acquire()
	if err != nil {
		return nil, nil, err
	}
	defer network.handle.release()
	var t texts
	defer t.free()
	given := options.inC(&t)
	h := hooks{ctx: ctx, progress: options.Progress, log: options.Log, samples: options.Samples}
	samples := h.sampleCount()
	var model *C.q_model
	var report *C.q_report
	e := newError()
	status := h.during(func(user C.uintptr_t) C.q_status {
		return C.octet_go_quantize(pointer, &given, samples, user, &model, &report, &e)
	}, func() {
		C.q_model_free(model)
		C.q_report_free(report)
	})
	if err := failure(status, &e, h.cause(status)); err != nil {
		return nil, nil, err
	}
	made := newReport(report)
	quantized, err := newModel(model)
	if err != nil {
		made.Close()
		return nil, nil, err
	}
	return quantized, made, nil
}

// Shard is a part of the calibration samples: number Number, from 1, of Count has the samples Number, Number + Count,
// Number + 2 Count, ... in their order.
type Shard struct {
	Number, Count int
}

// Observe writes what the network's tensors hold over a shard of the samples to the file path: many machines observe, and
// [Quantize] with all the files as Statistics gives the bytes that one machine with the same instruction set would have
// given. The method has to be KL, ADMM, MINMAX, PERCENTILE or MSE.
func Observe(ctx context.Context, network *Model, options *QuantizeOptions, shard Shard, path string) error {
	if options == nil {
		options = &QuantizeOptions{}
	}
	if err := ctx.Err(); err != nil {
		return cancelledBefore("observation", err)
	}
	pointer, err := network.handle.acquire()
	if err != nil {
		return err
	}
	defer network.handle.release()
	var t texts
	defer t.free()
	given := options.inC(&t)
	h := hooks{ctx: ctx, progress: options.Progress, log: options.Log, samples: options.Samples}
	samples := h.sampleCount()
	file := t.add(path)
	e := newError()
	status := h.during(func(user C.uintptr_t) C.q_status {
		return C.octet_go_observe(pointer, &given, samples, C.int32_t(shard.Number), C.int32_t(shard.Count), file, user,
			&e)
	}, nil)
	return failure(status, &e, h.cause(status))
}
