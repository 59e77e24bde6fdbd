package octet_test

import (
	"sort"
	"testing"
	"time"

	"octet/internal/cloop"
)

// BenchmarkRunBeyondC shows what a run from Go costs beyond the same run in a loop of C, on a network of four values.
// The two alternate in short rounds; ns-beyond-C/run is the median of the rounds' differences.
func BenchmarkRunBeyondC(b *testing.B) {
	const runs = 2000
	data := tinyNetwork()
	session := newSession(b, load(b, data), nil)
	loop, err := cloop.New(data, 4, 4)
	if err != nil {
		b.Fatal(err)
	}
	defer loop.Close()
	inputs, outputs := [][]float32{make([]float32, 4)}, [][]float32{make([]float32, 4)}
	var goTimes, cTimes, beyond []float64
	b.ReportAllocs()
	b.ResetTimer()
	for done := 0; done < b.N; done += runs {
		b.StopTimer()
		inC, err := loop.Run(runs)
		if err != nil {
			b.Fatal(err)
		}
		b.StartTimer()
		begin := time.Now()
		for i := 0; i < runs; i++ {
			if err := session.Run(inputs, outputs); err != nil {
				b.Fatal(err)
			}
		}
		inGo := time.Since(begin)
		goTimes = append(goTimes, float64(inGo)/runs)
		cTimes = append(cTimes, float64(inC)/runs)
		beyond = append(beyond, float64(inGo-inC)/runs)
	}
	b.ReportMetric(0, "ns/op") // would count the loops of C in part
	b.ReportMetric(median(goTimes), "ns-Go/run")
	b.ReportMetric(median(cTimes), "ns-C/run")
	b.ReportMetric(median(beyond), "ns-beyond-C/run")
}

func median(values []float64) float64 {
	sort.Float64s(values)
	return values[len(values)/2]
}
