package octet_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"reflect"
	"runtime"
	"strings"
	"testing"
	"testing/fstest"
	"testing/iotest"

	"octet"
)

func TestVersions(t *testing.T) {
	if octet.Version() == "" {
		t.Error("no version")
	}
	if octet.ABIVersion()>>16 == 0 {
		t.Errorf("interface %#x", octet.ABIVersion())
	}
}

func TestLoadFromEverywhereGivesTheSameModel(t *testing.T) {
	data, err := os.ReadFile(shapes)
	if err != nil {
		t.Fatal(err)
	}
	want := loadFile(t, shapes)
	for name, from := range map[string]func() (*octet.Model, error){
		"bytes": func() (*octet.Model, error) { return octet.LoadBytes(data, "shapes.onnx", nil) },
		"reader": func() (*octet.Model, error) {
			return octet.LoadReader(iotest.HalfReader(bytes.NewReader(data)), "x", nil)
		},
		"fs": func() (*octet.Model, error) {
			return octet.LoadFS(fstest.MapFS{"net/shapes.onnx": {Data: data}}, "net/shapes.onnx", nil)
		},
	} {
		model, err := from()
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if model.Info() != want.Info() || !reflect.DeepEqual(model.Inputs(), want.Inputs()) ||
			!reflect.DeepEqual(model.Outputs(), want.Outputs()) {
			t.Errorf("%s: %+v, not %+v", name, model.Info(), want.Info())
		}
		model.Close()
	}
}

func TestModelDescribesItself(t *testing.T) {
	model := loadFile(t, shapes)
	info := model.Info()
	if info.SourceFormat != "onnx" || info.InputCount != 1 || info.OutputCount != 1 || info.Int8LayerCount != 0 ||
		info.MACs != 11297280 || info.FileBytes != 798931 {
		t.Errorf("info: %+v", info)
	}
	want := octet.TensorInfo{Name: "image", DType: octet.Float32, Dims: []int{1, 3, 64, 64}, ElementCount: 3 * 64 * 64}
	if got := model.Inputs()[0]; !reflect.DeepEqual(got, want) {
		t.Errorf("input: %+v", got)
	}
	if got := model.Outputs()[0]; got.Name != "probabilities" || !reflect.DeepEqual(got.Dims, []int{1, 16}) {
		t.Errorf("output: %+v", got)
	}
	layers, err := model.Layers()
	if err != nil {
		t.Fatal(err)
	}
	if len(layers) != info.LayerCount {
		t.Fatalf("%d layers, not %d", len(layers), info.LayerCount)
	}
	var macs int64
	for _, layer := range layers {
		macs += layer.MACs
	}
	first := layers[0]
	if macs != info.MACs || first.Op != "conv" || first.WeightBytes == 0 || first.Output.ElementCount != 16*32*32 {
		t.Errorf("%d multiply-accumulates, first layer %+v", macs, first)
	}
}

func TestRecipe(t *testing.T) {
	want := &octet.Recipe{Format: octet.RGB, Fit: octet.Stretch, Width: 64, Height: 64,
		Mean: [4]float32{127.5, 127.5, 127.5}, Normal: [4]float32{0.00784314, 0.00784314, 0.00784314}}
	check := func(from string, got *octet.Recipe, err error) {
		t.Helper()
		if err != nil {
			t.Fatalf("%s: %v", from, err)
		}
		got.CenterCropH, got.CenterCropW = 0, 0 // 0 and 1 mean the same
		got.Mean[3], got.Normal[3] = 0, 0       // of a fourth channel
		if *got != *want {
			t.Errorf("%s: %+v, not %+v", from, got, want)
		}
	}
	recipe, err := octet.RecipeFromConfig(config)
	check("file", recipe, err)
	text, err := os.ReadFile(config)
	if err != nil {
		t.Fatal(err)
	}
	recipe, err = octet.RecipeFromJSON(string(text))
	check("text", recipe, err)
	recipe, err = int8Shapes(t).Recipe()
	check("model", recipe, err)

	_, err = loadFile(t, shapes).Recipe()
	fails(t, "a float model, which has no recipe", err, octet.ErrData, "")
	_, err = octet.RecipeFromConfig("")
	fails(t, "no path", err, octet.ErrArgument, "path")
	_, err = octet.RecipeFromJSON(`{"formt": "RGB"}`)
	fails(t, "a wrong key", err, octet.ErrConfig, "formt")
}

func TestSaveAndWriteToGiveTheSameFile(t *testing.T) {
	model := int8Shapes(t)
	path := filepath.Join(t.TempDir(), "shapes.octet")
	if err := model.Save(path); err != nil {
		t.Fatal(err)
	}
	saved, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var written bytes.Buffer
	n, err := model.WriteTo(&written)
	if err != nil || n != int64(written.Len()) {
		t.Fatalf("%d bytes of %d: %v", n, written.Len(), err)
	}
	if !bytes.Equal(saved, written.Bytes()) {
		t.Error("the two differ")
	}
	again, err := octet.LoadReader(&written, "written", nil)
	if err != nil {
		t.Fatal(err)
	}
	defer again.Close()
	if again.Info().SourceFormat != "octet" || again.Info().Int8LayerCount != model.Info().Int8LayerCount {
		t.Errorf("%+v", again.Info())
	}
}

type failingWriter struct {
	room int
	err  error
}

func (w *failingWriter) Write(data []byte) (int, error) {
	if len(data) <= w.room {
		w.room -= len(data)
		return len(data), nil
	}
	n := w.room
	w.room = 0
	return n, w.err
}

func TestWriteToReportsTheWriter(t *testing.T) {
	model := int8Shapes(t)
	full := errors.New("the disk is full")
	n, err := model.WriteTo(&failingWriter{1000, full})
	if n != 1000 || !errors.Is(err, full) {
		t.Errorf("%d bytes: %v", n, err)
	}
	fails(t, "a full disk", err, octet.ErrIO, full.Error())
	if _, err := model.WriteTo(&failingWriter{1000, nil}); !errors.Is(err, io.ErrShortWrite) {
		t.Errorf("a writer that takes less without an error: %v", err)
	}
}

func TestErrorsOfLoading(t *testing.T) {
	_, err := octet.Load("nowhere/face.onnx", nil)
	var e *octet.Error
	if !errors.As(err, &e) || e.Code != octet.ErrIO || !strings.Contains(e.Message, "nowhere/face.onnx") {
		t.Errorf("%v", err)
	}
	if !errors.Is(err, octet.ErrIO) || errors.Is(err, octet.ErrFormat) {
		t.Errorf("codes: %v", err)
	}
	if octet.ErrFormat.Error() != "Q_E_FORMAT" {
		t.Errorf("name: %v", octet.ErrFormat)
	}
	for name, data := range map[string][]byte{"nil": nil, "empty": {}, "text": []byte("no network at all")} {
		_, err := octet.LoadBytes(data, "this file", nil)
		fails(t, name, err, nil, "this file")
	}
	_, err = octet.Load("a\x00b", nil)
	fails(t, "a zero byte in a path", err, octet.ErrArgument, "zero byte")
	broken := errors.New("broken")
	_, err = octet.LoadReader(iotest.ErrReader(broken), "pipe", nil)
	fails(t, "a reader", err, octet.ErrIO, "pipe")
	fails(t, "a reader", err, broken, "")
	_, err = octet.LoadFS(fstest.MapFS{}, "a.onnx", nil)
	fails(t, "a file system", err, octet.ErrIO, "a.onnx")
	fails(t, "a file system", err, fs.ErrNotExist, "")
	var n network
	n.input("x", 1, 4)
	n.node("NoSuchOperator", []string{"x"}, "y")
	n.output("y", 1, 4)
	_, err = octet.LoadBytes(n.bytes(), "odd", nil)
	fails(t, "an unknown operator", err, octet.ErrUnsupported, "NoSuchOperator")
}

func TestLoadLogsWhatDoesNotFitTheError(t *testing.T) {
	var n network
	n.input("x", 1, 4)
	for i := 0; i < 8; i++ {
		n.node(fmt.Sprintf("NoSuchOperator%d%s", i, strings.Repeat("x", 150)), []string{"x"}, fmt.Sprint("y", i))
		n.output(fmt.Sprint("y", i), 1, 4)
	}
	var logged strings.Builder
	_, err := octet.LoadBytes(n.bytes(), "odd", &octet.LoadOptions{Log: func(level octet.LogLevel, message string) {
		if level == octet.LogError {
			logged.WriteString(message)
		}
	}})
	const last = "NoSuchOperator7xxx"
	if err == nil || strings.Contains(err.Error(), last) {
		t.Errorf("the error is to be cut: %v", err)
	}
	if !strings.Contains(logged.String(), last) {
		t.Errorf("the log has %d bytes without the last operator", logged.Len())
	}
}

func TestCloseTwiceAndUseAfterIt(t *testing.T) {
	model, err := octet.LoadBytes(tinyNetwork(), "tiny", nil)
	if err != nil {
		t.Fatal(err)
	}
	session, err := model.NewSession(nil)
	if err != nil {
		t.Fatal(err)
	}
	closed := func(what string, err error) {
		t.Helper()
		if !errors.Is(err, octet.ErrArgument) || !errors.Is(err, fs.ErrClosed) || !strings.Contains(err.Error(), what) {
			t.Errorf("%s: %v", what, err)
		}
	}
	for i := 0; i < 2; i++ {
		if err := model.Close(); err != nil {
			t.Fatal(err)
		}
	}
	x, y := [][]float32{{1, -2, 3, -4}}, [][]float32{make([]float32, 4)}
	if err := session.Run(x, y); err != nil {
		t.Fatalf("a session of a closed model: %v", err)
	}
	equal(t, "y", y[0], []float32{1, 0, 3, 0})
	for i := 0; i < 2; i++ {
		if err := session.Close(); err != nil {
			t.Fatal(err)
		}
	}

	_, err = model.Layers()
	closed("model", err)
	_, err = model.Recipe()
	closed("model", err)
	closed("model", model.Save(filepath.Join(t.TempDir(), "x.octet")))
	_, err = model.WriteTo(io.Discard)
	closed("model", err)
	_, err = model.NewSession(nil)
	closed("model", err)
	_, err = model.Measure(nil)
	closed("model", err)
	_, _, err = octet.Quantize(background, model, nil)
	closed("model", err)
	_, err = octet.Compare(background, model, model, nil)
	closed("model", err)
	pixels := octet.Pixels{Format: octet.Gray, Width: 1, Height: 1, Data: []byte{0}}
	closed("model", pixels.ToInput(model, 0, nil, nil))
	_, err = pixels.Mapping(model, 0, nil)
	closed("model", err)
	closed("session", session.Run(x, y))
	closed("session", session.RunTensors(background, nil, nil))
	closed("session", session.RunPixels(background, &pixels, nil, y))
	_, err = session.Info()
	closed("session", err)
	_, err = session.Steps()
	closed("session", err)
	closed("handle", new(octet.Session).Run(x, y))
	if model.Info().InputCount != 1 || len(model.Inputs()) != 1 {
		t.Error("what was read at the start stays")
	}
}

func TestNoReaderIsNeededAfterLoading(t *testing.T) {
	data := tinyNetwork()
	model := load(t, data)
	for i := range data { // the bytes were copied
		data[i] = 0xff
	}
	runtime.GC()
	session := newSession(t, model, nil)
	y := make([]float32, 4)
	if err := session.Run([][]float32{{-1, 2, -3, 4}}, [][]float32{y}); err != nil {
		t.Fatal(err)
	}
	equal(t, "y", y, []float32{0, 2, 0, 4})
}
