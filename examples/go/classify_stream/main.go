// Classifies a stream of frames, as of a camera, with several sessions at once: one model, a session for each
// goroutine.
//
//	classify_stream [model] [sessions] [frames]
//
// The camera pans over pictures that hang side by side: each frame is a part of one wide picture, shifted by a few
// pixels against the one before, and goes into the network from where it lies, without a copy.
package main

import (
	"context"
	"errors"
	"fmt"
	"log"
	"os"
	"path/filepath"
	"sort"
	"strconv"
	"sync"
	"time"

	"octet"
)

const (
	models   = "../models/"
	side     = 64 // pixels of a frame and of a picture
	pictures = 48
	step     = 4 // pixels from a frame to the next
)

func main() {
	log.SetFlags(0)
	path, sessions, frames := models+"shapes.onnx", 2, 2000
	if len(os.Args) > 1 {
		path = os.Args[1]
	}
	for i, set := range []*int{&sessions, &frames} {
		if len(os.Args) > i+2 {
			number, err := strconv.Atoi(os.Args[i+2])
			if err != nil || number < 1 {
				log.Fatal("usage: classify_stream [model] [sessions] [frames]")
			}
			*set = number
		}
	}
	if err := run(path, sessions, frames); err != nil {
		log.Fatal(err)
	}
}

func run(path string, sessions, frames int) error {
	model, err := octet.Load(path, nil)
	if err != nil {
		return err
	}
	defer model.Close()
	// An int8 model knows how pictures are prepared; for the float one it stands in the configuration.
	recipe, err := model.Recipe()
	if errors.Is(err, octet.ErrData) {
		recipe, err = octet.RecipeFromConfig(models + "quantize.json")
	}
	if err != nil {
		return err
	}
	wall, err := hangPictures()
	if err != nil {
		return err
	}

	begin := time.Now()
	stream := make(chan octet.Pixels, sessions)
	classes := make(chan int, sessions)
	failures := make(chan error, sessions)
	ctx, stop := context.WithCancel(context.Background()) // the first failure stops the camera
	defer stop()
	go camera(ctx, wall, frames, stream)
	var working sync.WaitGroup
	for i := 0; i < sessions; i++ {
		working.Add(1)
		go func() {
			defer working.Done()
			if err := classify(model, recipe, stream, classes); err != nil {
				failures <- err
				stop()
			}
		}()
	}
	go func() {
		working.Wait()
		close(classes)
	}()
	seen := map[int]int{}
	for class := range classes {
		seen[class]++
	}
	select {
	case err := <-failures:
		return err
	default:
	}
	fmt.Printf("%d frames, %d sessions: %.0f frames per second\n", frames, sessions,
		float64(frames)/time.Since(begin).Seconds())
	printMostFrequent(seen, 3)
	return nil
}

// camera gives frames, each a view of the wall.
func camera(ctx context.Context, wall octet.Pixels, frames int, stream chan<- octet.Pixels) {
	defer close(stream)
	for i := 0; i < frames; i++ {
		left := i * step % (wall.Width - side + 1)
		frame := wall
		frame.Width, frame.Data = side, wall.Data[3*left:]
		select {
		case stream <- frame:
		case <-ctx.Done():
			return
		}
	}
}

// classify takes frames as long as there are any, in a session of its own.
func classify(model *octet.Model, recipe *octet.Recipe, stream <-chan octet.Pixels, classes chan<- int) error {
	session, err := model.NewSession(nil)
	if err != nil {
		return err
	}
	defer session.Close()
	scores := make([]float32, model.Outputs()[0].ElementCount)
	for frame := range stream {
		if err := session.RunPixels(context.Background(), &frame, recipe, [][]float32{scores}); err != nil {
			return err
		}
		best := 0
		for i, score := range scores {
			if score > scores[best] {
				best = i
			}
		}
		classes <- best
	}
	return nil
}

// hangPictures puts the first test pictures side by side.
func hangPictures() (octet.Pixels, error) {
	wall := octet.Pixels{Format: octet.RGB, Width: pictures * side, Height: side, RowStride: 3 * pictures * side}
	wall.Data = make([]byte, wall.RowStride*side)
	files, err := filepath.Glob(models + "test/*.*g") // .png and .jpg, in the order of their names
	if err != nil {
		return wall, err
	}
	if len(files) < pictures {
		return wall, fmt.Errorf("%d pictures in %stest; %d are needed", len(files), models, pictures)
	}
	for i, file := range files[:pictures] {
		picture, err := octet.LoadPixels(file, octet.RGB)
		if err != nil {
			return wall, err
		}
		if picture.Width != side || picture.Height != side {
			return wall, fmt.Errorf("%s: not %d x %d pixels", file, side, side)
		}
		row := len(picture.Data) / side
		for y := 0; y < side; y++ {
			copy(wall.Data[y*wall.RowStride+3*i*side:], picture.Data[y*row:y*row+3*side])
		}
	}
	return wall, nil
}

func printMostFrequent(seen map[int]int, count int) {
	var classes []int
	for class := range seen {
		classes = append(classes, class)
	}
	sort.Slice(classes, func(i, k int) bool {
		a, b := classes[i], classes[k]
		return seen[a] > seen[b] || seen[a] == seen[b] && a < b
	})
	for i := 0; i < count && i < len(classes); i++ {
		fmt.Printf("class %d: %d frames\n", classes[i], seen[classes[i]])
	}
}
