package octet

// #include "shim.h"
import "C"

import (
	"runtime"
	"time"
)

// Report is what a quantization or a comparison found. It may be used by many goroutines at once.
type Report struct {
	handle handle[*C.q_report]
}

// ReportInfo is the summary of a report.
type ReportInfo struct {
	OutputCount        int
	LayerCount         int
	WarningCount       int
	CalibrationSamples int64 // used for calibration; 0 in a comparison
	MeasuredSamples    int64 // on which the errors were measured
	HeldOut            bool  // the measured samples were not used for calibration
	HasLabels          bool
	SkippedFiles       int64 // unreadable ones, each named in a warning
	LabelledSamples    int64
	Agreement          float64 // share of samples with the same largest output; negative: not a classifier
	FloatTop1          float64 // shares of the labelled samples
	Int8Top1           float64
	FloatTop5          float64
	Int8Top5           float64
	FloatWeightBytes   int64
	Int8WeightBytes    int64
	Time               time.Duration // that the call took
	KeptFloatCount     int           // layers that FloatWhereFaster kept in float
	Int8Time           time.Duration // one run of the network without such layers; 0: not measured
	MixedTime          time.Duration // one run with them
	IsPoor             bool          // the quality is below a limit, and a warning says which
	SampleCount        int           // samples that the two networks see most differently
	HasDetections      bool          // Detections has something to tell
	HasMixed           bool          // the configuration asked for mixed precision; the members below hold
	MixedLayerCount    int           // layers that stay float for accuracy
	MixedReached       bool          // the budget holds
	MixedFloatMACShare float64
	AllInt8SQNRdB      float64 // at the outputs or before a final softmax, with no layer in float
	MixedSQNRdB        float64 // with those layers in float
	AllInt8Drop        float64 // of a classifier: share of the answers that are expected to change
	MixedDrop          float64
	FloatRunTime       time.Duration // the fastest run of the float network on one thread; 0 without ReportDetails
	Int8RunTime        time.Duration
}

// OutputError says how far an output differs.
type OutputError struct {
	Name        string
	Cosine      float64 // least over the samples
	MeanCosine  float64
	SQNRdB      float64 // signal-to-quantization-noise ratio over all samples
	MaxAbsError float64
}

// LayerError says how far a layer's output differs.
type LayerError struct {
	Name         string
	Op           string
	Method       string // how the output's range was chosen
	IsInt8       bool
	Cosine       float64 // of the layer's output, over all measured samples
	SQNRdB       float64
	MaxAbsError  float64
	ClippedShare float64 // of the output's values that lie outside the range
	Low          float32 // the chosen range; 0, 0 for a float layer
	High         float32

	// With ReportDetails alone. Cause is a word such as "clipping" or "inherited", empty where there is nothing to say.
	Cause     string
	CauseText string        // with the numbers that show it
	Advice    string        // what to change in the configuration
	OwnSQNRdB float64       // signal beside the error that the layer itself adds, as far as known; 200: none
	FloatTime time.Duration // of one run on one thread; 0: not measured, or part of another layer's step
	Int8Time  time.Duration

	// Equalization scaled the channels of the layer's output: errors and the range are in the scale of the int8
	// network. Where two files are compared, float values are multiplied with the factor that fits each channel best.
	IsEqualized bool
}

// KeptFloat is a layer that FloatWhereFaster kept in float.
type KeptFloat struct {
	Name      string
	Op        string
	FloatTime time.Duration // of the layer alone, without the change of types at its borders
	Int8Time  time.Duration
}

func newReport(pointer *C.q_report) *Report {
	r := &Report{handle: newHandle("report", pointer, func(p *C.q_report) { C.q_report_free(p) })}
	runtime.SetFinalizer(r, (*Report).Close)
	return r
}

// Close frees the report. It returns nil.
func (r *Report) Close() error {
	r.handle.close()
	return nil
}

// read calls get with the report's pointer and turns what it returns into an error.
func (r *Report) read(get func(pointer *C.q_report, e *C.q_error) C.q_status) error {
	pointer, err := r.handle.acquire()
	if err != nil {
		return err
	}
	defer r.handle.release()
	e := newError()
	return failure(get(pointer, &e), &e, nil)
}

// Info is the summary.
func (r *Report) Info() (ReportInfo, error) {
	info := C.q_report_info{struct_size: C.sizeof_q_report_info}
	err := r.read(func(pointer *C.q_report, e *C.q_error) C.q_status {
		return C.q_report_get_info(pointer, &info, e)
	})
	if err != nil {
		return ReportInfo{}, err
	}
	return ReportInfo{
		OutputCount:        int(info.output_count),
		LayerCount:         int(info.layer_count),
		WarningCount:       int(info.warning_count),
		CalibrationSamples: int64(info.calibration_samples),
		MeasuredSamples:    int64(info.measured_samples),
		HeldOut:            info.held_out != 0,
		HasLabels:          info.has_labels != 0,
		SkippedFiles:       int64(info.skipped_files),
		LabelledSamples:    int64(info.labelled_samples),
		Agreement:          float64(info.agreement),
		FloatTop1:          float64(info.float_top1),
		Int8Top1:           float64(info.int8_top1),
		FloatTop5:          float64(info.float_top5),
		Int8Top5:           float64(info.int8_top5),
		FloatWeightBytes:   int64(info.float_weight_bytes),
		Int8WeightBytes:    int64(info.int8_weight_bytes),
		Time:               milliseconds(info.seconds * 1000),
		KeptFloatCount:     int(info.kept_float_count),
		Int8Time:           milliseconds(info.int8_ms),
		MixedTime:          milliseconds(info.mixed_ms),
		IsPoor:             info.is_poor != 0,
		SampleCount:        int(info.sample_count),
		HasDetections:      info.has_detections != 0,
		HasMixed:           info.has_mixed != 0,
		MixedLayerCount:    int(info.mixed_layer_count),
		MixedReached:       info.mixed_reached != 0,
		MixedFloatMACShare: float64(info.mixed_float_mac_share),
		AllInt8SQNRdB:      float64(info.all_int8_sqnr_db),
		MixedSQNRdB:        float64(info.mixed_sqnr_db),
		AllInt8Drop:        float64(info.all_int8_drop),
		MixedDrop:          float64(info.mixed_drop),
		FloatRunTime:       milliseconds(info.float_run_ms),
		Int8RunTime:        milliseconds(info.int8_run_ms),
	}, nil
}

// Outputs says how far each output differs.
func (r *Report) Outputs() ([]OutputError, error) {
	info, err := r.Info()
	if err != nil {
		return nil, err
	}
	outputs := make([]OutputError, info.OutputCount)
	found := C.q_output_error{struct_size: C.sizeof_q_output_error}
	for i := range outputs {
		err := r.read(func(pointer *C.q_report, e *C.q_error) C.q_status {
			status := C.q_report_get_output(pointer, C.int32_t(i), &found, e)
			outputs[i] = OutputError{
				Name:        goString(found.name),
				Cosine:      float64(found.cosine),
				MeanCosine:  float64(found.mean_cosine),
				SQNRdB:      float64(found.sqnr_db),
				MaxAbsError: float64(found.max_abs_error),
			}
			return status
		})
		if err != nil {
			return nil, err
		}
	}
	return outputs, nil
}

// Layers says how far the output of each layer differs, in the order of execution.
func (r *Report) Layers() ([]LayerError, error) {
	info, err := r.Info()
	if err != nil {
		return nil, err
	}
	layers := make([]LayerError, info.LayerCount)
	found := C.q_layer_error{struct_size: C.sizeof_q_layer_error}
	for i := range layers {
		err := r.read(func(pointer *C.q_report, e *C.q_error) C.q_status {
			status := C.q_report_get_layer(pointer, C.int32_t(i), &found, e)
			layers[i] = LayerError{
				Name:         goString(found.name),
				Op:           goString(found.op),
				Method:       goString(found.method),
				IsInt8:       found.is_int8 != 0,
				Cosine:       float64(found.cosine),
				SQNRdB:       float64(found.sqnr_db),
				MaxAbsError:  float64(found.max_abs_error),
				ClippedShare: float64(found.clipped_share),
				Low:          float32(found.low),
				High:         float32(found.high),
				Cause:        goString(found.cause),
				CauseText:    goString(found.cause_text),
				Advice:       goString(found.advice),
				OwnSQNRdB:    float64(found.own_sqnr_db),
				FloatTime:    milliseconds(found.float_ms),
				Int8Time:     milliseconds(found.int8_ms),
				IsEqualized:  found.is_equalized != 0,
			}
			return status
		})
		if err != nil {
			return nil, err
		}
	}
	return layers, nil
}

// KeptFloat lists the layers that FloatWhereFaster kept in float, in the order of execution. The same names under
// "skip_quant_op_names" in the configuration give the same model on every machine.
func (r *Report) KeptFloat() ([]KeptFloat, error) {
	info, err := r.Info()
	if err != nil {
		return nil, err
	}
	kept := make([]KeptFloat, info.KeptFloatCount)
	found := C.q_kept_float{struct_size: C.sizeof_q_kept_float}
	for i := range kept {
		err := r.read(func(pointer *C.q_report, e *C.q_error) C.q_status {
			status := C.q_report_get_kept_float(pointer, C.int32_t(i), &found, e)
			kept[i] = KeptFloat{
				Name:      goString(found.name),
				Op:        goString(found.op),
				FloatTime: milliseconds(found.float_ms),
				Int8Time:  milliseconds(found.int8_ms),
			}
			return status
		})
		if err != nil {
			return nil, err
		}
	}
	return kept, nil
}

// Warnings lists what went not quite as wanted.
func (r *Report) Warnings() ([]string, error) {
	info, err := r.Info()
	if err != nil {
		return nil, err
	}
	warnings := make([]string, info.WarningCount)
	for i := range warnings {
		err := r.read(func(pointer *C.q_report, e *C.q_error) C.q_status {
			var text C.q_str
			status := C.q_report_get_warning(pointer, C.int32_t(i), &text, e)
			warnings[i] = goString(text)
			return status
		})
		if err != nil {
			return nil, err
		}
	}
	return warnings, nil
}

// JSON is the whole report as one JSON object.
func (r *Report) JSON() (string, error) {
	var json string
	err := r.read(func(pointer *C.q_report, e *C.q_error) C.q_status {
		var text C.q_str
		status := C.q_report_get_json(pointer, &text, e)
		json = goString(text) // before the pointer is released
		return status
	})
	return json, err
}

// Save writes the report; the ending names the format: .html (one file, works offline) or .json.
func (r *Report) Save(path string) error {
	var t texts
	defer t.free()
	return r.read(func(pointer *C.q_report, e *C.q_error) C.q_status {
		return C.q_report_save(pointer, t.add(path), e)
	})
}
