package octet_test

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"strings"
	"testing"

	"octet"
)

// The networks of the tests, written as ONNX files by hand: protocol buffers of a few fields.

func varint(message []byte, field int, value uint64) []byte {
	message = binary.AppendUvarint(message, uint64(field)<<3)
	return binary.AppendUvarint(message, value)
}

func bytesField(message []byte, field int, value []byte) []byte {
	message = binary.AppendUvarint(message, uint64(field)<<3|2)
	message = binary.AppendUvarint(message, uint64(len(value)))
	return append(message, value...)
}

func text(message []byte, field int, value string) []byte {
	return bytesField(message, field, []byte(value))
}

// network collects the fields of a GraphProto.
type network struct {
	nodes, initializers, inputs, outputs []byte
}

func (n *network) node(op string, inputs []string, output string, attributes ...[]byte) {
	var node []byte
	for _, input := range inputs {
		node = text(node, 1, input)
	}
	node = text(node, 2, output)
	node = text(node, 3, op+" "+output)
	node = text(node, 4, op)
	for _, attribute := range attributes {
		node = bytesField(node, 5, attribute)
	}
	n.nodes = bytesField(n.nodes, 1, node)
}

func ints(name string, values ...uint64) []byte {
	attribute := varint(text(nil, 1, name), 20, 7)
	for _, value := range values {
		attribute = varint(attribute, 8, value)
	}
	return attribute
}

func value(name string, dims []uint64) []byte {
	var shape []byte
	for _, dim := range dims {
		shape = bytesField(shape, 1, varint(nil, 1, dim))
	}
	tensor := bytesField(varint(nil, 1, 1), 2, shape)
	return bytesField(text(nil, 1, name), 2, bytesField(nil, 1, tensor))
}

func (n *network) input(name string, dims ...uint64) {
	n.inputs = bytesField(n.inputs, 11, value(name, dims))
}

func (n *network) output(name string, dims ...uint64) {
	n.outputs = bytesField(n.outputs, 12, value(name, dims))
}

func (n *network) constant(name string, values []float32, dims ...uint64) {
	var tensor []byte
	for _, dim := range dims {
		tensor = varint(tensor, 1, dim)
	}
	tensor = text(varint(tensor, 2, 1), 8, name)
	var raw []byte
	for _, value := range values {
		raw = binary.LittleEndian.AppendUint32(raw, math.Float32bits(value))
	}
	n.initializers = bytesField(n.initializers, 5, bytesField(tensor, 9, raw))
}

func (n *network) bytes() []byte {
	graph := text(append([]byte(nil), n.nodes...), 2, "test")
	graph = append(append(append(graph, n.initializers...), n.inputs...), n.outputs...)
	model := bytesField(varint(nil, 1, 8), 7, graph)
	return bytesField(model, 8, varint(text(nil, 1, ""), 2, 13))
}

// tinyNetwork is y = max(x, 0) of 1 x 4 values: as little as a run can be.
func tinyNetwork() []byte {
	var n network
	n.input("x", 1, 4)
	n.node("Relu", []string{"x"}, "y")
	n.output("y", 1, 4)
	return n.bytes()
}

// pairNetwork has two inputs and two outputs of 1 x 2 x 3: a + b and a * b.
func pairNetwork() []byte {
	var n network
	n.input("a", 1, 2, 3)
	n.input("b", 1, 2, 3)
	n.node("Add", []string{"a", "b"}, "sum")
	n.node("Mul", []string{"a", "b"}, "product")
	n.output("sum", 1, 2, 3)
	n.output("product", 1, 2, 3)
	return n.bytes()
}

// wideNetwork has count inputs and as many outputs of 1 x 2: y_i = max(x_i, 0).
func wideNetwork(count int) []byte {
	var n network
	for i := 0; i < count; i++ {
		x, y := fmt.Sprintf("x%d", i), fmt.Sprintf("y%d", i)
		n.input(x, 1, 2)
		n.node("Relu", []string{x}, y)
		n.output(y, 1, 2)
	}
	return n.bytes()
}

// deepNetwork is a chain of 3x3 convolutions of channels x size x size values: long enough to be interrupted.
func deepNetwork(layers int, channels, size uint64) []byte {
	var n network
	n.input("t0", 1, channels, size, size)
	weights := make([]float32, channels*channels*9)
	for i := range weights {
		weights[i] = 1 / float32(len(weights))
	}
	n.constant("w", weights, channels, channels, 3, 3)
	for i := 1; i <= layers; i++ {
		n.node("Conv", []string{fmt.Sprintf("t%d", i-1), "w"}, fmt.Sprintf("t%d", i), ints("pads", 1, 1, 1, 1),
			ints("kernel_shape", 3, 3))
	}
	n.output(fmt.Sprintf("t%d", layers), 1, channels, size, size)
	return n.bytes()
}

// stereoNetwork has two inputs of 1 x 4 x 8 x 8, a convolution of each, and their sum: something to quantize.
func stereoNetwork() []byte {
	var n network
	weights := make([]float32, 4*4*9)
	for i := range weights {
		weights[i] = float32(i%7-3) / 10
	}
	n.constant("w", weights, 4, 4, 3, 3)
	for _, side := range []string{"left", "right"} {
		n.input(side, 1, 4, 8, 8)
		n.node("Conv", []string{side, "w"}, side+" edges", ints("pads", 1, 1, 1, 1), ints("kernel_shape", 3, 3))
	}
	n.node("Add", []string{"left edges", "right edges"}, "edges")
	n.output("edges", 1, 4, 8, 8)
	return n.bytes()
}

// openNetwork has an input of 4 channels whose batch, height and width are open.
func openNetwork() []byte {
	var n network
	n.input("image", 0, 4, 0, 0)
	n.node("Relu", []string{"image"}, "positive")
	n.output("positive", 0, 4, 0, 0)
	return n.bytes()
}

func load(t testing.TB, data []byte) *octet.Model {
	t.Helper()
	model, err := octet.LoadBytes(data, "test network", nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { model.Close() })
	return model
}

func newSession(t testing.TB, model *octet.Model, options *octet.SessionOptions) *octet.Session {
	t.Helper()
	session, err := model.NewSession(options)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { session.Close() })
	return session
}

const (
	examples = "../../examples/models/"
	shapes   = examples + "shapes.onnx"
	config   = examples + "quantize.json"
)

func loadFile(t testing.TB, path string) *octet.Model {
	t.Helper()
	model, err := octet.Load(path, nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { model.Close() })
	return model
}

// fails wants an error that is target (nil: any) and whose text has names.
func fails(t *testing.T, what string, err, target error, names string) {
	t.Helper()
	if err == nil || target != nil && !errors.Is(err, target) || !strings.Contains(err.Error(), names) {
		t.Errorf("%s: %v; wanted %v with %q", what, err, target, names)
	}
}

// equal compares every value.
func equal(t *testing.T, what string, got, want []float32) {
	t.Helper()
	if len(got) != len(want) {
		t.Fatalf("%s: %d values, not %d", what, len(got), len(want))
	}
	for i := range got {
		if got[i] != want[i] {
			t.Fatalf("%s: value %d is %v, not %v", what, i, got[i], want[i])
		}
	}
}
