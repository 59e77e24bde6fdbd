package octet_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"image/png"
	"log"
	"os"
	"path/filepath"
	"time"

	"octet"
)

// The main job: an int8 network from a float one and a folder of pictures, then a run.
func Example() {
	network, err := octet.Load("../../examples/models/shapes.onnx", nil)
	if err != nil {
		log.Fatal(err)
	}
	defer network.Close()
	model, report, err := octet.Quantize(context.Background(), network, &octet.QuantizeOptions{
		ConfigPath: "../../examples/models/quantize.json",
	})
	if err != nil {
		log.Fatal(err)
	}
	defer model.Close()
	defer report.Close()
	session, err := model.NewSession(nil)
	if err != nil {
		log.Fatal(err)
	}
	defer session.Close()
	picture, err := octet.LoadPixels("../../examples/models/test/0005.png", octet.RGB)
	if err != nil {
		log.Fatal(err)
	}
	probabilities := make([]float32, model.Outputs()[0].ElementCount)
	err = session.RunPixels(context.Background(), picture, nil, [][]float32{probabilities})
	if err != nil {
		log.Fatal(err)
	}
	best := 0
	for class, p := range probabilities {
		if p > probabilities[best] {
			best = class
		}
	}
	fmt.Println("class", best)
	// Output: class 4
}

func ExampleLoadFS() {
	network, err := octet.LoadFS(os.DirFS("../../examples"), "models/shapes.onnx", nil) // or an embed.FS
	if err != nil {
		log.Fatal(err)
	}
	defer network.Close()
	for _, input := range network.Inputs() {
		fmt.Println(input.Name, input.DType, input.Dims)
	}
	for _, output := range network.Outputs() {
		fmt.Println(output.Name, output.DType, output.Dims)
	}
	// Output:
	// image float32 [1 3 64 64]
	// probabilities float32 [1 16]
}

func ExampleError() {
	_, err := octet.LoadBytes([]byte("GIF89a"), "upload", nil)
	if errors.Is(err, octet.ErrFormat) {
		fmt.Println("this is no network")
	}
	var e *octet.Error
	if errors.As(err, &e) {
		fmt.Println(e.Code)
	}
	// Output:
	// this is no network
	// Q_E_FORMAT
}

func ExampleSession_Run() {
	network, err := octet.Load("../../examples/models/shapes.onnx", nil)
	if err != nil {
		log.Fatal(err)
	}
	defer network.Close()
	session, err := network.NewSession(&octet.SessionOptions{Threads: 2})
	if err != nil {
		log.Fatal(err)
	}
	defer session.Close()
	pixels := make([]float32, network.Inputs()[0].ElementCount) // 1 x 3 x 64 x 64
	probabilities := make([]float32, network.Outputs()[0].ElementCount)
	if err := session.Run([][]float32{pixels}, [][]float32{probabilities}); err != nil {
		log.Fatal(err)
	}
	var sum float32
	for _, p := range probabilities {
		sum += p
	}
	fmt.Printf("%.3f\n", sum)
	// Output: 1.000
}

func ExampleSession_RunContext() {
	network, err := octet.Load("../../examples/models/shapes.onnx", nil)
	if err != nil {
		log.Fatal(err)
	}
	defer network.Close()
	session, err := network.NewSession(nil)
	if err != nil {
		log.Fatal(err)
	}
	defer session.Close()
	ctx, cancel := context.WithTimeout(context.Background(), time.Nanosecond)
	defer cancel()
	<-ctx.Done()
	err = session.RunContext(ctx, [][]float32{make([]float32, 3*64*64)}, [][]float32{make([]float32, 16)})
	fmt.Println(errors.Is(err, context.DeadlineExceeded), errors.Is(err, octet.ErrCancelled))
	// Output: true true
}

func ExampleSession_RunImage() {
	network, err := octet.Load("../../examples/models/shapes.onnx", nil)
	if err != nil {
		log.Fatal(err)
	}
	defer network.Close()
	recipe, err := octet.RecipeFromConfig("../../examples/models/quantize.json") // a quantized model has its own
	if err != nil {
		log.Fatal(err)
	}
	session, err := network.NewSession(nil)
	if err != nil {
		log.Fatal(err)
	}
	defer session.Close()
	file, err := os.Open("../../examples/models/test/0001.png")
	if err != nil {
		log.Fatal(err)
	}
	defer file.Close()
	picture, err := png.Decode(file)
	if err != nil {
		log.Fatal(err)
	}
	probabilities := make([]float32, 16)
	if err := session.RunImage(context.Background(), picture, recipe, [][]float32{probabilities}); err != nil {
		log.Fatal(err)
	}
	fmt.Println("a zero:", probabilities[0] > 0.5)
	// Output: a zero: true
}

func ExampleSamplesFunc() {
	network, err := octet.Load("../../examples/models/shapes.onnx", nil)
	if err != nil {
		log.Fatal(err)
	}
	defer network.Close()
	recipe, err := octet.RecipeFromConfig("../../examples/models/quantize.json")
	if err != nil {
		log.Fatal(err)
	}
	files, err := filepath.Glob("../../examples/models/calibration/*.png")
	if err != nil {
		log.Fatal(err)
	}
	samples := octet.SamplesFunc(20, func(index int, inputs [][]float32) error {
		picture, err := octet.LoadPixels(files[index], recipe.Format)
		if err != nil {
			return err
		}
		return picture.ToInput(network, 0, recipe, inputs[0])
	})
	model, report, err := octet.Quantize(context.Background(), network, &octet.QuantizeOptions{Samples: samples})
	if err != nil {
		log.Fatal(err)
	}
	defer model.Close()
	defer report.Close()
	info, err := report.Info()
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(info.CalibrationSamples, "samples, less than a third:", 3*info.Int8WeightBytes < info.FloatWeightBytes)
	// Output: 20 samples, less than a third: true
}

func ExampleModel_WriteTo() {
	network, err := octet.Load("../../examples/models/shapes.onnx", nil)
	if err != nil {
		log.Fatal(err)
	}
	defer network.Close()
	var file bytes.Buffer
	if _, err := network.WriteTo(&file); err != nil {
		log.Fatal(err)
	}
	again, err := octet.LoadReader(&file, "the same network", nil)
	if err != nil {
		log.Fatal(err)
	}
	defer again.Close()
	fmt.Println(again.Info().SourceFormat, again.Info().MACs == network.Info().MACs)
	// Output: octet true
}
