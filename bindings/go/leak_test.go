package octet_test

import (
	"fmt"
	"io"
	"os"
	"runtime"
	"runtime/debug"
	"testing"

	"octet"
)

// residentBytes is the memory of the process that is in RAM, after Go has given back what it does not use.
func residentBytes(t *testing.T) int64 {
	t.Helper()
	runtime.GC() // the first finalizes, the second frees
	runtime.GC()
	debug.FreeOSMemory()
	text, err := os.ReadFile("/proc/self/statm")
	if err != nil {
		t.Skip("SKIPPED resident memory is read from /proc: ", err)
	}
	var size, resident int64
	if _, err := fmt.Sscan(string(text), &size, &resident); err != nil {
		t.Fatal(err)
	}
	return resident * int64(os.Getpagesize())
}

// flat runs what for a while, then more often, and wants no more memory in use at the end than after the first part.
func flat(t *testing.T, first, then int, limit int64, what func()) {
	t.Helper()
	for i := 0; i < first; i++ {
		what()
	}
	before := residentBytes(t)
	for i := 0; i < then; i++ {
		what()
	}
	growth := residentBytes(t) - before
	t.Logf("%d times: %d bytes more", then, growth)
	if raceDetector {
		limit *= 8 // its own notes on what Go allocates grow for a while
	}
	if growth > limit {
		t.Errorf("after %d times %d bytes more are resident", then, growth)
	}
}

func TestRunsLeakNothing(t *testing.T) {
	session := newSession(t, load(t, tinyNetwork()), nil)
	x, y := [][]float32{make([]float32, 4)}, [][]float32{make([]float32, 4)}
	flat(t, 1000, 100_000, 512<<10, func() { // 6 bytes for each run would show
		if err := session.Run(x, y); err != nil {
			t.Fatal(err)
		}
	})
}

func TestFailuresLeakNothing(t *testing.T) {
	session := newSession(t, load(t, tinyNetwork()), nil)
	flat(t, 5000, 100_000, 1<<20, func() {
		if session.Run(nil, nil) == nil {
			t.Fatal("a run of nothing")
		}
		if _, err := octet.Load("nowhere.onnx", nil); err == nil {
			t.Fatal("a file that is not there")
		}
	})
}

func TestHandlesLeakNothing(t *testing.T) {
	data := tinyNetwork()
	x, y := [][]float32{make([]float32, 4)}, [][]float32{make([]float32, 4)}
	flat(t, 200, 3000, 1<<20, func() {
		model, err := octet.LoadBytes(data, "tiny", nil)
		if err != nil {
			t.Fatal(err)
		}
		defer model.Close()
		session, err := model.NewSession(nil)
		if err != nil {
			t.Fatal(err)
		}
		defer session.Close()
		if err := session.Run(x, y); err != nil {
			t.Fatal(err)
		}
		if _, err := model.WriteTo(io.Discard); err != nil {
			t.Fatal(err)
		}
	})
}

func TestQuantizingLeaksNothing(t *testing.T) {
	network := load(t, stereoNetwork())
	samples := octet.SamplesFunc(2, func(index int, inputs [][]float32) error {
		inputs[0][0], inputs[1][0] = 1, float32(index)
		return nil
	})
	flat(t, 20, 100, 2<<20, func() {
		model, report, err := octet.Quantize(background, network, &octet.QuantizeOptions{Samples: samples, Threads: 1,
			FeatureMethod: "MINMAX"})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := report.JSON(); err != nil {
			t.Fatal(err)
		}
		report.Close()
		model.Close()
	})
}

// What is not closed is closed by the garbage collector.
func TestForgottenHandlesAreFreed(t *testing.T) {
	model := load(t, deepNetwork(1, 8, 256)) // a session of it holds megabytes
	info, err := model.Measure(nil)
	if err != nil {
		t.Fatal(err)
	}
	if info.ArenaBytes < 1<<20 {
		t.Fatalf("a session of the test holds %d bytes only", info.ArenaBytes)
	}
	input := [][]float32{make([]float32, 8*256*256)}
	flat(t, 5, 100, 20*info.ArenaBytes, func() {
		session, err := model.NewSession(nil)
		if err != nil {
			t.Fatal(err)
		}
		if err := session.Run(input, [][]float32{nil}); err != nil {
			t.Fatal(err)
		}
		runtime.GC()
	})
}
