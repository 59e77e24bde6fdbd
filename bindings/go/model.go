package octet

// #include "shim.h"
import "C"

import (
	"io"
	"io/fs"
	"runtime"
)

// Model is a network, float or int8. It never changes and may be used by many goroutines at once.
type Model struct {
	handle  handle[*C.q_model]
	info    ModelInfo
	inputs  []TensorInfo
	outputs []TensorInfo
}

// LoadOptions are the options of [Load] and the like; nil stands for the zero value.
type LoadOptions struct {
	Log func(level LogLevel, message string)

	// InputShapes are sizes of the inputs, one for each in the model's order, needed where the file leaves others open
	// than the first (an open first one, the batch, is 1). A size of -1 is the file's, nil all of an input's.
	InputShapes [][]int64

	// FixSizes: the model has no open sizes; files that are written of it have those of now.
	FixSizes bool
}

// ModelInfo describes a model.
type ModelInfo struct {
	Name           string // as the source file has it; may be empty
	SourceFormat   string // "onnx", "mnn", "octet": what it was loaded from
	InputCount     int
	OutputCount    int
	LayerCount     int
	Int8LayerCount int   // 0: a float model
	MACs           int64 // multiply-accumulates of one run
	Int8MACs       int64 // of these, in int8
	WeightBytes    int64 // constants as stored
	FileBytes      int64 // of the file or bytes that it was loaded from; 0 for a model made by Quantize
}

// LayerInfo describes a layer.
type LayerInfo struct {
	Name        string
	Op          string // "conv", "depthwise conv", "add", ...
	IsInt8      bool
	MACs        int64
	WeightBytes int64
	Output      TensorInfo // the first output
}

// Load reads a .octet, .onnx, .mnn or .tflite file; the content decides, not the name. A .octet file stays mapped until the
// model and its last session are closed: do not change it in place.
func Load(path string, options *LoadOptions) (*Model, error) {
	return load(options, func(user C.uintptr_t, out **C.q_model, e *C.q_error) C.q_status {
		var t texts
		defer t.free()
		return C.octet_go_load(t.add(path), user, options.shapes(&t), options.shapeCount(),
			options.fixSizes(), out, e)
	})
}

// LoadBytes reads a model from the bytes of a file, which are copied. name stands for the file's name in messages.
// Models with external data files need [Load].
func LoadBytes(data []byte, name string, options *LoadOptions) (*Model, error) {
	return load(options, func(user C.uintptr_t, out **C.q_model, e *C.q_error) C.q_status {
		var t texts
		defer t.free()
		return C.octet_go_load_bytes(bytesOf(data), C.size_t(len(data)), t.add(name), user, options.shapes(&t),
			options.shapeCount(), options.fixSizes(), out, e)
	})
}

// LoadReader is [LoadBytes] of all that the reader gives.
func LoadReader(reader io.Reader, name string, options *LoadOptions) (*Model, error) {
	data, err := io.ReadAll(reader)
	if err != nil {
		return nil, &Error{Code: ErrIO, Message: "reading " + name, cause: err}
	}
	return LoadBytes(data, name, options)
}

// LoadFS is [LoadBytes] of a file of fsys, such as one that is embedded in the program.
func LoadFS(fsys fs.FS, name string, options *LoadOptions) (*Model, error) {
	data, err := fs.ReadFile(fsys, name)
	if err != nil {
		return nil, &Error{Code: ErrIO, Message: "reading " + name, cause: err}
	}
	return LoadBytes(data, name, options)
}

func (o *LoadOptions) shapes(t *texts) *C.q_shape {
	if o == nil {
		return nil
	}
	return t.addShapes(o.InputShapes)
}

func (o *LoadOptions) shapeCount() C.int32_t {
	if o == nil {
		return 0
	}
	return C.int32_t(len(o.InputShapes))
}

func (o *LoadOptions) fixSizes() C.int32_t {
	if o == nil || !o.FixSizes {
		return 0
	}
	return 1
}

func load(options *LoadOptions, call func(C.uintptr_t, **C.q_model, *C.q_error) C.q_status) (*Model, error) {
	if err := checkABI(); err != nil {
		return nil, err
	}
	var h hooks
	if options != nil {
		h.log = options.Log
	}
	var model *C.q_model
	e := newError()
	status := h.during(func(user C.uintptr_t) C.q_status { return call(user, &model, &e) }, func() {
		C.q_model_free(model)
	})
	if err := failure(status, &e, nil); err != nil {
		return nil, err
	}
	return newModel(model)
}

// newModel takes over a pointer of the library.
func newModel(pointer *C.q_model) (*Model, error) {
	m := &Model{handle: newHandle("model", pointer, func(p *C.q_model) { C.q_model_free(p) })}
	runtime.SetFinalizer(m, (*Model).Close)
	if err := m.describe(pointer); err != nil {
		m.Close()
		return nil, err
	}
	return m, nil
}

// describe reads what never changes and is asked for often.
func (m *Model) describe(pointer *C.q_model) error {
	e := newError()
	info := C.q_model_info{struct_size: C.sizeof_q_model_info}
	if err := failure(C.q_model_get_info(pointer, &info, &e), &e, nil); err != nil {
		return err
	}
	m.info = ModelInfo{
		Name:           goString(info.name),
		SourceFormat:   goString(info.source_format),
		InputCount:     int(info.input_count),
		OutputCount:    int(info.output_count),
		LayerCount:     int(info.layer_count),
		Int8LayerCount: int(info.int8_layer_count),
		MACs:           int64(info.macs),
		Int8MACs:       int64(info.int8_macs),
		WeightBytes:    int64(info.weight_bytes),
		FileBytes:      int64(info.file_bytes),
	}
	tensor := C.q_tensor_info{struct_size: C.sizeof_q_tensor_info}
	for i := C.int32_t(0); i < info.input_count; i++ {
		if err := failure(C.q_model_get_input(pointer, i, &tensor, &e), &e, nil); err != nil {
			return err
		}
		m.inputs = append(m.inputs, tensorInfo(&tensor))
	}
	for i := C.int32_t(0); i < info.output_count; i++ {
		if err := failure(C.q_model_get_output(pointer, i, &tensor, &e), &e, nil); err != nil {
			return err
		}
		m.outputs = append(m.outputs, tensorInfo(&tensor))
	}
	return nil
}

// Close frees the model; sessions of it keep what they need. It returns nil.
func (m *Model) Close() error {
	m.handle.close()
	return nil
}

// Info describes the model, also after Close.
func (m *Model) Info() ModelInfo {
	return m.info
}

// Inputs describes the inputs in the model's order, also after Close. The slice belongs to the model: do not change
// it.
func (m *Model) Inputs() []TensorInfo {
	return m.inputs
}

// Outputs describes the outputs in the model's order, also after Close. The slice belongs to the model: do not change
// it.
func (m *Model) Outputs() []TensorInfo {
	return m.outputs
}

// OpenSize tells whether the file leaves a size of an input open, as a batch or the sides of an image may be: its name,
// "?" where it has none, "" where the size is fixed. Open sizes stay open in every file that is written of the model.
// Sessions may have other sizes in any case.
func (m *Model) OpenSize(input, dimension int) (string, error) {
	pointer, err := m.handle.acquire()
	if err != nil {
		return "", err
	}
	defer m.handle.release()
	e := newError()
	var name C.q_str
	status := C.q_model_get_open_size(pointer, C.int32_t(input), C.int32_t(dimension), &name, &e)
	if err := failure(status, &e, nil); err != nil {
		return "", err
	}
	return goString(name), nil
}

// Layers describes the layers in the order of execution.
func (m *Model) Layers() ([]LayerInfo, error) {
	pointer, err := m.handle.acquire()
	if err != nil {
		return nil, err
	}
	defer m.handle.release()
	e := newError()
	info := C.q_layer_info{struct_size: C.sizeof_q_layer_info}
	layers := make([]LayerInfo, m.info.LayerCount)
	for i := range layers {
		if err := failure(C.q_model_get_layer(pointer, C.int32_t(i), &info, &e), &e, nil); err != nil {
			return nil, err
		}
		layers[i] = LayerInfo{
			Name:        goString(info.name),
			Op:          goString(info.op),
			IsInt8:      info.is_int8 != 0,
			MACs:        int64(info.macs),
			WeightBytes: int64(info.weight_bytes),
			Output:      tensorInfo(&info.output),
		}
	}
	return layers, nil
}

// Save writes the model to a file; the ending names the format: .octet. After a failure the target is as it was. The
// same model gives the same bytes.
func (m *Model) Save(path string) error {
	pointer, err := m.handle.acquire()
	if err != nil {
		return err
	}
	defer m.handle.release()
	var t texts
	defer t.free()
	e := newError()
	return failure(C.q_model_save(pointer, t.add(path), &e), &e, nil)
}

// WriteTo writes what [Model.Save] writes to a .octet file. It returns how many bytes the writer took.
func (m *Model) WriteTo(writer io.Writer) (int64, error) {
	pointer, err := m.handle.acquire()
	if err != nil {
		return 0, err
	}
	defer m.handle.release()
	var t texts
	defer t.free()
	e := newError()
	h := hooks{writer: writer}
	status := h.during(func(user C.uintptr_t) C.q_status {
		return C.octet_go_write(pointer, t.add("octet"), user, &e)
	}, nil)
	return h.written, failure(status, &e, h.err)
}
