package octet_test

import (
	"context"
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"octet"
)

var (
	quantizeOnce sync.Once
	quantized    []byte
)

// int8Shapes is the project's own network in int8, quantized once for all tests.
func int8Shapes(t testing.TB) *octet.Model {
	t.Helper()
	quantizeOnce.Do(func() {
		model, report, err := octet.Quantize(background, loadFile(t, shapes),
			&octet.QuantizeOptions{ConfigPath: config, FeatureMethod: "MINMAX"})
		if err != nil {
			t.Fatal(err)
		}
		defer model.Close()
		defer report.Close()
		path := filepath.Join(t.TempDir(), "shapes.octet")
		if err := model.Save(path); err != nil {
			t.Fatal(err)
		}
		if quantized, err = os.ReadFile(path); err != nil {
			t.Fatal(err)
		}
	})
	return load(t, quantized)
}

// tensors are a few made-up samples for the shapes network.
func tensors(count int) octet.Samples {
	return octet.SamplesFunc(count, func(index int, inputs [][]float32) error {
		for i := range inputs[0] {
			inputs[0][i] = float32(math.Sin(float64(i*(index+1)) / 50))
		}
		return nil
	})
}

func TestQuantizeFromEverySource(t *testing.T) {
	network := loadFile(t, shapes)
	text, err := os.ReadFile(config)
	if err != nil {
		t.Fatal(err)
	}
	const folder = examples + "calibration/"
	json := strings.Replace(string(text), `"calibration/"`, `"`+folder+`"`, 1)
	files := []string{folder + "0001.png", folder + "0017.jpg", folder + "0003.png"}
	for name, source := range map[string]struct {
		options octet.QuantizeOptions
		samples int64
	}{
		"configuration file": {octet.QuantizeOptions{ConfigPath: config}, 100},
		"configuration text": {octet.QuantizeOptions{ConfigJSON: json}, 100},
		"another folder":     {octet.QuantizeOptions{ConfigPath: config, Images: examples + "test"}, 100},
		"files":              {octet.QuantizeOptions{ConfigPath: config, ImageFiles: files}, 3},
		"samples":            {octet.QuantizeOptions{Samples: tensors(5)}, 5},
	} {
		options := source.options
		options.FeatureMethod, options.WeightMethod = "MINMAX", "MAX_ABS"
		model, report, err := octet.Quantize(background, network, &options)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		info, err := report.Info()
		if err != nil {
			t.Fatal(err)
		}
		if info.CalibrationSamples != source.samples || info.MeasuredSamples == 0 ||
			info.Int8WeightBytes >= info.FloatWeightBytes {
			t.Errorf("%s: %+v", name, info)
		}
		if got := model.Info(); got.Int8LayerCount == 0 || got.FileBytes != 0 {
			t.Errorf("%s: %+v", name, got)
		}
		report.Close()
		model.Close()
	}
}

func TestProgressAndLog(t *testing.T) {
	var stages []string
	var last octet.Progress
	logged := 0
	bad := filepath.Join(t.TempDir(), "no picture.png")
	if err := os.WriteFile(bad, []byte("no picture"), 0o600); err != nil {
		t.Fatal(err)
	}
	model, report, err := octet.Quantize(background, loadFile(t, shapes), &octet.QuantizeOptions{
		ConfigPath: config, FeatureMethod: "MINMAX", Threads: 1,
		ImageFiles: []string{examples + "calibration/0001.png", bad, examples + "calibration/0002.png"},
		Progress: func(p octet.Progress) {
			if p.Done < 0 || p.Done > p.Total {
				t.Errorf("%+v", p)
			}
			if len(stages) == 0 || stages[len(stages)-1] != p.Stage {
				stages = append(stages, p.Stage)
			}
			last = p
		},
		Log: func(level octet.LogLevel, message string) {
			if level == octet.LogWarning && strings.Contains(message, "no picture.png") {
				logged++
			}
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	defer model.Close()
	defer report.Close()
	if len(stages) < 2 || last.Done != last.Total {
		t.Errorf("stages %v, at the end %+v", stages, last)
	}
	info, err := report.Info()
	if err != nil {
		t.Fatal(err)
	}
	warnings, err := report.Warnings()
	if err != nil {
		t.Fatal(err)
	}
	if logged == 0 || info.SkippedFiles != 1 || len(warnings) != info.WarningCount ||
		!strings.Contains(strings.Join(warnings, "\n"), "no picture.png") {
		t.Errorf("%d messages, %d files skipped, warnings %q", logged, info.SkippedFiles, warnings)
	}
}

func TestErrorsOfQuantizing(t *testing.T) {
	network := loadFile(t, shapes)
	for name, c := range map[string]struct {
		options *octet.QuantizeOptions
		code    octet.Code
		names   string
	}{
		"no samples":      {nil, octet.ErrData, ""},
		"a missing file":  {&octet.QuantizeOptions{ConfigPath: "nowhere.json"}, octet.ErrIO, "nowhere.json"},
		"an unknown key":  {&octet.QuantizeOptions{ConfigJSON: `{"formt": "RGB"}`}, octet.ErrConfig, "formt"},
		"a wrong method":  {&octet.QuantizeOptions{ConfigPath: config, FeatureMethod: "BEST"}, octet.ErrConfig, "BEST"},
		"an empty folder": {&octet.QuantizeOptions{ConfigPath: config, Images: t.TempDir()}, octet.ErrData, ""},
		"zero samples":    {&octet.QuantizeOptions{Samples: tensors(0)}, octet.ErrData, ""},
	} {
		model, report, err := octet.Quantize(background, network, c.options)
		if model != nil || report != nil || err == nil {
			t.Errorf("%s: no error", name)
			continue
		}
		var e *octet.Error
		if !errors.As(err, &e) || !strings.Contains(e.Message, c.names) {
			t.Errorf("%s: %v", name, err)
		}
		if !errors.Is(err, c.code) && !(errors.Is(err, octet.ErrArgument) && c.names != "formt") {
			t.Errorf("%s: %v is not %v", name, e.Code, c.code)
		}
	}
	_, _, err := octet.Quantize(background, int8Shapes(t), &octet.QuantizeOptions{ConfigPath: config})
	fails(t, "an int8 network", err, octet.ErrArgument, "already")
}

func TestSamplesCallback(t *testing.T) {
	network := load(t, stereoNetwork())
	seen := map[int]int{}
	model, report, err := octet.Quantize(background, network, &octet.QuantizeOptions{
		Samples: octet.SamplesFunc(4, func(index int, inputs [][]float32) error {
			if len(inputs) != 2 || len(inputs[0]) != 256 || len(inputs[1]) != 256 {
				t.Errorf("sample %d: inputs %v", index, inputs)
			}
			seen[index]++ // always on this goroutine
			for i := range inputs[0] {
				inputs[0][i], inputs[1][i] = float32(index+i), float32(index-i)
			}
			return nil
		}),
	})
	if err != nil {
		t.Fatal(err)
	}
	model.Close()
	report.Close()
	for i := 0; i < 4; i++ {
		if seen[i] == 0 {
			t.Errorf("sample %d was not asked for", i)
		}
	}
	if len(seen) != 4 {
		t.Errorf("asked for %v", seen)
	}

	missing := errors.New("the database is gone")
	_, _, err = octet.Quantize(background, network, &octet.QuantizeOptions{
		Samples: octet.SamplesFunc(4, func(index int, inputs [][]float32) error {
			if index == 2 {
				return missing
			}
			return nil
		}),
	})
	fails(t, "a sample that is missing", err, octet.ErrData, "sample 2: the database is gone")
	fails(t, "a sample that is missing", err, missing, "")
}

func TestContextEndsQuantizeAndCompare(t *testing.T) {
	network, int8 := loadFile(t, shapes), int8Shapes(t)
	for name, call := range map[string]func(context.Context, func(octet.Progress)) error{
		"quantize": func(ctx context.Context, progress func(octet.Progress)) error {
			options := octet.QuantizeOptions{ConfigPath: config, Progress: progress}
			model, report, err := octet.Quantize(ctx, network, &options)
			if model != nil || report != nil {
				t.Error("a result of a call that was cancelled")
			}
			return err
		},
		"compare": func(ctx context.Context, progress func(octet.Progress)) error {
			options := octet.CompareOptions{ConfigPath: config, Progress: progress}
			report, err := octet.Compare(ctx, network, int8, &options)
			if report != nil {
				t.Error("a result of a call that was cancelled")
			}
			return err
		},
	} {
		ctx, cancel := context.WithCancel(background)
		calls := 0
		err := call(ctx, func(octet.Progress) { calls++; cancel() })
		if !errors.Is(err, octet.ErrCancelled) || !errors.Is(err, context.Canceled) || calls == 0 {
			t.Errorf("%s, after %d calls of progress: %v", name, calls, err)
		}
		if err := call(ctx, nil); !errors.Is(err, octet.ErrCancelled) || !errors.Is(err, context.Canceled) {
			t.Errorf("%s, cancelled before: %v", name, err)
		}
	}
}

func TestCompareAndReport(t *testing.T) {
	network, int8 := loadFile(t, shapes), int8Shapes(t)
	report, err := octet.Compare(background, network, int8, &octet.CompareOptions{
		ConfigPath: config, Images: examples + "test", Labels: examples + "labels.tsv"})
	if err != nil {
		t.Fatal(err)
	}
	info, err := report.Info()
	if err != nil {
		t.Fatal(err)
	}
	if info.MeasuredSamples != 200 || !info.HasLabels || info.LabelledSamples != 200 || info.CalibrationSamples != 0 ||
		info.FloatTop1 != 0.995 || info.Int8Top1 < 0.95 || info.Agreement < 0.95 || info.FloatTop5 < info.FloatTop1 ||
		info.Int8Top5 < info.Int8Top1 || info.Time <= 0 {
		t.Errorf("%+v", info)
	}
	outputs, err := report.Outputs()
	if err != nil {
		t.Fatal(err)
	}
	if len(outputs) != 1 || outputs[0].Name != "probabilities" || outputs[0].MeanCosine < outputs[0].Cosine ||
		outputs[0].MeanCosine < 0.99 || outputs[0].SQNRdB < 10 || outputs[0].MaxAbsError <= 0 {
		t.Errorf("%+v", outputs)
	}
	layers, err := report.Layers()
	if err != nil {
		t.Fatal(err)
	}
	if len(layers) != info.LayerCount {
		t.Errorf("%d layers, not %d", len(layers), info.LayerCount)
	}
	for _, layer := range layers {
		if layer.Name == "" || layer.Op == "" || layer.Low > layer.High ||
			layer.Cosine < 0.5 || layer.Cosine > 1.000001 {
			t.Errorf("%+v", layer)
		}
	}
	json, err := report.JSON()
	if err != nil || !strings.HasPrefix(json, "{") || !strings.Contains(json, `"probabilities"`) {
		t.Errorf("%.100s: %v", json, err)
	}
	for _, name := range []string{"report.html", "report.json"} {
		path := filepath.Join(t.TempDir(), name)
		if err := report.Save(path); err != nil {
			t.Fatal(err)
		}
		if stat, err := os.Stat(path); err != nil || stat.Size() < 1000 {
			t.Errorf("%s: %v, %v", name, stat, err)
		}
	}
	if err := report.Save(filepath.Join(t.TempDir(), "report.pdf")); err == nil {
		t.Error("a report in an unknown format")
	}
	report.Close()
	report.Close()
	if _, err := report.JSON(); !errors.Is(err, octet.ErrArgument) {
		t.Errorf("after Close: %v", err)
	}
}

func TestCompareOfSamples(t *testing.T) {
	network, int8 := loadFile(t, shapes), int8Shapes(t)
	report, err := octet.Compare(background, network, int8, &octet.CompareOptions{Samples: tensors(7)})
	if err != nil {
		t.Fatal(err)
	}
	defer report.Close()
	if info, err := report.Info(); err != nil || info.MeasuredSamples != 7 {
		t.Errorf("%+v, %v", info, err)
	}
	_, err = octet.Compare(background, network, load(t, tinyNetwork()), &octet.CompareOptions{Samples: tensors(7)})
	fails(t, "networks of different shapes", err, octet.ErrShape, "")
}

func TestKeptFloat(t *testing.T) {
	model, report, err := octet.Quantize(background, loadFile(t, shapes), &octet.QuantizeOptions{
		ConfigPath: config, FeatureMethod: "MINMAX", FloatWhereFaster: true})
	if err != nil {
		t.Fatal(err)
	}
	defer model.Close()
	defer report.Close()
	info, err := report.Info()
	if err != nil {
		t.Fatal(err)
	}
	kept, err := report.KeptFloat()
	faster := 0 < info.MixedTime && info.MixedTime <= info.Int8Time
	if err != nil || len(kept) != info.KeptFloatCount || len(kept) > 0 && !faster {
		t.Errorf("%+v: %v, %+v", kept, err, info)
	}
	for _, layer := range kept { // which ones, if any, depends on the machine
		if layer.Name == "" || layer.FloatTime <= 0 || layer.Int8Time <= 0 {
			t.Errorf("%+v", layer)
		}
	}
}

func TestReportDetails(t *testing.T) {
	text, err := os.ReadFile(config)
	if err != nil {
		t.Fatal(err)
	}
	mixed := strings.Replace(string(text), "{", `{"mixed": {"min_sqnr": 60, "max_float_macs": 0.3}, `, 1)
	mixed = strings.Replace(mixed, "calibration/", filepath.Join(filepath.Dir(config), "calibration"), 1)
	model, report, err := octet.Quantize(background, loadFile(t, shapes), &octet.QuantizeOptions{
		ConfigJSON: mixed, FeatureMethod: "MINMAX", ReportDetails: true})
	if err != nil {
		t.Fatal(err)
	}
	defer model.Close()
	defer report.Close()
	info, err := report.Info()
	if err != nil || !info.HasMixed || info.MixedReached || !info.IsPoor || info.HasDetections ||
		info.FloatRunTime <= 0 || info.Int8RunTime <= 0 || info.MixedSQNRdB < info.AllInt8SQNRdB ||
		info.MixedFloatMACShare <= 0 || info.MixedDrop > info.AllInt8Drop {
		t.Errorf("%+v, %v", info, err)
	}
	layers, err := report.MixedLayers()
	if err != nil || len(layers) == 0 || len(layers) != info.MixedLayerCount || layers[0].Name == "" ||
		layers[0].Op == "" || layers[0].MACs <= 0 || layers[0].GainedDB == 0 {
		t.Errorf("%+v, %v", layers, err)
	}
	samples, err := report.Samples()
	if err != nil || len(samples) == 0 || len(samples) != info.SampleCount || samples[0].Name == "" ||
		samples[0].FloatClass < 0 || samples[0].Int8Class < 0 || samples[0].FloatScore <= 0 || samples[0].Int8Score <= 0 ||
		samples[0].SameAnswer != (samples[0].FloatClass == samples[0].Int8Class) || samples[0].Cosine <= 0 ||
		samples[0].FloatBoxCount != 0 || samples[0].Int8BoxCount != 0 {
		t.Errorf("%+v, %v", samples, err)
	}
	found, err := report.Layers()
	caused, timed := false, false
	for _, layer := range found {
		caused = caused || layer.Cause != "" && layer.CauseText != "" && layer.Advice != "" && layer.OwnSQNRdB < 200
		timed = timed || layer.FloatTime > 0 && layer.Int8Time > 0
	}
	if err != nil || !caused || !timed {
		t.Errorf("%+v, %v", found, err)
	}
	_, err = report.Detections()
	fails(t, "no detector", err, octet.ErrArgument, "no detectors")
	_, _, err = octet.Quantize(background, loadFile(t, shapes), &octet.QuantizeOptions{
		ConfigPath: config, Boxes: octet.BoxesRaw})
	fails(t, "boxes of a classifier", err, octet.ErrArgument, "no detector")
}

func TestDetections(t *testing.T) {
	folder := filepath.Join(filepath.Dir(config), "faces")
	network := loadFile(t, filepath.Join(folder, "faces.onnx"))
	report, err := octet.Compare(background, network, network, &octet.CompareOptions{
		ConfigPath: filepath.Join(folder, "quantize.json"), Boxes: octet.BoxesDecoded})
	if err != nil {
		t.Fatal(err)
	}
	defer report.Close()
	found, err := report.Detections()
	if err != nil || found.Boxes != octet.BoxesDecoded || found.FloatBoxes == 0 || found.FloatBoxes != found.Int8Boxes ||
		found.Matched != found.FloatBoxes || found.SameSamples == 0 || found.MeanIoU != 1 || found.LeastIoU != 1 ||
		found.MeanScoreError != 0 || found.MaxScoreError != 0 || found.ScoreThreshold < 0.69 {
		t.Errorf("%+v, %v", found, err)
	}
}

func TestPanicsOfCallbacksPassThrough(t *testing.T) {
	network, int8 := loadFile(t, shapes), int8Shapes(t)
	type surprise struct{ text string }
	for name, call := range map[string]func(){
		"progress": func() {
			octet.Quantize(background, network, &octet.QuantizeOptions{ConfigPath: config, FeatureMethod: "MINMAX",
				Progress: func(octet.Progress) { panic(surprise{"progress"}) }})
		},
		"samples": func() {
			octet.Quantize(background, network, &octet.QuantizeOptions{
				Samples: octet.SamplesFunc(3, func(int, [][]float32) error { panic(surprise{"samples"}) })})
		},
		"log": func() {
			octet.Quantize(background, network, &octet.QuantizeOptions{ConfigPath: config, FeatureMethod: "MINMAX",
				ImageFiles: []string{"nowhere.png", examples + "calibration/0001.png"},
				Log:        func(octet.LogLevel, string) { panic(surprise{"log"}) }})
		},
		"compare": func() {
			octet.Compare(background, network, int8, &octet.CompareOptions{
				Samples: octet.SamplesFunc(3, func(int, [][]float32) error { panic(surprise{"compare"}) })})
		},
		"writer": func() { int8.WriteTo(panickingWriter{surprise{"writer"}}) },
	} {
		func() {
			defer func() {
				if value := recover(); value != (surprise{name}) {
					t.Errorf("%s: recovered %v", name, value)
				}
			}()
			call()
			t.Errorf("%s: no panic", name)
		}()
	}
	if _, err := network.Layers(); err != nil {
		t.Errorf("the models are to be usable after that: %v", err)
	}
}

type panickingWriter struct{ value any }

func (w panickingWriter) Write([]byte) (int, error) { panic(w.value) }

func TestCallbacksMayUseThePackage(t *testing.T) {
	network := loadFile(t, shapes)
	session := newSession(t, network, nil)
	output := make([]float32, 16)
	model, report, err := octet.Quantize(background, network, &octet.QuantizeOptions{
		Samples: octet.SamplesFunc(3, func(index int, inputs [][]float32) error {
			for i := range inputs[0] {
				inputs[0][i] = float32(index) - 1
			}
			network.Close() // takes effect when the call has ended
			if err := session.Run(inputs, [][]float32{output}); err != nil {
				return fmt.Errorf("a run: %w", err)
			}
			return nil
		}),
	})
	if err != nil {
		t.Fatal(err)
	}
	model.Close()
	report.Close()
	if _, err := network.Layers(); !errors.Is(err, octet.ErrArgument) {
		t.Errorf("closed in a callback: %v", err)
	}
}

func TestShardsGiveTheBytesOfOneCall(t *testing.T) {
	network := loadFile(t, shapes)
	folder := t.TempDir()
	options := octet.QuantizeOptions{ConfigPath: config, FeatureMethod: "MINMAX"}
	bytesOf := func(given octet.QuantizeOptions) string {
		t.Helper()
		model, report, err := octet.Quantize(background, network, &given)
		if err != nil {
			t.Fatal(err)
		}
		defer model.Close()
		defer report.Close()
		path := filepath.Join(folder, "model.octet")
		if err := model.Save(path); err != nil {
			t.Fatal(err)
		}
		content, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		return string(content)
	}
	whole := bytesOf(options)
	merging := options
	for number := 1; number <= 2; number++ {
		path := filepath.Join(folder, fmt.Sprintf("part%d", number))
		if err := octet.Observe(background, network, &options, octet.Shard{Number: number, Count: 2}, path); err != nil {
			t.Fatal(err)
		}
		merging.Statistics = append(merging.Statistics, path)
	}
	if bytesOf(merging) != whole {
		t.Error("shards give another model")
	}
	merging.Statistics = merging.Statistics[:1]
	if _, _, err := octet.Quantize(background, network, &merging); !errors.Is(err, octet.ErrData) {
		t.Errorf("with a shard less: %v", err)
	}

	caching := options
	caching.Cache = filepath.Join(folder, "cache")
	for i := 0; i < 2; i++ {
		if bytesOf(caching) != whole {
			t.Error("a cache gives another model")
		}
	}
	if files, err := os.ReadDir(caching.Cache); err != nil || len(files) != 1 {
		t.Errorf("the cache holds %v, %v", files, err)
	}

	path := filepath.Join(folder, "none")
	none := octet.Observe(background, network, &options, octet.Shard{Number: 3, Count: 2}, path)
	if !errors.Is(none, octet.ErrArgument) {
		t.Errorf("shard 3 of 2: %v", none)
	}
	cancelled, cancel := context.WithCancel(background)
	cancel()
	if err := octet.Observe(cancelled, network, nil, octet.Shard{}, path); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
}
