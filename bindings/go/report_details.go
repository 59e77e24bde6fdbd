package octet

// #include "shim.h"
import "C"

// BoxKind says what the boxes of a detector are.
type BoxKind int32

// The kinds of boxes.
const (
	BoxesAutomatic BoxKind = 0 // told from the graph
	BoxesRaw       BoxKind = 1 // offsets to priors
	BoxesDecoded   BoxKind = 2 // corners in shares of the input
)

// MixedLayer is a layer that "mixed" kept in float for accuracy.
type MixedLayer struct {
	Name     string // of its output
	Op       string
	MACs     int64   // multiply-accumulates of one run
	GainedDB float64 // at the outputs, where this layer alone is kept in float
}

// SampleError is a sample that the two networks see differently.
type SampleError struct {
	Name          string
	SameAnswer    bool    // the same class from both or, of a detector, all boxes match
	Cosine        float64 // the least of the outputs
	FloatClass    int64   // of a classifier; -1: it is none
	Int8Class     int64
	FloatScore    float64 // values of these classes
	Int8Score     float64
	FloatBoxCount int // of a detector
	Int8BoxCount  int
}

// DetectionError says how the boxes of two detectors fit, over all measured samples. A box is matched with the one of
// the other network that overlaps it most, by an intersection over union (IoU) of at least 0.5.
type DetectionError struct {
	Boxes          BoxKind
	ScoreThreshold float64 // what is below is no detection
	FloatBoxes     int64   // found by each network
	Int8Boxes      int64
	Matched        int64   // found by both
	SameSamples    int64   // in which all boxes match
	MeanIoU        float64 // of the matched boxes; 0: there are none
	LeastIoU       float64
	MeanScoreError float64 // magnitude of the difference, of the matched boxes
	MaxScoreError  float64
}

// MixedLayers lists the layers that "mixed" kept in float, what saves the most error for its work first.
func (r *Report) MixedLayers() ([]MixedLayer, error) {
	info, err := r.Info()
	if err != nil {
		return nil, err
	}
	layers := make([]MixedLayer, info.MixedLayerCount)
	found := C.q_mixed_layer{struct_size: C.sizeof_q_mixed_layer}
	for i := range layers {
		err := r.read(func(pointer *C.q_report, e *C.q_error) C.q_status {
			status := C.q_report_get_mixed_layer(pointer, C.int32_t(i), &found, e)
			layers[i] = MixedLayer{
				Name:     goString(found.name),
				Op:       goString(found.op),
				MACs:     int64(found.macs),
				GainedDB: float64(found.gained_db),
			}
			return status
		})
		if err != nil {
			return nil, err
		}
	}
	return layers, nil
}

// Samples lists the samples that the two networks see most differently: another answer before all others, then the
// least cosine.
func (r *Report) Samples() ([]SampleError, error) {
	info, err := r.Info()
	if err != nil {
		return nil, err
	}
	samples := make([]SampleError, info.SampleCount)
	found := C.q_sample_error{struct_size: C.sizeof_q_sample_error}
	for i := range samples {
		err := r.read(func(pointer *C.q_report, e *C.q_error) C.q_status {
			status := C.q_report_get_sample(pointer, C.int32_t(i), &found, e)
			samples[i] = SampleError{
				Name:          goString(found.name),
				SameAnswer:    found.same_answer != 0,
				Cosine:        float64(found.cosine),
				FloatClass:    int64(found.float_class),
				Int8Class:     int64(found.int8_class),
				FloatScore:    float64(found.float_score),
				Int8Score:     float64(found.int8_score),
				FloatBoxCount: int(found.float_box_count),
				Int8BoxCount:  int(found.int8_box_count),
			}
			return status
		})
		if err != nil {
			return nil, err
		}
	}
	return samples, nil
}

// Detections says how the boxes of two detectors fit. ErrArgument where HasDetections is false.
func (r *Report) Detections() (DetectionError, error) {
	found := C.q_detection_error{struct_size: C.sizeof_q_detection_error}
	err := r.read(func(pointer *C.q_report, e *C.q_error) C.q_status {
		return C.q_report_get_detections(pointer, &found, e)
	})
	if err != nil {
		return DetectionError{}, err
	}
	return DetectionError{
		Boxes:          BoxKind(found.boxes),
		ScoreThreshold: float64(found.score_threshold),
		FloatBoxes:     int64(found.float_boxes),
		Int8Boxes:      int64(found.int8_boxes),
		Matched:        int64(found.matched),
		SameSamples:    int64(found.same_samples),
		MeanIoU:        float64(found.mean_iou),
		LeastIoU:       float64(found.least_iou),
		MeanScoreError: float64(found.mean_score_error),
		MaxScoreError:  float64(found.max_score_error),
	}, nil
}
