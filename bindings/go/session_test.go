package octet_test

import (
	"context"
	"errors"
	"fmt"
	"math"
	"sync"
	"testing"
	"time"

	"octet"
)

var background = context.Background()

func TestRunWithSeveralInputsAndOutputs(t *testing.T) {
	session := newSession(t, load(t, pairNetwork()), nil)
	a, b := []float32{1, 2, 3, 4, 5, 6}, []float32{6, 5, 4, 3, 2, 1}
	sum, product := make([]float32, 6), make([]float32, 6)
	if err := session.Run([][]float32{a, b}, [][]float32{sum, product}); err != nil {
		t.Fatal(err)
	}
	equal(t, "sum", sum, []float32{7, 7, 7, 7, 7, 7})
	equal(t, "product", product, []float32{6, 10, 12, 12, 10, 6})

	product[0] = -1
	if err := session.Run([][]float32{a, b}, [][]float32{nil, product}); err != nil {
		t.Fatalf("an output that is not wanted: %v", err)
	}
	equal(t, "product alone", product, []float32{6, 10, 12, 12, 10, 6})
}

func TestShapesOfASession(t *testing.T) {
	model := load(t, stereoNetwork())
	const batch, size = 2, 4 * 9 * 10
	shape := []int64{batch, -1, 9, 10}
	session := newSession(t, model, &octet.SessionOptions{InputShapes: [][]int64{shape, shape}})
	if dims := fmt.Sprint(session.Inputs()[1].Dims, session.Outputs()[0].Dims); dims != "[2 4 9 10] [2 4 9 10]" {
		t.Errorf("the session has %s", dims)
	}
	if dims := fmt.Sprint(model.Inputs()[1].Dims); dims != "[1 4 8 8]" {
		t.Errorf("the model has %s now", dims)
	}
	left, right, edges := make([]float32, batch*size), make([]float32, batch*size), make([]float32, batch*size)
	for i := 0; i < size; i++ {
		left[i], left[i+size] = float32(i%5), float32(i%5)
	}
	if err := session.Run([][]float32{left, right}, [][]float32{edges}); err != nil {
		t.Fatal(err)
	}
	equal(t, "the second sample", edges[size:], edges[:size])

	_, err := model.NewSession(&octet.SessionOptions{InputShapes: [][]int64{{1, 5, 8, 8}, nil}})
	fails(t, "other channels", err, octet.ErrShape, "Conv")
	_, err = model.NewSession(&octet.SessionOptions{InputShapes: [][]int64{shape}})
	fails(t, "one shape of two", err, octet.ErrArgument, "input_shape_count")
	larger, err := octet.LoadBytes(stereoNetwork(), "test network", &octet.LoadOptions{InputShapes: [][]int64{shape, shape}})
	if err != nil {
		t.Fatal(err)
	}
	defer larger.Close()
	if dims := fmt.Sprint(larger.Outputs()[0].Dims); dims != "[2 4 9 10]" {
		t.Errorf("loaded with shapes, the output is %s", dims)
	}
	if name, err := larger.OpenSize(1, 0); err != nil || name != "" {
		t.Errorf("a fixed size: %q, %v", name, err)
	}
	_, err = larger.OpenSize(0, 4)
	fails(t, "a dimension that is not there", err, octet.ErrArgument, "dimension 4")
}

func TestOpenSizes(t *testing.T) {
	for _, fixed := range []bool{false, true} {
		options := octet.LoadOptions{InputShapes: [][]int64{{-1, -1, 6, 5}}, FixSizes: fixed}
		model, err := octet.LoadBytes(openNetwork(), "test network", &options)
		if err != nil {
			t.Fatal(err)
		}
		defer model.Close()
		var names []string
		for i := range model.Inputs()[0].Dims {
			name, err := model.OpenSize(0, i)
			if err != nil {
				t.Fatal(err)
			}
			names = append(names, name)
		}
		if expected := map[bool]string{false: "[?  ? ?]", true: "[   ]"}[fixed]; fmt.Sprint(names) != expected {
			t.Errorf("open sizes %v, expected %s", names, expected)
		}
	}
}

func TestRunWithManyTensors(t *testing.T) {
	for _, count := range []int{8, 9, 64} { // 16 tensors are few, 18 are many, 128 are the most
		session := newSession(t, load(t, wideNetwork(count)), nil)
		var inputs, outputs [][]float32
		for i := 0; i < count; i++ {
			inputs = append(inputs, []float32{float32(i), -1})
			outputs = append(outputs, []float32{-1, -1})
		}
		if err := session.Run(inputs, outputs); err != nil {
			t.Fatalf("%d: %v", count, err)
		}
		for i := range outputs {
			equal(t, fmt.Sprintf("output %d of %d", i, count), outputs[i], []float32{float32(i), 0})
		}
		if err := session.Run(append(inputs, inputs...), outputs); !errors.Is(err, octet.ErrArgument) {
			t.Errorf("%d inputs: %v", 2*count, err)
		}
	}
}

func TestErrorsOfARunNameWhatIsWrong(t *testing.T) {
	session := newSession(t, load(t, tinyNetwork()), nil)
	good, out, long := []float32{1, 2, 3, 4}, []float32{9, 9, 9, 9}, make([]float32, 5)
	with := func(input octet.Tensor) error {
		return session.RunTensors(background, []octet.Tensor{input}, []octet.Tensor{{Float32: out}})
	}
	for name, run := range map[string]func() error{
		"no input":                 func() error { return session.Run(nil, [][]float32{out}) },
		"two inputs":               func() error { return session.Run([][]float32{good, good}, [][]float32{out}) },
		"no output":                func() error { return session.Run([][]float32{good}, nil) },
		"nil input":                func() error { return session.Run([][]float32{nil}, [][]float32{out}) },
		"short input":              func() error { return session.Run([][]float32{good[:3]}, [][]float32{out}) },
		"long output":              func() error { return session.Run([][]float32{good}, [][]float32{long}) },
		"empty output":             func() error { return session.Run([][]float32{good}, [][]float32{{}}) },
		"too many":                 func() error { return session.Run(make([][]float32, 65), [][]float32{out}) },
		"int8 of a float":          func() error { return with(octet.Tensor{Int8: make([]int8, 4)}) },
		"two types":                func() error { return with(octet.Tensor{Int8: make([]int8, 4), Float32: good}) },
		"strides of another rank":  func() error { return with(octet.Tensor{Float32: good, Strides: []int{1}}) },
		"strides beyond the slice": func() error { return with(octet.Tensor{Float32: good, Strides: []int{8, 2}}) },
		"a picture for a network without": func() error {
			pixels := octet.Pixels{Format: octet.Gray, Width: 2, Height: 2, Data: make([]byte, 4)}
			return session.RunPixels(background, &pixels, &octet.Recipe{Format: octet.Gray}, [][]float32{out})
		},
	} {
		err := run()
		if !errors.Is(err, octet.ErrArgument) && !errors.Is(err, octet.ErrShape) || len(err.Error()) < 20 {
			t.Errorf("%s: %v", name, err)
		}
		equal(t, name, out, []float32{9, 9, 9, 9})
	}
	if err := session.Run([][]float32{good}, [][]float32{out}); err != nil {
		t.Errorf("after all of these: %v", err)
	}
}

func TestStrides(t *testing.T) {
	session := newSession(t, load(t, pairNetwork()), nil)
	a := []float32{1, 4, 2, 5, 3, 6}                                  // 2 x 3, column by column
	b := []float32{1, 0, 2, 0, 3, 0, 0, 0, 4, 0, 5, 0, 6}             // every second value, a gap between rows
	sum, product := []float32{9, 9, 9, 9, 9, 9}, make([]float32, 6+2) // product: rows of 4
	err := session.RunTensors(background,
		[]octet.Tensor{{Float32: a, Strides: []int{6, 1, 2}}, {Float32: b, Strides: []int{13, 8, 2}}},
		[]octet.Tensor{{Float32: sum, Strides: []int{6, 1, 2}}, {Float32: product, Strides: []int{8, 4, 1}}})
	if err != nil {
		t.Fatal(err)
	}
	equal(t, "sum", sum, []float32{2, 8, 4, 10, 6, 12})
	equal(t, "product", product, []float32{1, 4, 9, 0, 16, 25, 36, 0})
}

func TestInt8InputGivesTheSameAsFloat(t *testing.T) {
	model := int8Shapes(t)
	input := model.Inputs()[0]
	if input.DType != octet.Int8 || input.Scale == 0 {
		t.Fatalf("the network's input is to be int8: %+v", input)
	}
	q, values := make([]int8, input.ElementCount), make([]float32, input.ElementCount)
	for i := range q {
		q[i] = int8(i * 7 % 255)
		values[i] = input.Scale * float32(int32(q[i])-input.ZeroPoint)
	}
	session := newSession(t, model, nil)
	got, want := make([]float32, 16), make([]float32, 16)
	if err := session.Run([][]float32{values}, [][]float32{want}); err != nil {
		t.Fatal(err)
	}
	if err := session.RunTensors(background, []octet.Tensor{{Int8: q}}, []octet.Tensor{{Float32: got}}); err != nil {
		t.Fatal(err)
	}
	equal(t, "probabilities", got, want)
}

func TestSessionDescribesItself(t *testing.T) {
	model := int8Shapes(t)
	options := &octet.SessionOptions{ISA: "ref", Threads: 2, Profile: true}
	measured, err := model.Measure(options)
	if err != nil {
		t.Fatal(err)
	}
	session := newSession(t, model, options)
	info, err := session.Info()
	if err != nil {
		t.Fatal(err)
	}
	if info != measured || info.ISA != "ref" || info.ArenaBytes <= 0 || info.PackedBytes <= 0 || info.Threads < 1 {
		t.Errorf("info %+v, measured %+v", info, measured)
	}
	output := make([]float32, 16)
	for i := 0; i < 2; i++ {
		if err := session.Run([][]float32{make([]float32, 3*64*64)}, [][]float32{output}); err != nil {
			t.Fatal(err)
		}
	}
	steps, err := session.Steps()
	if err != nil {
		t.Fatal(err)
	}
	if len(steps) != info.StepCount {
		t.Fatalf("%d steps, not %d", len(steps), info.StepCount)
	}
	var last, total time.Duration
	var macs int64
	for _, step := range steps {
		last, total, macs = last+step.Last, total+step.Total, macs+step.MACs
		if step.Op == "" || step.Kernel == "" {
			t.Errorf("step %+v", step)
		}
	}
	if last <= 0 || total <= last || macs != model.Info().MACs {
		t.Errorf("%v in the last run, %v in both, %d multiply-accumulates", last, total, macs)
	}
	_, err = model.NewSession(&octet.SessionOptions{ISA: "sse9"})
	fails(t, "an unknown instruction set", err, octet.ErrArgument, "sse9")
	_, err = model.Measure(&octet.SessionOptions{Threads: -1})
	fails(t, "negative threads", err, octet.ErrArgument, "-1")
}

func TestMeasurePeak(t *testing.T) {
	peak, err := octet.MeasurePeak("ref", octet.Int8, 1)
	if err != nil || peak != 0 {
		t.Errorf("ref: %v, %v", peak, err)
	}
	if peak, err = octet.MeasurePeak("", octet.Float32, 1); err != nil || peak < 0 || math.IsNaN(peak) {
		t.Errorf("here: %v, %v", peak, err)
	}
	if _, err := octet.MeasurePeak("sse9", octet.Int8, 1); !errors.Is(err, octet.ErrArgument) {
		t.Errorf("an unknown instruction set: %v", err)
	}
}

func TestManySessionsOfOneModelAtOnce(t *testing.T) {
	model := int8Shapes(t)
	want := make([]float32, 16)
	input := make([]float32, 3*64*64)
	for i := range input {
		input[i] = float32(i%255)/127.5 - 1
	}
	if err := newSession(t, model, nil).Run([][]float32{input}, [][]float32{want}); err != nil {
		t.Fatal(err)
	}
	var group sync.WaitGroup
	for i := 0; i < 8; i++ {
		group.Add(1)
		go func() {
			defer group.Done()
			session, err := model.NewSession(nil)
			if err != nil {
				t.Error(err)
				return
			}
			defer session.Close()
			got := make([]float32, 16)
			for run := 0; run < 20; run++ {
				if err := session.Run([][]float32{input}, [][]float32{got}); err != nil {
					t.Error(err)
					return
				}
				for i := range got {
					if got[i] != want[i] {
						t.Errorf("run %d: value %d is %v, not %v", run, i, got[i], want[i])
						return
					}
				}
			}
		}()
	}
	group.Wait()
}

func TestOneSessionFromManyGoroutines(t *testing.T) {
	session, err := load(t, tinyNetwork()).NewSession(nil)
	if err != nil {
		t.Fatal(err)
	}
	var group, begun sync.WaitGroup
	for i := 0; i < 8; i++ {
		group.Add(1)
		begun.Add(1)
		go func(x float32) {
			defer group.Done()
			y := make([]float32, 4)
			for run := 0; run < 2000; run++ {
				err := session.Run([][]float32{{x, -x, x, -x}}, [][]float32{y})
				if run == 0 {
					begun.Done()
				}
				if errors.Is(err, octet.ErrArgument) && run > 0 {
					return // closed below
				}
				if err != nil || y[0] != x || y[1] != 0 {
					t.Errorf("%v: %v, %v", x, y, err)
					return
				}
			}
		}(float32(i + 1))
	}
	begun.Wait()
	session.Close() // in the middle of runs
	group.Wait()
}

func TestContextEndsARun(t *testing.T) {
	session := newSession(t, load(t, deepNetwork(60, 32, 128)), nil)
	input, output := make([]float32, 32*128*128), make([]float32, 32*128*128)
	output[0] = 7
	begin := time.Now()
	if err := session.Run([][]float32{input}, [][]float32{nil}); err != nil {
		t.Fatal(err)
	}
	whole := time.Since(begin)

	ctx, cancel := context.WithTimeout(background, whole/10)
	defer cancel()
	err := session.RunContext(ctx, [][]float32{input}, [][]float32{output})
	if !errors.Is(err, octet.ErrCancelled) || !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("a deadline: %v", err)
	}
	ctx, cancel = context.WithCancel(background)
	cancel()
	err = session.RunContext(ctx, [][]float32{input}, [][]float32{output})
	if !errors.Is(err, octet.ErrCancelled) || !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled before: %v", err)
	}
	if output[0] != 7 {
		t.Error("a run that was ended has written its output")
	}
	ctx, cancel = context.WithCancel(background)
	defer cancel()
	if err := session.RunContext(ctx, [][]float32{input}, [][]float32{output}); err != nil {
		t.Errorf("the next run: %v", err)
	}
	if output[0] == 7 {
		t.Error("the next run has written nothing")
	}
}

func TestRunAllocatesNothing(t *testing.T) {
	model := int8Shapes(t)
	session := newSession(t, model, nil)
	input, output := make([]float32, 3*64*64), make([]float32, 16)
	q := make([]int8, 3*64*64)
	pixels := &octet.Pixels{Format: octet.RGB, Width: 80, Height: 60, Data: make([]byte, 80*60*3)}
	recipe, err := model.Recipe()
	if err != nil {
		t.Fatal(err)
	}
	ctx, strides := background, []int{16, 1}
	for name, run := range map[string]func() error{
		"Run":        func() error { return session.Run([][]float32{input}, [][]float32{output}) },
		"RunContext": func() error { return session.RunContext(ctx, [][]float32{input}, [][]float32{output}) },
		"RunTensors": func() error {
			return session.RunTensors(ctx, []octet.Tensor{{Int8: q}},
				[]octet.Tensor{{Float32: output, Strides: strides}})
		},
		"RunPixels": func() error { return session.RunPixels(ctx, pixels, recipe, [][]float32{output}) },
	} {
		allocations := testing.AllocsPerRun(100, func() {
			if err := run(); err != nil {
				t.Fatal(err)
			}
		})
		if allocations != 0 {
			t.Errorf("%s allocates %v times", name, allocations)
		}
	}
}
