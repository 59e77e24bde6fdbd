// Calibration without files: the program has tensors, and gives them to the library one at a time.
//
//	calibrate_from_memory [folder]
//
// The folder holds shapes.onnx, quantize.json and the folders calibration and test with pictures. Here the tensors
// come from pictures that are decoded once; in a program of yours they may come from anywhere.
package main

import (
	"context"
	"fmt"
	"log"
	"os"
	"path/filepath"

	"octet"
)

// memory holds the samples, each a tensor of the network's only input. It is an octet.Samples.
type memory [][]float32

func (m memory) Count() int { return len(m) }

// Load is called by the library, on this goroutine, as often as it wants to see a sample: the same values each time.
func (m memory) Load(index int, inputs [][]float32) error {
	if len(inputs) != 1 || len(inputs[0]) != len(m[index]) {
		return fmt.Errorf("the network has other inputs than the samples")
	}
	copy(inputs[0], m[index])
	return nil
}

func main() {
	log.SetFlags(0)
	folder := "../models"
	if len(os.Args) > 1 {
		folder = os.Args[1]
	}
	if err := run(context.Background(), folder); err != nil {
		log.Fatal(err)
	}
}

func run(ctx context.Context, folder string) error {
	network, err := octet.Load(filepath.Join(folder, "shapes.onnx"), nil)
	if err != nil {
		return err
	}
	defer network.Close()
	recipe, err := octet.RecipeFromConfig(filepath.Join(folder, "quantize.json"))
	if err != nil {
		return err
	}
	calibration, err := readPictures(filepath.Join(folder, "calibration"), 64, network, recipe)
	if err != nil {
		return err
	}
	test, err := readPictures(filepath.Join(folder, "test"), 200, network, recipe)
	if err != nil {
		return err
	}

	model, report, err := octet.Quantize(ctx, network, &octet.QuantizeOptions{Samples: calibration})
	if err != nil {
		return err
	}
	defer model.Close()
	report.Close()

	// The same kind of source serves to compare the two networks, over other pictures.
	compared, err := octet.Compare(ctx, network, model, &octet.CompareOptions{Samples: test})
	if err != nil {
		return err
	}
	defer compared.Close()
	info, err := compared.Info()
	if err != nil {
		return err
	}
	outputs, err := compared.Outputs()
	if err != nil {
		return err
	}
	fmt.Printf("calibrated with %d tensors from memory\n", calibration.Count())
	fmt.Printf("float and int8 agree on %.1f %% of %d test pictures; least cosine of the outputs %.4f\n",
		100*info.Agreement, info.MeasuredSamples, outputs[0].Cosine)
	return nil
}

// readPictures makes input tensors of the pictures of a folder, most of them at most.
func readPictures(folder string, most int, network *octet.Model, recipe *octet.Recipe) (memory, error) {
	files, err := filepath.Glob(filepath.Join(folder, "*.*g")) // .png and .jpg
	if err != nil {
		return nil, err
	}
	if len(files) == 0 {
		return nil, fmt.Errorf("no pictures in %s", folder)
	}
	if len(files) > most {
		files = files[:most]
	}
	var samples memory
	for _, file := range files {
		pixels, err := octet.LoadPixels(file, recipe.Format)
		if err != nil {
			return nil, err
		}
		tensor := make([]float32, network.Inputs()[0].ElementCount)
		if err := pixels.ToInput(network, 0, recipe, tensor); err != nil {
			return nil, err
		}
		samples = append(samples, tensor)
	}
	return samples, nil
}
