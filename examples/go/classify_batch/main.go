// Several pictures in one run: a session whose input has another size than the model's, here of as many samples as there
// are pictures. Larger or smaller images are asked for in the same way, where a network does not fix their size.
//
//	classify_batch [model] [picture...]
//
// For classifiers of one picture. Prints the class of each with its probability.
package main

import (
	"errors"
	"fmt"
	"log"
	"os"
	"path/filepath"

	"octet"
)

func main() {
	log.SetFlags(0)
	path := "../models/shapes.onnx"
	pictures := []string{"../models/test/0001.png", "../models/test/0002.png", "../models/test/0005.png"}
	if len(os.Args) > 1 {
		path = os.Args[1]
	}
	if len(os.Args) > 2 {
		pictures = os.Args[2:]
	}
	if err := run(path, pictures); err != nil {
		log.Fatal(err)
	}
}

func run(path string, pictures []string) error {
	model, err := octet.Load(path, nil)
	if err != nil {
		return err
	}
	defer model.Close()
	recipe, err := recipeOf(model, path)
	if err != nil {
		return err
	}
	// -1: the model's own size.
	batch := []int64{int64(len(pictures)), -1, -1, -1}
	session, err := model.NewSession(&octet.SessionOptions{InputShapes: [][]int64{batch}})
	if err != nil {
		return err
	}
	defer session.Close()
	one := int(model.Inputs()[0].ElementCount) // 1 x 3 x 64 x 64
	input := make([]float32, session.Inputs()[0].ElementCount)
	output := make([]float32, session.Outputs()[0].ElementCount)
	for i, picture := range pictures {
		pixels, err := octet.LoadPixels(picture, octet.RGB)
		if err != nil {
			return err
		}
		if err := pixels.ToInput(model, 0, recipe, input[i*one:(i+1)*one]); err != nil {
			return err
		}
	}
	if err := session.Run([][]float32{input}, [][]float32{output}); err != nil {
		return err
	}
	classes := len(output) / len(pictures)
	for i, picture := range pictures {
		values, best := output[i*classes:(i+1)*classes], 0
		for k, value := range values {
			if value > values[best] {
				best = k
			}
		}
		fmt.Printf("%s: class %d, probability %.3f\n", picture, best, values[best])
	}
	return nil
}

// recipeOf says how pictures are prepared. An int8 model knows it; for a float one it stands in quantize.json beside
// the file.
func recipeOf(model *octet.Model, path string) (*octet.Recipe, error) {
	recipe, err := model.Recipe()
	if errors.Is(err, octet.ErrData) {
		return octet.RecipeFromConfig(filepath.Join(filepath.Dir(path), "quantize.json"))
	}
	return recipe, err
}
